package runner_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// TestNobodyTakesWhatIsPutOff: a run waits by its record, whichever process put it off, and one that was started since.
func TestNobodyTakesWhatIsPutOff(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	e.update(func(tx runner.Tx) error {
		return tx.PutPull(&runner.Pull{Repository: "infra", Key: "1", State: runner.Open})
	})
	for _, test := range []struct {
		name  string
		wait  time.Duration
		taken bool
	}{
		{"waits", time.Hour, false},
		{"waited", -time.Second, true},
		{"put off by a clock that went back", 3 * time.Hour, true},
		{"never put off", 0, true},
	} {
		run := runner.Run{Repository: "infra", Workspace: "infra//a", Purpose: runner.PurposePlan, PullID: 1, Status: runner.Queued}
		if test.wait != 0 {
			run.NotBefore = time.Now().Add(test.wait)
		}
		e.update(func(tx runner.Tx) error { return tx.InsertRun(&run) })
		claimed, ok := e.r.Claim(t.Context())
		if ok != test.taken || ok && (claimed.ID != run.ID || !claimed.NotBefore.IsZero()) {
			t.Errorf("%s: took %t, %d not before %s", test.name, ok, claimed.ID, claimed.NotBefore)
		}
	}
}

// TestWhatWaitedIsPlannedAgain: how often a run was taken up says nothing of how often the state overtook its plan.
func TestWhatWaitedIsPlannedAgain(t *testing.T) {
	t.Parallel()
	for stale, want := range []int{1, 2, 0} { // of the run that follows
		l := newLeftApply(t, `printf '{"@level":"error","@message":"Error: Saved plan is stale","type":"diagnostic","diagnostic":{"severity":"error","summary":"Saved plan is stale","detail":""}}\n'; exit 1`, false)
		l.becomes(runner.Interrupted, runner.Queued)
		for range 4 { // handed back, or put off
			run := l.found()
			run.Attempt, run.Stale, run.Status = run.Attempt+1, stale, runner.Planning
			l.update(func(tx runner.Tx) error { return tx.UpdateRun(run, runner.Queued) })
			l.becomes(runner.Queued)
		}
		l.becomes(runner.Planning, runner.Planned, runner.Ready, runner.Applying)
		r := l.started()
		l.ended()
		l.must(runner.FollowApply(r, l.found()))
		next := 0
		l.must(l.db.View(t.Context(), func(tx runner.Tx) error {
			runs, err := tx.Runs(runner.RunFilter{Statuses: []runner.Status{runner.Queued}})
			for _, run := range runs {
				next = run.Stale
			}
			return err
		}))
		if run := l.found(); run.Status != runner.Failed || next != want {
			t.Errorf("after %d stale plans: %s, the next one is number %d: %s", stale, run.Status, next, run.Reason)
		}
	}
}

// slowStore has no time for plans, and once not for what is put off.
type slowStore struct {
	runner.Store
	refused atomic.Bool
}

func (s *slowStore) Update(ctx context.Context, f func(runner.Tx) error) error {
	return s.Store.Update(ctx, func(tx runner.Tx) error { return f(slowTx{tx, s}) })
}

type slowTx struct {
	runner.Tx
	s *slowStore
}

func (tx slowTx) PutBlob(key string, value []byte) error {
	if strings.HasSuffix(key, "/plan.json") {
		return fmt.Errorf("statement timeout: %w", runner.ErrUnavailable)
	}
	return tx.Tx.PutBlob(key, value)
}

func (tx slowTx) Append(e *runner.Event) error {
	if e.Kind == "run put off" && tx.s.refused.CompareAndSwap(false, true) {
		return errors.New("disk full")
	}
	return tx.Tx.Append(e)
}

// TestADatabaseThatHasNoTime: a run that it never has time for waits ever longer and fails in the end; that it waits is written
// down again and again.
func TestADatabaseThatHasNoTime(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"one-dev"}})
	slow := &slowStore{}
	only := f.start("only", f.url, func(o *runner.Options) {
		slow.Store = o.Store
		o.Store, o.Shared = slow, false
	})
	var run runner.Run
	f.await("the run waits", func(tx runner.Tx) (string, error) {
		runs, err := tx.Runs(runner.RunFilter{Tracked: true})
		if len(runs) != 1 || runs[0].Status != runner.Queued || !runs[0].NotBefore.After(time.Now()) {
			return fmt.Sprintf("%+v", runs), err
		}
		run = runs[0]
		return "", err
	})
	if run.Attempt != 1 || !slow.refused.Load() || !strings.Contains(run.Reason, "the database") {
		t.Errorf("%d attempts, refused %t: %s", run.Attempt, slow.refused.Load(), run.Reason)
	}
	only.end()
}

// TestTheAnswerToAnIntentIsLost: an apply that is on record as begun, of which driftless was not told, never began: it is planned again.
func TestTheAnswerToAnIntentIsLost(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"one-dev"}})
	lost := &forgetful{kept: func() bool {
		runs := f.tracked()
		return len(runs) > 0 && runs[0].Status == runner.Applying
	}}
	only := f.start("only", f.url, func(o *runner.Options) { lost.Store, o.Store = o.Store, lost })
	f.await("it is planned", func(tx runner.Tx) (string, error) {
		runs, err := tx.Runs(runner.RunFilter{Tracked: true, Statuses: []runner.Status{runner.Held}})
		return map[bool]string{false: "not yet"}[len(runs) == 1], err
	})
	do := runner.Commander{Store: f.db}
	run, err := do.Approve(t.Context(), f.tracked()[0].ID, "anna")
	f.must(err)
	f.await("it is applied", func(tx runner.Tx) (string, error) {
		run, err := tx.Run(run.ID)
		if run.Status == runner.Interrupted || run.Status == runner.Failed {
			t.Fatalf("%s: %s", run.Status, run.Reason)
		}
		return map[bool]string{false: string(run.Status)}[run.Status == runner.Applied], err
	})
	if !lost.fired {
		t.Error("no answer was lost")
	}
	only.end()
}
