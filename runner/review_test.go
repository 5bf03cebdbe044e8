package runner

import (
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/workspaces"
)

func planOf(changes ...string) *planner.Plan {
	p := &planner.Plan{}
	for _, c := range changes {
		address, digest, _ := strings.Cut(c, "=")
		p.Changes = append(p.Changes, planner.Change{Kind: "resource", Address: address, Action: planner.Update, Digest: digest})
		p.Summary.Update++
	}
	return p
}

func TestJudgeApply(t *testing.T) {
	t.Parallel()
	pass := policy.Verdict{Status: policy.Pass}
	cover := func(plans ...*planner.Plan) *coverage {
		c := &coverage{}
		for i, p := range plans {
			c.add(p, i+1, 0)
		}
		return c
	}
	rebased := &coverage{}
	rebased.add(planOf("a=1"), 1, 0)
	rebased.add(planOf("b=2"), 2, 1) // planned with the first one merged: it had taken that back
	approved := cover(planOf("a=1"))
	approved.approved = map[string]string{changeKey(planOf("b=2").Changes[0]): "2"}
	for name, c := range map[string]struct {
		facts  facts
		status Status
		beyond int
	}{
		"exactly what was reviewed":      {facts{plan: planOf("a=1", "b=2"), verdict: pass, cover: cover(planOf("a=1", "b=2"))}, Ready, 0},
		"fewer than was reviewed":        {facts{plan: planOf("a=1"), verdict: pass, cover: cover(planOf("a=1", "b=2"))}, Ready, 0},
		"more than was reviewed":         {facts{plan: planOf("a=1", "c=3"), verdict: pass, cover: cover(planOf("a=1"))}, Held, 1},
		"another change of the same":     {facts{plan: planOf("a=9"), verdict: pass, cover: cover(planOf("a=1"))}, Held, 1},
		"two pull requests":              {facts{plan: planOf("a=1", "b=2"), verdict: pass, cover: cover(planOf("a=1"), planOf("b=2"))}, Ready, 0},
		"the later pull request wins":    {facts{plan: planOf("a=1"), verdict: pass, cover: cover(planOf("a=1"), planOf("a=2"))}, Held, 1},
		"taken back by a later one":      {facts{plan: planOf("a=1", "b=2"), verdict: pass, cover: rebased}, Held, 1},
		"reviewed in part, approved":     {facts{plan: planOf("a=1", "b=2"), verdict: pass, cover: approved, approved: true}, Ready, 0},
		"nobody reviewed it":             {facts{plan: planOf("a=1"), verdict: pass, cover: cover()}, Held, 1},
		"first sight":                    {facts{plan: planOf("a=1"), verdict: pass, cover: cover(), first: true}, Held, 1},
		"first sight without changes":    {facts{plan: planOf(), verdict: pass, cover: cover(), first: true}, Unchanged, 0},
		"denied though reviewed":         {facts{plan: planOf("a=1"), verdict: policy.Verdict{Status: policy.Deny}, cover: cover(planOf("a=1"))}, Blocked, 0},
		"unjudged though reviewed":       {facts{plan: planOf("a=1"), verdict: policy.Verdict{Status: policy.Error}, cover: cover(planOf("a=1"))}, Blocked, 0},
		"a warning lets it pass":         {facts{plan: planOf("a=1"), verdict: policy.Verdict{Status: policy.Warn}, cover: cover(planOf("a=1"))}, Ready, 0},
		"no verdict is no pass":          {facts{plan: planOf("a=1"), cover: cover(planOf("a=1"))}, Blocked, 0},
		"another state than before":      {facts{plan: planOf("a=1"), verdict: pass, cover: cover(planOf("a=1")), broken: "it is empty"}, Held, 1},
		"another state, and approved":    {facts{plan: planOf("a=1"), verdict: pass, cover: cover(planOf("a=1")), broken: "it is empty", approved: true, named: []string{StateMark + "it is empty"}}, Ready, 0},
		"yet another than was approved":  {facts{plan: planOf("a=1"), verdict: pass, cover: cover(planOf("a=1")), broken: "it is empty", approved: true, named: []string{StateMark + "it was rolled back"}}, Held, 1},
		"another state, approved before": {facts{plan: planOf("a=1"), verdict: pass, cover: cover(planOf("a=1")), broken: "it is empty", approved: true}, Held, 1},
		"a state waits":                  {facts{plan: planOf("a=1"), verdict: pass, cover: cover(planOf("a=1")), waits: "w", broken: "w", approved: true, named: []string{StateMark + "w"}}, Held, 1},
		"a state waits for no change":    {facts{plan: planOf(), verdict: pass, cover: cover(), waits: "w", broken: "w"}, Unchanged, 0},
		"weakened policy":                {facts{plan: planOf("a=1"), verdict: pass, before: &policy.Verdict{Status: policy.Deny}, cover: cover(planOf("a=1"))}, Blocked, 1},
		"weakened policy, approved":      {facts{plan: planOf("a=1"), verdict: pass, before: &policy.Verdict{Status: policy.Deny}, cover: cover(planOf("a=1")), named: []string{policyMark + "no"}}, Ready, 0},
		"approved, denied by now":        {facts{plan: planOf("a=1"), verdict: policy.Verdict{Status: policy.Deny}, before: &policy.Verdict{Status: policy.Deny}, cover: cover(planOf("a=1")), named: []string{policyMark + "no"}}, Blocked, 0},
		"manual":                         {facts{plan: planOf("a=1"), verdict: pass, cover: cover(planOf("a=1")), mode: workspaces.Manual}, Held, 0},
		"manual and approved":            {facts{plan: planOf("a=1"), verdict: pass, cover: cover(planOf("a=1")), mode: workspaces.Manual, approved: true}, Ready, 0},
		"approved, but it changed since": {facts{plan: planOf("a=2"), verdict: pass, cover: cover(planOf("a=1")), approved: true}, Held, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, reason, beyond := judgeApply(c.facts)
			if status != c.status || len(beyond) != c.beyond {
				t.Errorf("%s (%s), beyond %v; want %s, %d", status, reason, beyond, c.status, c.beyond)
			}
		})
	}
}

func TestFirstSightIsWhatNobodyReviewed(t *testing.T) {
	t.Parallel()
	reviewed := &coverage{}
	reviewed.add(planOf("a=1"), 1, 0)
	for cover, want := range map[*coverage]string{{}: "for the first time", reviewed: "beyond what was reviewed"} {
		_, reason, _ := judgeApply(facts{plan: planOf("a=2"), verdict: policy.Verdict{Status: policy.Pass}, cover: cover, first: true})
		if !strings.Contains(reason, want) {
			t.Errorf("held because %s; want %s", reason, want)
		}
	}
}

// TestMergedBy: the date in a commit is whatever its author wrote there, so the forge's word comes first.
func TestMergedBy(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	later := begin.Add(time.Hour)
	for name, c := range map[string]struct {
		pull Pull
		want time.Time
	}{
		"the forge says it":            {Pull{MergedAt: begin, MergedCommit: "m", Head: "h"}, begin},
		"the forge, of a fast-forward": {Pull{MergedAt: begin, MergedCommit: "h", Head: "h"}, begin},
		"Git alone":                    {Pull{MergedCommit: "m", Head: "h"}, later.Add(clockSkew)},
	} {
		if got := mergedBy(c.pull, later); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
