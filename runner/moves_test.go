package runner_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

// clerk counts the transactions that write of each run. It refuses plans while it is told to, and loses the answer to the beginning of
// an apply, and to some that come after it.
type clerk struct {
	runner.Store
	refuses atomic.Bool
	loses   atomic.Int32
	mu      sync.Mutex
	kept    map[int64][]string // kinds of the events of one transaction, by run
}

type clerkTx struct {
	runner.Tx
	clerk *clerk
	said  map[int64][]string
}

func (c *clerk) Update(ctx context.Context, f func(tx runner.Tx) error) error {
	var said map[int64][]string
	if n := c.loses.Load(); n < 0 {
		c.loses.Add(1)
		return errors.New("the database does not answer")
	}
	err := c.Store.Update(ctx, func(tx runner.Tx) error {
		said = map[int64][]string{}
		return f(&clerkTx{tx, c, said})
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, kinds := range said {
		if err == nil && id != 0 {
			c.kept[id] = append(c.kept[id], strings.Join(kinds, " and "))
		}
		if n := c.loses.Load(); err == nil && n > 0 && slices.Contains(kinds, "apply started") {
			c.loses.Store(1 - n)
			err = errors.New("it is not known whether that was kept")
		}
	}
	return err
}

func (t *clerkTx) Append(e *runner.Event) error {
	t.said[e.RunID] = append(t.said[e.RunID], e.Kind)
	return t.Tx.Append(e)
}

func (t *clerkTx) PutBlob(key string, content []byte) error {
	if t.clerk.refuses.Load() && strings.HasSuffix(key, "/plan.json") {
		return errors.New("larger than a blob may be")
	}
	return t.Tx.PutBlob(key, content)
}

// TestMovesThatGoTogetherAreOneTransaction: each waits for the disk. What may be applied is planned, ready and begun at once.
func TestMovesThatGoTogetherAreOneTransaction(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"one-dev"}})
	c := &clerk{kept: map[int64][]string{}}
	only := f.start("only", f.url, func(o *runner.Options) {
		c.Store = o.Store
		o.Store, o.Shared = c, false
	})
	f.await("the tracked branch is planned", f.held)
	first := f.tracked()[0]
	do := runner.Commander{Store: f.db, DataDir: only.dir}
	run, err := do.Approve(t.Context(), first.ID, anna)
	f.must(err)
	only.r.Wake()
	f.await("it is applied", f.ended(run.ID, runner.Applied))
	c.mu.Lock()
	for id, want := range map[int64][]string{
		first.ID: {"planning", "planned and held"}, run.ID: {"planning", "planned and ready and apply started", "applied"},
	} {
		got := slices.DeleteFunc(slices.Clone(c.kept[id]), func(kinds string) bool { return strings.HasPrefix(kinds, "run queued") })
		if !slices.Equal(got, want) {
			t.Errorf("run %d: %q, want %q", id, got, want)
		}
	}
	c.mu.Unlock()

	c.refuses.Store(true)
	f.commit("a", "driftless/x", "Change", map[string]string{"one-dev/more.tf": "output \"more\" {\n  value = 1\n}\n"})
	f.await("a plan that cannot be put on record fails", func(tx runner.Tx) (string, error) {
		runs, err := tx.Runs(runner.RunFilter{Workspace: "a//one-dev", Purposes: []runner.Purpose{runner.PurposePlan}})
		if err != nil || len(runs) == 0 || runs[0].Status != runner.Failed {
			return fmt.Sprintf("%+v", runs), err
		}
		if !strings.Contains(runs[0].Reason, "larger than a blob may be") || !runs[0].PlannedAt.IsZero() {
			t.Errorf("%+v", runs[0])
		}
		return "", nil
	})
}

// TestTheAnswerToABeginningIsLost: the beginning of an apply is on record, and driftless was not told. Nothing was started, so it is planned
// again, and applied once.
func TestTheAnswerToABeginningIsLost(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]int32{"once": 1, "and nothing can be written for a while": 4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, map[string][]string{"a": {"one-dev"}})
			c := &clerk{kept: map[int64][]string{}}
			only := f.start("only", f.url, func(o *runner.Options) {
				c.Store = o.Store
				o.Store = c
			})
			f.await("the tracked branch is planned", f.held)
			held := f.tracked()[0]
			c.loses.Store(lost)
			run, err := (&runner.Commander{Store: f.db, DataDir: only.dir}).Approve(t.Context(), held.ID, anna)
			f.must(err)
			only.r.Wake()
			f.await("it is applied", f.ended(run.ID, runner.Applied))
			c.mu.Lock()
			defer c.mu.Unlock()
			began := 0
			for _, kinds := range c.kept[run.ID] {
				if strings.Contains(kinds, "apply started") {
					began++
				}
			}
			if all := strings.Join(c.kept[run.ID], ", "); began != 2 || strings.Count(all, "run taken up again") != 1 || strings.Count(all, "applied") != 1 {
				t.Errorf("%s", all)
			}
		})
	}
}

// TestALockThatWasLeft: whoever holds the lock of a state keeps an apply from its beginning. Nothing is said to have been applied, and it
// may be tried again when the lock was taken away.
func TestALockThatWasLeft(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"one-dev"}})
	only := f.start("only", f.url, func(o *runner.Options) { o.Shared = false })
	f.await("the tracked branch is planned", f.held)
	only.end()
	held := f.tracked()[0]
	do := &runner.Commander{Store: f.db, DataDir: only.dir}
	run, err := do.Approve(t.Context(), held.ID, anna)
	f.must(err)
	f.must(f.db.Update(t.Context(), func(tx runner.Tx) error {
		return tx.LockState(runner.StateLock{Workspace: held.Workspace, ID: "left", Info: []byte(`{"Who":"somebody"}`)})
	}))
	f.start("again", f.url, func(o *runner.Options) { o.Shared = false })
	f.await("it fails", f.ended(run.ID, runner.Failed))
	is := func() (is runner.Run) {
		f.must(f.db.View(t.Context(), func(tx runner.Tx) (err error) {
			is, err = tx.Run(run.ID)
			return err
		}))
		return is
	}
	if run := is(); !strings.HasPrefix(run.Reason, "the state is locked by somebody") || !run.AppliedAt.IsZero() || run.PlannedAt.IsZero() {
		t.Errorf("begun %s, planned %s: %s", run.AppliedAt, run.PlannedAt, run.Reason)
	}
	_, _, err = do.Unlock(t.Context(), runner.StateUnlock{Workspace: held.Workspace, LockID: "left", Force: true, Reason: "it is gone"}, anna)
	f.must(err)
	if run := is(); !strings.HasPrefix(run.Reason, "the state was locked, and anna took the lock away") {
		t.Error(run.Reason)
	}
}

// ended waits for the end of a run.
func (f *fleet) ended(id int64, want runner.Status) func(tx runner.Tx) (string, error) {
	return func(tx runner.Tx) (string, error) {
		run, err := tx.Run(id)
		if err == nil && run.Status != want {
			return fmt.Sprintf("%s: %s", run.Status, run.Reason), nil
		}
		return "", err
	}
}
