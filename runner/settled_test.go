package runner_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// TestAMergeThatIsSettledIsNotReportedAnew: dozens of merged pull requests touched a workspace before. Of these only one whose apply
// has not ended well yet may tell something else when a later one is applied.
func TestAMergeThatIsSettledIsNotReportedAnew(t *testing.T) {
	t.Parallel()
	e := estateOf(t, workspaces.Repository{Name: "infra", Forge: "hub"})
	merged := func(end runner.Status) (pull runner.Pull, apply runner.Run) {
		t.Helper()
		var runs []runner.Run
		pull, runs = e.pull(1, 0)
		e.update(func(tx runner.Tx) error {
			pull.Affected, pull.State, pull.MergedCommit, pull.MergedAt = []workspaces.ID{"infra//app"}, runner.Merged, "m"+pull.Key, time.Now()
			plan := runs[0]
			plan.Workspace = "infra//app"
			apply = runner.Run{Repository: "infra", Workspace: "infra//app", Purpose: runner.PurposeApply, Status: end, Commit: pull.MergedCommit, Reviewers: []string{pull.Key}, CreatedAt: time.Now()}
			for _, step := range []error{tx.PutPull(&pull), tx.InsertRun(&apply)} {
				if step != nil {
					return step
				}
			}
			return nil
		})
		return pull, apply
	}
	e.update(func(tx runner.Tx) error {
		return tx.PutWorkspace(runner.Workspace{ID: "infra//app", Repository: "infra", Sync: runner.Synced})
	})
	first, its := merged(runner.Applied)
	second, _ := merged(runner.Failed)
	third, last := merged(runner.Applied)
	again := first // on a plain Git server a branch is merged a second time
	e.update(func(tx runner.Tx) error {
		again.ID, again.MergedCommit, again.CreatedAt = 0, "m-again", time.Now()
		failed := runner.Run{Repository: "infra", Workspace: "infra//app", Purpose: runner.PurposeApply, Status: runner.Failed, Commit: again.MergedCommit, Reviewers: []string{again.Key}, CreatedAt: time.Now()}
		return errors.Join(tx.PutPull(&again), tx.InsertRun(&failed))
	})
	for name, c := range map[string]struct {
		run  runner.Run
		want []int64
	}{"a later apply": {last, []int64{second.ID, third.ID, again.ID}}, "its own": {its, []int64{first.ID, second.ID, again.ID}}} {
		got, err := e.r.Showing(t.Context(), c.run)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v: %v", name, got, c.want, err)
		}
	}
}
