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

// clerk counts the transactions that write of each run, and refuses plans while it is told to.
type clerk struct {
	runner.Store
	refuses atomic.Bool
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
	var first, run runner.Run
	f.must(f.db.View(t.Context(), func(tx runner.Tx) error {
		runs, err := tx.Runs(runner.RunFilter{Workspace: "a//one-dev"})
		first = runs[0]
		return err
	}))
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
