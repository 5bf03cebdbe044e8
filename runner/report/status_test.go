package report

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/policy"
)

var (
	ownContext     = regexp.MustCompile("^driftless/(policy|apply|plan(: [!-~]+)?)$")
	ownDescription = regexp.MustCompile("^[a-zA-Z0-9,:()/+~_.@` -]+$")
)

// checkStatuses checks what holds for all statuses.
func checkStatuses(t *testing.T, doc Document, most int) []Status {
	t.Helper()
	all := Statuses(doc, most)
	seen := map[string]string{}
	for _, s := range all {
		context := strings.ToLower(s.Context)
		if !ownContext.MatchString(s.Context) || len(s.Context) > 100 || !ownDescription.MatchString(s.Description) || len(s.Description) > 140 {
			t.Errorf("status %+v", s)
		}
		if _, ok := seen[context]; ok && distinct(doc) {
			t.Errorf("two statuses %q", s.Context)
		}
		seen[context] = s.Description
	}
	return all
}

// distinct reports whether no workspace is there twice.
func distinct(doc Document) bool {
	names := map[string]bool{}
	for _, r := range doc.Rows {
		names[shortName(&doc, r.Workspace)] = true
	}
	return len(names) == len(doc.Rows)
}

// TestGoldenStatuses has the statuses of every document.
func TestGoldenStatuses(t *testing.T) {
	t.Parallel()
	for name, doc := range documents() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, s := range checkStatuses(t, doc, 10) {
				fmt.Fprintf(&b, "%-8s %s: %s\n", s.State, s.Context, s.Description)
			}
			golden(t, "statuses/"+name+".txt", b.String())
		})
	}
}

func TestNothingThatEndsEarlyIsASuccess(t *testing.T) {
	t.Parallel()
	for context, want := range map[string]string{
		PlanContext: "closed before it was planned", PolicyContext: "closed before it was judged", ApplyContext: "closed before it was applied",
		PlanContext + ": app": "closed before it was planned",
	} {
		if s := Ended(context, false); s.Context != context || s.State != Failure || s.Description != want {
			t.Errorf("%+v", s)
		}
	}
	if s := Ended(PlanContext, true); s.State != Failure || s.Description != "merged before it was planned" {
		t.Errorf("%+v", s)
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	broken := unchanged("broken", 4)
	broken.Verdict = &policy.Verdict{Status: policy.Error}
	denied := with(ready("denied", 5, created), func(r *Row) { r.Status, r.Verdict = "blocked", denies() })
	failed := Row{Workspace: "infra//failed", Status: "failed"}
	planned := Row{Workspace: "infra//planned", Status: "planned", Plan: planOf(created)}
	none := with(unchanged("none", 6), func(r *Row) { r.Verdict = &policy.Verdict{Status: policy.Pass} })
	merged := func(rows ...Row) Document {
		return with(pullRequest(rows...), func(d *Document) { d.Merged = true })
	}
	as := func(status string, r Row) Row { r.Status = status; return r }
	for name, test := range map[string]struct {
		doc                 Document
		plan, policy, apply State
	}{
		"nothing":              {pullRequest(), Success, Success, Success},
		"removed only":         {with(pullRequest(), func(d *Document) { d.Orphans = []string{"x"} }), Success, Success, Success},
		"another base":         {with(pullRequest(), func(d *Document) { d.Aside, d.Left = "x", LeftBase }), Success, Success, Success},
		"mends the branch":     {with(pullRequest(), func(d *Document) { d.Aside, d.Left = "x", LeftMends }), Success, Success, Success},
		"fork":                 {with(pullRequest(), func(d *Document) { d.Aside, d.Left = "x", LeftFork }), Pending, Pending, Pending},
		"draft":                {with(pullRequest(), func(d *Document) { d.Aside, d.Left = "x", LeftDraft }), Pending, Pending, Pending},
		"left alone":           {with(pullRequest(), func(d *Document) { d.Aside = "x" }), Pending, Pending, Pending},
		"broken configuration": {with(pullRequest(), func(d *Document) { d.Error = "x" }), Errored, Failure, Failure},
		"partly broken":        {with(pullRequest(ready("a", 1, created)), func(d *Document) { d.Error = "x" }), Errored, Failure, Failure},
		"conflict":             {with(pullRequest(), func(d *Document) { d.Conflicts = []string{"x"} }), Failure, Failure, Failure},
		"under way":            {pullRequest(ready("a", 1, created), Row{Status: "queued"}), Pending, Pending, Pending},
		"denied so far":        {pullRequest(denied, Row{Status: "queued"}), Pending, Pending, Pending},
		"not judged yet":       {pullRequest(planned), Success, Pending, Success},
		"failed":               {pullRequest(failed, ready("a", 1, created)), Failure, Failure, Failure},
		"canceled":             {pullRequest(as("canceled", failed)), Failure, Failure, Failure},
		"denied":               {pullRequest(denied, broken), Success, Failure, Failure},
		"not judged":           {pullRequest(broken, none), Success, Errored, Failure},
		"denied and failed":    {pullRequest(denied, failed), Failure, Failure, Failure},
		"no policies":          {pullRequest(none), Success, Success, Success},
		"ready":                {pullRequest(ready("a", 1, created), none), Success, Success, Success},
		"before the merge":     {pullRequest(before("a", 1, created), ready("b", 2, created)), Success, Success, Pending},
		"before, unchanged":    {pullRequest(before("a", 1)), Success, Success, Success},
		"before, denied":       {pullRequest(with(before("a", 1, created), func(r *Row) { r.Verdict = denies() })), Success, Failure, Failure},
		"before, applying":     {pullRequest(as("applying", before("a", 1, created))), Success, Success, Pending},
		"before, applied":      {pullRequest(with(before("a", 1, created), func(r *Row) { r.Applied = true })), Success, Success, Success},
		"before, held":         {pullRequest(as("held", before("a", 1, created))), Success, Success, Pending},
		"before, failed":       {pullRequest(as("failed", before("a", 1, created))), Success, Success, Failure},
		"before, interrupted":  {pullRequest(as("interrupted", before("a", 1, created))), Success, Success, Failure},
		"merged, nothing":      {merged(), "", "", Success},
		"merged, waiting":      {merged(ready("a", 1, created)), "", "", Pending},
		"merged, queued":       {merged(Row{Status: "queued"}), "", "", Pending},
		"merged, applying":     {merged(as("applying", ready("a", 1, created))), "", "", Pending},
		"merged, held":         {merged(as("held", ready("a", 1, created)), as("applied", ready("b", 2, created))), "", "", Pending},
		"merged, denied":       {merged(denied), "", "", Pending},
		"merged, canceled":     {merged(as("canceled", ready("a", 1, created))), "", "", Pending},
		"merged, failed":       {merged(failed, Row{Status: "queued"}), "", "", Failure},
		"merged, applied":      {merged(as("applied", ready("a", 1, created)), unchanged("b", 2)), "", "", Success},
		"merged from a fork":   {with(merged(as("held", ready("a", 1, created))), func(d *Document) { d.Aside, d.Left = "x", LeftFork }), "", "", Pending},
		"closed, applied":      {with(pullRequest(with(as("held", ready("a", 1, created)), func(r *Row) { r.Applied = true })), func(d *Document) { d.Closed = true }), "", "", Failure},
		"closed":               {with(pullRequest(failed), func(d *Document) { d.Closed = true }), "", "", ""},
	} {
		got := map[string]State{}
		for _, s := range checkStatuses(t, test.doc, 0) {
			got[s.Context] = s.State
		}
		if got[PlanContext] != test.plan || got[PolicyContext] != test.policy || got[ApplyContext] != test.apply {
			t.Errorf("%s: %v", name, Statuses(test.doc, 0))
		}
	}
}

func TestContextsOfWorkspaces(t *testing.T) {
	t.Parallel()
	names := append([]string{"infra//prod/app", "infra//Prod/app", "infra//prod app", "infra//prod_app", "infra//prod/app@blue", "infra//", "infra//@blue", "other//prod/app",
		strings.Repeat("a", 200), strings.Repeat("a", 201), "infra//größe", "infra//grosse", "infra//😀"}, evil...)
	doc := Document{Repository: "infra"}
	for _, name := range names {
		doc.Rows = append(doc.Rows, Row{Workspace: name, Status: "unchanged"})
	}
	all := checkStatuses(t, doc, len(names))
	if len(all) != 3+len(names) {
		t.Errorf("%d statuses", len(all))
	}
	if got := all[3].Context; got != "driftless/plan: prod/app" {
		t.Errorf("a plain name became %q", got)
	}
	if n := len(Statuses(doc, len(names)-1)); n != 3 {
		t.Errorf("%d statuses of too many workspaces", n)
	}
	doc.Rows = doc.Rows[7:]
	if again := Statuses(doc, 99); again[3].Context != all[10].Context {
		t.Errorf("%q became %q", all[10].Context, again[3].Context)
	}
}
