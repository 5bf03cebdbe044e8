package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

func insert(t *testing.T, s runner.Store, r runner.Run) runner.Run {
	t.Helper()
	update(t, s, func(tx runner.Tx) error { return tx.InsertRun(&r) })
	return r
}

func runs(t *testing.T, s runner.Store) {
	want := insert(t, s, filled[runner.Run]())
	same(t, "run", read(t, s, func(tx runner.Tx) (runner.Run, error) { return tx.Run(want.ID) }), want)
	brief := runner.Run{ID: want.ID, Workspace: want.Workspace, Status: want.Status, PullID: want.PullID, Commit: want.Commit, Reviewers: want.Reviewers, CreatedAt: want.CreatedAt, AppliedAt: want.AppliedAt, FinishedAt: want.FinishedAt}
	same(t, "brief", read(t, s, func(tx runner.Tx) ([]runner.Run, error) {
		return tx.Runs(runner.RunFilter{Workspace: want.Workspace, Statuses: []runner.Status{want.Status, runner.Held}, Brief: true, Limit: 5})
	}), []runner.Run{brief})
	bare := insert(t, s, runner.Run{})
	if bare.ID <= want.ID {
		t.Errorf("ids %d, %d", want.ID, bare.ID)
	}
	got := read(t, s, func(tx runner.Tx) (runner.Run, error) { return tx.Run(bare.ID) })
	same(t, "bare run", got, bare)
	if !got.CreatedAt.IsZero() || got.Verdict != nil {
		t.Errorf("what was zero came back as %v and %v", got.CreatedAt, got.Verdict)
	}
	view(t, s, func(tx runner.Tx) error {
		if _, err := tx.Run(999); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("a missing run: %v", err)
		}
		return nil
	})
	local := insert(t, s, runner.Run{CreatedAt: noon.Add(999 * time.Nanosecond)})
	got = read(t, s, func(tx runner.Tx) (runner.Run, error) { return tx.Run(local.ID) })
	if got.CreatedAt != noon.UTC() {
		t.Errorf("a time came back as %v, want %v", got.CreatedAt, noon.UTC())
	}
}

func runFilters(t *testing.T, s runner.Store) {
	for i, r := range []runner.Run{
		{Repository: "r", Workspace: "r//a", Purpose: runner.PurposePlan, Status: runner.Planning, PullID: 1},
		{Repository: "r", Workspace: "r//a", Purpose: runner.PurposePlan, Status: runner.Ready, PullID: 2},
		{Repository: "r", Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Held},
		{Repository: "r", Workspace: "r//b", Purpose: runner.PurposeDrift, Status: runner.Unchanged},
		{Repository: "q", Workspace: "q//a", Purpose: runner.PurposeApply, Status: runner.Queued},
		{Repository: "q", Workspace: "q//a", Purpose: runner.PurposeDestroy, Status: runner.Applied},
	} {
		r.CreatedAt = noon.Add(time.Duration(i) * time.Hour)
		insert(t, s, r)
	}
	apply, destroy := runner.PurposeApply, runner.PurposeDestroy
	for _, test := range []struct {
		name   string
		filter runner.RunFilter
		want   []int64
	}{
		{"all", runner.RunFilter{}, []int64{6, 5, 4, 3, 2, 1}},
		{"ids", runner.RunFilter{IDs: []int64{2, 99, 5}}, []int64{5, 2}},
		{"limit", runner.RunFilter{Limit: 2}, []int64{6, 5}},
		{"before", runner.RunFilter{Before: 5, Limit: 2}, []int64{4, 3}},
		{"after", runner.RunFilter{After: 4}, []int64{6, 5}},
		{"oldest", runner.RunFilter{Oldest: true, After: 2, Limit: 3}, []int64{3, 4, 5}},
		{"oldest, purposes", runner.RunFilter{Oldest: true, Purposes: []runner.Purpose{apply, destroy}, Limit: 2}, []int64{3, 5}},
		{"oldest, statuses", runner.RunFilter{Oldest: true, Statuses: []runner.Status{runner.Held, runner.Ready, runner.Applied}, After: 2, Limit: 1}, []int64{3}},
		{"before the first", runner.RunFilter{Before: 1}, []int64{}},
		{"repository", runner.RunFilter{Repository: "q"}, []int64{6, 5}},
		{"workspace", runner.RunFilter{Workspace: "r//a", Limit: 1}, []int64{3}},
		{"pull", runner.RunFilter{PullID: 2}, []int64{2}},
		{"tracked", runner.RunFilter{Workspace: "r//a", Tracked: true}, []int64{3}},
		{"purpose", runner.RunFilter{Purposes: []runner.Purpose{apply}}, []int64{5, 3}},
		{"purposes", runner.RunFilter{Purposes: []runner.Purpose{apply, destroy}}, []int64{6, 5, 3}},
		{"purposes, limit", runner.RunFilter{Purposes: []runner.Purpose{apply, destroy}, Limit: 2}, []int64{6, 5}},
		{"purposes, limit, before", runner.RunFilter{Purposes: []runner.Purpose{apply, destroy}, Before: 6, Limit: 2}, []int64{5, 3}},
		{"status", runner.RunFilter{Statuses: []runner.Status{runner.Held}}, []int64{3}},
		{"statuses", runner.RunFilter{Statuses: []runner.Status{runner.Held, runner.Ready, runner.Applied}}, []int64{6, 3, 2}},
		{"statuses, limit", runner.RunFilter{Statuses: []runner.Status{runner.Held, runner.Ready, runner.Applied}, Limit: 2}, []int64{6, 3}},
		{"statuses and purposes", runner.RunFilter{Statuses: []runner.Status{runner.Held, runner.Ready, runner.Applied}, Purposes: []runner.Purpose{apply, runner.PurposePlan}, Limit: 9}, []int64{3, 2}},
		{"a status twice", runner.RunFilter{Statuses: []runner.Status{runner.Held, runner.Held}, Limit: 9}, []int64{3}},
		{"workspace and status", runner.RunFilter{Workspace: "r//a", Statuses: []runner.Status{runner.Planning, runner.Ready}}, []int64{2, 1}},
		{"nothing", runner.RunFilter{Repository: "q", Workspace: "r//a"}, []int64{}},
	} {
		ids := []int64{}
		for _, r := range read(t, s, func(tx runner.Tx) ([]runner.Run, error) { return tx.Runs(test.filter) }) {
			ids = append(ids, r.ID)
		}
		same(t, test.name, ids, test.want)
	}
}

// newestRuns asks for the newest run of each workspace.
func newestRuns(t *testing.T, s runner.Store) {
	for _, r := range []runner.Run{
		{Repository: "r", Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Failed},
		{Repository: "r", Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Held},
		{Repository: "r", Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Superseded},
		{Repository: "r", Workspace: "r//a", Purpose: runner.PurposePlan, Status: runner.Ready, PullID: 1},
		{Repository: "r", Workspace: "r//b", Purpose: runner.PurposeDrift, Status: runner.Unchanged},
		{Repository: "r", Workspace: "r//unseen", Purpose: runner.PurposeApply, Status: runner.Held},
		{Repository: "q", Workspace: "q//a", Purpose: runner.PurposeApply, Status: runner.Queued},
	} {
		insert(t, s, r)
	}
	update(t, s, func(tx runner.Tx) error {
		for _, id := range []workspaces.ID{"r//a", "r//b", "r//idle", "q//a"} {
			if err := tx.PutWorkspace(runner.Workspace{ID: id, Repository: string(id[0])}); err != nil {
				return err
			}
		}
		return nil
	})
	apply, drift := runner.PurposeApply, runner.PurposeDrift
	for _, test := range []struct {
		name   string
		filter runner.RunFilter
		want   []int64
	}{
		{"any", runner.RunFilter{Repository: "r"}, []int64{5, 4}},
		{"tracked", runner.RunFilter{Repository: "r", Tracked: true, Purposes: []runner.Purpose{apply, drift}}, []int64{5, 3}},
		{"statuses", runner.RunFilter{Repository: "r", Tracked: true, Purposes: []runner.Purpose{apply}, Statuses: []runner.Status{runner.Failed, runner.Held}}, []int64{2}},
		{"another", runner.RunFilter{Repository: "q"}, []int64{7}},
		{"none", runner.RunFilter{Repository: "x"}, []int64{}},
	} {
		ids := []int64{}
		for _, r := range read(t, s, func(tx runner.Tx) ([]runner.Run, error) { return tx.NewestRuns(test.filter) }) {
			ids = append(ids, r.ID)
		}
		same(t, test.name, ids, test.want)
	}
}

// queue asks for what waits, and for what is under way.
func queue(t *testing.T, s runner.Store) {
	plan, apply := []runner.Purpose{runner.PurposePlan}, []runner.Purpose{runner.PurposeApply, runner.PurposeDestroy}
	for _, r := range []runner.Run{
		{Repository: "r", Workspace: "r//a", Purpose: runner.PurposePlan, Status: runner.Queued, PullID: 2},
		{Repository: "r", Workspace: "r//b", Purpose: runner.PurposePlan, Status: runner.Queued, PullID: 1},
		{Repository: "r", Workspace: "r//c", Purpose: runner.PurposePlan, Status: runner.Queued, PullID: 2},
		{Repository: "q", Workspace: "q//a", Purpose: runner.PurposeDestroy, Status: runner.Queued},
		{Repository: "r", Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Queued},
		{Repository: "r", Workspace: "r//b", Purpose: runner.PurposeApply, Status: runner.Queued},
		{Repository: "r", Workspace: "r//a", Purpose: runner.PurposePlan, Status: runner.Planning, PullID: 3},
		{Repository: "r", Workspace: "r//b", Purpose: runner.PurposePlan, Status: runner.Ready, PullID: 3},
		{Repository: "r", Workspace: "r//c", Purpose: runner.PurposeApply, Status: runner.Ready},
		{Repository: "r", Workspace: "r//d", Purpose: runner.PurposeDrift, Status: runner.Planned},
		{Repository: "r", Workspace: "r//e", Purpose: runner.PurposeDrift, Status: runner.Unchanged},
	} {
		insert(t, s, r)
	}
	for _, test := range []struct {
		name     string
		purposes []runner.Purpose
		heads    bool
		want     []runner.Waiting
	}{
		{"plans", plan, false, []runner.Waiting{{ID: 1, Repository: "r", PullID: 2}, {ID: 2, Repository: "r", PullID: 1}, {ID: 3, Repository: "r", PullID: 2}}},
		{"first plans", plan, true, []runner.Waiting{{ID: 1, Repository: "r", PullID: 2}, {ID: 2, Repository: "r", PullID: 1}}},
		{"first applies", apply, true, []runner.Waiting{{ID: 4, Repository: "q"}, {ID: 5, Repository: "r"}}},
		{"nothing", []runner.Purpose{runner.PurposeDrift}, true, []runner.Waiting{}},
	} {
		same(t, test.name, read(t, s, func(tx runner.Tx) ([]runner.Waiting, error) { return tx.Queue(test.purposes, test.heads) }), test.want)
	}
	ids := []int64{}
	for _, r := range read(t, s, runner.Tx.UnderWay) {
		ids = append(ids, r.ID)
	}
	same(t, "under way", ids, []int64{7, 9, 10})
}

func compareAndSet(t *testing.T, s runner.Store) {
	run := insert(t, s, runner.Run{Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Queued, CreatedAt: noon})
	next := run
	next.Status, next.Owner, next.Attempt = runner.Planning, "me", 1
	update(t, s, func(tx runner.Tx) error { return tx.UpdateRun(next, runner.Queued) })
	refused(t, s, runner.ErrConflict, func(tx runner.Tx) error { return tx.UpdateRun(next, runner.Queued) })
	refused(t, s, runner.ErrNotFound, func(tx runner.Tx) error {
		return tx.UpdateRun(runner.Run{ID: 99, Status: runner.Planning}, runner.Queued)
	})

	same(t, "run", read(t, s, func(tx runner.Tx) (runner.Run, error) { return tx.Run(run.ID) }).Owner, "me")
	next.Reason = "the status stays"
	update(t, s, func(tx runner.Tx) error { return tx.UpdateRun(next, runner.Planning) })

	never := next
	never.Status = runner.Interrupted
	err := s.Update(t.Context(), func(tx runner.Tx) error { return tx.UpdateRun(never, runner.Planning) })
	if err == nil || errors.Is(err, runner.ErrConflict) {
		t.Errorf("an impossible step: %v", err)
	}
}

func oneActiveRun(t *testing.T, s runner.Store) {
	const a = workspaces.ID("r//a")
	first := insert(t, s, runner.Run{Workspace: a, Purpose: runner.PurposeApply, Status: runner.Planning})
	queued := insert(t, s, runner.Run{Workspace: a, Purpose: runner.PurposeDrift, Status: runner.Queued})
	insert(t, s, runner.Run{Workspace: a, Purpose: runner.PurposePlan, Status: runner.Planning})
	insert(t, s, runner.Run{Workspace: a, Purpose: runner.PurposePlan, Status: runner.Planning})
	insert(t, s, runner.Run{Workspace: "r//b", Purpose: runner.PurposeApply, Status: runner.Planning})
	refused(t, s, runner.ErrConflict, func(tx runner.Tx) error {
		return tx.InsertRun(&runner.Run{Workspace: a, Purpose: runner.PurposeDestroy, Status: runner.Applying})
	})
	claim := queued
	claim.Status = runner.Planning
	for _, step := range []runner.Status{runner.Planned, runner.Ready, runner.Applying} {
		update(t, s, func(tx runner.Tx) error { // the conflict leaves the transaction usable
			if err := tx.UpdateRun(claim, runner.Queued); !errors.Is(err, runner.ErrConflict) {
				t.Errorf("beside a run that is %s: %v", first.Status, err)
			}
			from := first.Status
			first.Status = step
			return tx.UpdateRun(first, from)
		})
	}
	first.Status = runner.Applied
	update(t, s, func(tx runner.Tx) error {
		return errors.Join(tx.UpdateRun(first, runner.Applying), tx.UpdateRun(claim, runner.Queued))
	})
}

// claimRace lets many claim the runs of one workspace: one of them gets one.
func claimRace(t *testing.T, s runner.Store) {
	const claims = 16
	var all []runner.Run
	for range claims {
		all = append(all, insert(t, s, runner.Run{Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Queued}))
	}
	var group sync.WaitGroup
	won := make(chan int64, 2*claims)
	for i := range 2 * claims { // two for each run
		group.Go(func() {
			run := all[i/2]
			run.Status, run.Owner = runner.Planning, fmt.Sprint(i)
			switch err := s.Update(t.Context(), func(tx runner.Tx) error { return tx.UpdateRun(run, runner.Queued) }); {
			case err == nil:
				won <- run.ID
			case !errors.Is(err, runner.ErrConflict):
				t.Errorf("claim: %v", err)
			}
		})
	}
	group.Wait()
	if len(won) != 1 {
		t.Errorf("%d claims won", len(won))
	}
}
