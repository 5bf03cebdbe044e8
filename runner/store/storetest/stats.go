package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// stats counts what is there, by what it has in common, and since when.
func stats(t *testing.T, s runner.Store) {
	get := func() runner.Stats {
		return read(t, s, func(tx runner.Tx) (runner.Stats, error) { return tx.Stats() })
	}
	if s := get(); len(s.Workspaces)+len(s.Runs)+len(s.Posts)+len(s.PostsFailed) != 0 || s.StateLocks != (runner.Tally{}) {
		t.Fatalf("of nothing: %+v", s)
	}
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Second).UTC() }
	update(t, s, func(tx runner.Tx) error {
		var problems []error
		for _, w := range []runner.Workspace{
			{ID: "a//1", Repository: "a", Sync: runner.Synced, Health: runner.Healthy},
			{ID: "a//2", Repository: "a", Sync: runner.Drifted, DriftSince: at(2), Health: runner.Degraded},
			{ID: "a//3", Repository: "a", Sync: runner.Drifted, DriftSince: at(1), Health: runner.Healthy},
			{ID: "b//1", Repository: "b", Sync: runner.Pending, Health: runner.HealthUnknown},
		} {
			problems = append(problems, tx.PutWorkspace(w))
		}
		for n, r := range []runner.Run{
			{Purpose: runner.PurposeApply, Status: runner.Queued}, {Purpose: runner.PurposeApply, Status: runner.Queued},
			{Purpose: runner.PurposePlan, Status: runner.Planning}, {Purpose: runner.PurposePlan, Status: runner.Blocked},
			{Purpose: runner.PurposePlan, Status: runner.Ready}, {Purpose: runner.PurposeApply, Status: runner.Applied},
			{Purpose: runner.PurposeDrift, Status: runner.Held}, {Purpose: runner.PurposeApply, Status: runner.Interrupted},
		} {
			r.Workspace, r.CreatedAt = "a//1", at(n)
			problems = append(problems, tx.InsertRun(&r))
		}
		for n, p := range []runner.Post{
			{Repository: "a", Version: 2, Shown: 1, Error: "refused", UpdatedAt: at(9)},
			{Repository: "a", Version: 2, Shown: 0, UpdatedAt: at(7)},
			{Repository: "b", Version: 2, Shown: 2, Error: "of before", UpdatedAt: at(1)},
		} {
			p.Kind, p.Key = runner.PostStatus, string(rune('a'+n))
			problems = append(problems, tx.PutPost(&p))
		}
		problems = append(problems, tx.LockState(runner.StateLock{Workspace: "a//1", ID: "x", CreatedAt: at(5)}),
			tx.LockState(runner.StateLock{Workspace: "a//2", ID: "y", CreatedAt: at(4)}))
		return errors.Join(problems...)
	})
	same(t, "stats", get(), runner.Stats{
		Workspaces: []runner.Tally{
			{Repository: "a", Sync: runner.Drifted, Number: 2, Since: at(1)},
			{Repository: "a", Sync: runner.Synced, Number: 1},
			{Repository: "b", Sync: runner.Pending, Number: 1},
		},
		Health: []runner.Tally{
			{Repository: "a", Health: runner.Degraded, Number: 1},
			{Repository: "a", Health: runner.Healthy, Number: 2},
			{Repository: "b", Health: runner.HealthUnknown, Number: 1},
		},
		Runs: []runner.Tally{
			{Purpose: runner.PurposeApply, Status: runner.Interrupted, Number: 1, Since: at(7)},
			{Purpose: runner.PurposeApply, Status: runner.Queued, Number: 2, Since: at(0)},
			{Purpose: runner.PurposeDrift, Status: runner.Held, Number: 1, Since: at(6)},
			{Purpose: runner.PurposePlan, Status: runner.Planning, Number: 1, Since: at(2)},
		},
		Posts:       []runner.Tally{{Repository: "a", Number: 2, Since: at(7)}},
		PostsFailed: []runner.Tally{{Repository: "a", Number: 1, Since: at(9)}},
		StateLocks:  runner.Tally{Number: 2, Since: at(4)},
	})
}
