package runner_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// turns measures for how long transactions that write keep all others that do from it.
type turns struct {
	runner.Store
	number atomic.Int64
	taken  atomic.Int64 // in ns
	asked  atomic.Int64 // questions about runs and workspaces
}

func (s *turns) Update(ctx context.Context, f func(runner.Tx) error) error {
	return s.Store.Update(ctx, func(tx runner.Tx) error {
		begin := time.Now()
		defer func() {
			s.number.Add(1)
			s.taken.Add(int64(time.Since(begin)))
		}()
		return f(asking{tx, &s.asked})
	})
}

// asking counts what a transaction asks.
type asking struct {
	runner.Tx
	asked *atomic.Int64
}

func (a asking) Run(id int64) (runner.Run, error) {
	a.asked.Add(1)
	return a.Tx.Run(id)
}

func (a asking) Runs(f runner.RunFilter) ([]runner.Run, error) {
	a.asked.Add(1)
	return a.Tx.Runs(f)
}

func (a asking) NewestRuns(f runner.RunFilter) ([]runner.Run, error) {
	a.asked.Add(1)
	return a.Tx.NewestRuns(f)
}

func (a asking) Workspace(id workspaces.ID) (runner.Workspace, error) {
	a.asked.Add(1)
	return a.Tx.Workspace(id)
}

func (a asking) Workspaces(f runner.WorkspaceFilter) ([]runner.Workspace, error) {
	a.asked.Add(1)
	return a.Tx.Workspaces(f)
}

// reset forgets what was measured; report says it.
func (s *turns) reset() {
	s.number.Store(0)
	s.taken.Store(0)
	s.asked.Store(0)
}

func (s *turns) report(b *testing.B) {
	b.ReportMetric(float64(s.number.Load())/float64(b.N), "turns/op")
	b.ReportMetric(float64(s.asked.Load())/float64(b.N), "asked/op")
	b.ReportMetric(float64(s.taken.Load())/1e6/float64(b.N), "turn-ms/op")
}

// TestManyWorkspacesAreLookedAtAtOnce: while a repository in which nothing moved is looked at, nobody waits longer because it has
// more workspaces.
func TestManyWorkspacesAreLookedAtAtOnce(t *testing.T) {
	t.Parallel()
	asked := map[int]int64{}
	for _, n := range []int{2, 30} {
		e := estateOf(t, workspaces.Repository{Name: "infra", URL: history(t, n, 0), Branch: "main"})
		e.must(e.r.Once(t.Context()))
		e.settle(3)
		e.must(e.r.Look(t.Context()))
		e.turn.reset()
		e.must(e.r.Look(t.Context()))
		asked[n] = e.turn.asked.Load()
	}
	if asked[2] != asked[30] {
		t.Errorf("questions by the number of workspaces: %v", asked)
	}
}

// TestWhoWaitsTakesNoTurn: runs that wait, and workspaces that are not due, are looked at while others write.
func TestWhoWaitsTakesNoTurn(t *testing.T) {
	t.Parallel()
	e := estateOf(t, workspaces.Repository{Name: "infra", Forge: "hub"})
	set := e.waiting(120)
	e.r.Track(set)
	if run, ok := e.r.Claim(t.Context()); ok {
		t.Errorf("run %d was taken", run.ID)
	}
	e.must(e.db.View(t.Context(), func(tx runner.Tx) error {
		runs, err := tx.Runs(runner.RunFilter{Statuses: []runner.Status{runner.Queued}})
		for _, run := range runs {
			if run.Reason != "waits for infra//base (unknown)" {
				t.Errorf("run %d says %q", run.ID, run.Reason)
			}
		}
		return err
	}))
	if e.turn.number.Load() > 4 {
		t.Errorf("%d turns to say what 120 runs wait for", e.turn.number.Load())
	}
	e.turn.reset()
	if _, ok := e.r.Claim(t.Context()); ok {
		t.Error("a run that waits was taken")
	}
	e.must(e.r.QueueDueDrift(t.Context()))
	if n := e.turn.number.Load(); n > 0 {
		t.Errorf("%d turns for nothing", n)
	}
	e.update(func(tx runner.Tx) error {
		return tx.PutWorkspace(runner.Workspace{ID: "infra//base", Repository: "infra", TargetDigest: "d", AppliedDigest: "d"})
	})
	for want := int64(1); want <= 3; want++ {
		if run, ok := e.r.Claim(t.Context()); !ok || run.ID != want || run.Status != runner.Planning {
			t.Errorf("run %d is %s: %t", run.ID, run.Status, ok)
		}
	}
	if n := e.turn.number.Load(); n != 3 {
		t.Errorf("%d turns for three runs", n)
	}
}

// waiting makes workspaces that depend on one that nobody knows, each with a queued apply, and none of them due.
func (e *estate) waiting(n int) *workspaces.Set {
	e.b.Helper()
	set := &workspaces.Set{}
	e.update(func(tx runner.Tx) error {
		at := time.Now().UTC()
		for i := range n {
			rec := runner.Workspace{ID: workspaces.ID(fmt.Sprintf("infra//w-%04d", i)), Repository: "infra", DependsOn: []workspaces.ID{"infra//base"}, AppliedDigest: "d", AppliedCommit: "c", CheckedAt: at}
			run := runner.Run{Repository: "infra", Workspace: rec.ID, Purpose: runner.PurposeApply, Status: runner.Queued, CreatedAt: at}
			if err := errors.Join(tx.PutWorkspace(rec), tx.InsertRun(&run)); err != nil {
				return err
			}
			set.Workspaces = append(set.Workspaces, &workspaces.Workspace{ID: rec.ID, Repository: "infra", Freshness: 24 * time.Hour})
		}
		return nil
	})
	return set
}
