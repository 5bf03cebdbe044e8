package runner_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/runner"
)

// TestMergedWhileItWasPlannedAgain: what a report showed at the merge is what the merge was reviewed by, and what the statuses on
// the head say in the end. Nobody could see what came later, and nothing turns green by a close.
func TestMergedWhileItWasPlannedAgain(t *testing.T) {
	t.Parallel()
	const unplanned, unjudged = "failure merged before it was planned", "failure merged before it was judged"
	for name, c := range map[string]struct {
		verdict policy.Status
		state   runner.PullState
		after   time.Duration // from when the report was shown to the merge
		fresh   bool          // one more workspace was never planned
		want    map[string]string
	}{
		"reviewed": {policy.Pass, runner.Merged, time.Minute, false, map[string]string{
			"plan": "success 1 of 1 would change: 2 resources are created", "plan: 0": "success +2 create", "policy": "success no policies", "check": "success 1 workspace would change: 2 resources are created",
		}},
		"denied": {policy.Deny, runner.Merged, time.Minute, false, map[string]string{
			"plan": "success 1 of 1 would change: 2 resources are created", "plan: 0": "failure policy denies: +2 create", "policy": "failure denies 1 of 1", "check": "failure 1 workspace would change: 2 resources are created · policy denies 1",
		}},
		"not seen yet": {policy.Pass, runner.Merged, -time.Minute, false, map[string]string{
			"plan": unplanned, "plan: 0": unplanned, "policy": unjudged, "check": "failure Merged before it was planned",
		}},
		"planned in part": {policy.Pass, runner.Merged, time.Minute, true, map[string]string{
			"plan": unplanned, "plan: 0": "success +2 create", "check": "failure Merged before it was planned", // of the others nothing was said
		}},
		"closed": {policy.Pass, runner.Closed, time.Minute, false, map[string]string{
			"plan": "failure closed before it was planned", "plan: 0": "failure closed before it was planned",
			"policy": "failure closed before it was judged", "apply": "failure closed before it was applied", "check": "failure Closed before it was planned",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEstate(t)
			touches := 1
			if c.fresh {
				touches = 2
			}
			pull, runs := e.pull(touches, 0)
			shown := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
			e.update(func(tx runner.Tx) error { return e.judged(tx, runs[0], c.verdict) })
			e.must(e.r.Report(t.Context(), pull.ID))
			e.update(func(tx runner.Tx) error { // the forge shows it
				rep, err := tx.Report(pull.ID)
				rep.At = shown
				e.must(err)
				return tx.PutReport(rep)
			})
			e.update(func(tx runner.Tx) error { return e.again(tx, runs[0].ID) })
			e.must(e.r.Report(t.Context(), pull.ID))
			for context, said := range e.statuses(pull.Head) {
				if !strings.HasPrefix(said, "pending ") {
					t.Errorf("while it is planned again %s is %s", context, said)
				}
			}
			e.update(func(tx runner.Tx) error {
				check := fmt.Sprintf(`{"Commit":%q,"Check":{"Name":"driftless","State":"pending"}}`, pull.Head)
				return tx.PutPost(&runner.Post{Repository: "infra", Kind: runner.PostCheck, Key: pull.Head + " driftless", Want: []byte(check), Version: 1})
			})
			e.update(func(tx runner.Tx) error {
				pull.State = c.state
				if c.state == runner.Merged {
					pull.MergedCommit, pull.MergedAt = "merge", shown.Add(c.after)
				}
				return tx.PutPull(&pull)
			})
			for range 2 { // what was said stays
				e.must(e.r.Report(t.Context(), pull.ID))
				got := e.statuses(pull.Head)
				if c.state == runner.Merged {
					delete(got, "apply") // what becomes of it
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// judged ends the plan of a run with a verdict.
func (e *estate) judged(tx runner.Tx, run runner.Run, verdict policy.Status) error {
	if err := e.plan(tx, run); err != nil {
		return err
	}
	run, err := tx.Run(run.ID)
	run.Verdict = &policy.Verdict{Status: verdict}
	if err == nil {
		err = tx.UpdateRun(run, runner.Ready)
	}
	return err
}

// again has a plan take the place of another one whose inputs were different.
func (e *estate) again(tx runner.Tx, id int64) error {
	old, err := tx.Run(id)
	if err != nil {
		return err
	}
	old.Status = runner.Superseded
	next := runner.Run{
		Repository: old.Repository, Workspace: old.Workspace, Purpose: runner.PurposePlan, Status: runner.Queued, PullID: old.PullID,
		Commit: old.Commit, InputDigest: "newer", CreatedAt: time.Now(),
	}
	if err := tx.UpdateRun(old, runner.Ready); err != nil {
		return err
	}
	return tx.InsertRun(&next)
}

// statuses are what the forge is to show on a commit, by context without our name and the workspace's place.
func (e *estate) statuses(commit string) map[string]string {
	e.b.Helper()
	all := map[string]string{}
	e.must(e.db.View(e.b.Context(), func(tx runner.Tx) error {
		posts, err := tx.Posts(runner.PostFilter{Repository: "infra", Kind: runner.PostStatus, KeyPrefix: commit + " "})
		check, failed := tx.Post("infra", runner.PostCheck, commit+" driftless")
		if failed == nil {
			posts = append(posts, check)
		}
		for _, post := range posts {
			var wish struct {
				Status struct{ Context, State, Description string }
				Check  struct{ State, Title string }
			}
			e.must(json.Unmarshal(post.Want, &wish))
			if wish.Check.State != "" {
				all["check"] = wish.Check.State + " " + wish.Check.Title
				continue
			}
			context := strings.TrimPrefix(wish.Status.Context, "driftless/")
			if at := strings.LastIndex(context, "-000"); at >= 0 {
				context = "plan: " + context[at+len("-000"):]
			}
			all[context] = wish.Status.State + " " + wish.Status.Description
		}
		return err
	}))
	return all
}
