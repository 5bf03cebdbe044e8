package retention_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/retention"
)

// counted is a store that counts the transactions that may write, and can fail in them.
type counted struct {
	runner.Store
	updates atomic.Int64
	fail    error
}

func (c *counted) Update(ctx context.Context, f func(runner.Tx) error) error {
	c.updates.Add(1)
	return errors.Join(c.Store.Update(ctx, f), c.fail)
}

func (e *estate) keeper(owner string, in runner.Store, disk *retention.Disk) *retention.Keeper {
	e.Helper()
	k, err := retention.New(retention.Options{Store: in, Keep: e.keep, Owner: owner, Now: func() time.Time { return e.now }, Disk: disk})
	if err != nil {
		e.Fatal(err)
	}
	return k
}

// TestNothingIsOld keeps nobody from writing where there is nothing to remove, and gives the lease back to whoever comes next.
func TestNothingIsOld(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	e.update(func(tx runner.Tx) error {
		for range 120 {
			if err := errors.Join(e.change(tx, "r//a"), e.drift(tx, "r//a")); err != nil {
				return err
			}
		}
		return nil
	})
	in := &counted{Store: e.db}
	if removed, err := e.keeper("me", in, nil).Sweep(t.Context(), false); err != nil || removed != (retention.Removed{LeftBytes: removed.LeftBytes}) {
		t.Errorf("%+v %v", removed, err)
	}
	if n := in.updates.Load(); n != 2 { // the lease, taken and given back
		t.Errorf("%d transactions for nothing", n)
	}
	e.now = e.now.Add(40 * day)
	e.keep.Runs = 0
	if removed, err := e.keeper("somebody else", e.db, nil).Sweep(t.Context(), false); err != nil || removed.Runs == 0 || removed.Elsewhere != "" {
		t.Errorf("after another pass: %+v %v", removed, err)
	}
	e.update(func(tx runner.Tx) error {
		return tx.PutLease(runner.Lease{Name: "retention", Owner: "another", Until: time.Now().Add(time.Hour)})
	})
	if removed, err := e.keeper("me", e.db, nil).Sweep(t.Context(), false); err != nil || removed.Elsewhere != "another" {
		t.Errorf("during another pass: %+v %v", removed, err)
	}
}

// TestPassThatFailed is due again.
func TestPassThatFailed(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	disk := &retention.Disk{Dir: t.TempDir(), Mirrored: func(string) bool { return true }, Unused: func(time.Time) []string { return nil }}
	marker := filepath.Join(disk.Dir, "swept")
	e.keeper("me", &counted{Store: e.db, fail: errors.New("killed")}, disk).SweepIfDue(t.Context())
	if _, err := os.Stat(marker); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a pass that failed counts: %v", err)
	}
	e.keeper("me", e.db, disk).SweepIfDue(t.Context())
	if _, err := os.Stat(marker); err != nil {
		t.Error(err)
	}
}

// TestOldEventsAreCounted says before how much of the history goes.
func TestOldEventsAreCounted(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	const old = 2050 // more than go at a time
	e.update(func(tx runner.Tx) (err error) {
		for i := range old + 2 {
			at := e.now.Add(-50 * day)
			if i >= old {
				at = e.now.Add(-2 * day)
			}
			err = errors.Join(err, tx.Append(&runner.Event{Kind: "planned", At: at}))
		}
		return err
	})
	if would := e.sweep(true); would.Events != 0 {
		t.Errorf("a history without a limit of age: %+v", would)
	}
	e.keep.Events = 30 * day
	if would, did := e.sweep(true), e.sweep(false); would.Events != old || did != would {
		t.Errorf("removed %+v, a dry run said %+v", did, would)
	}
}
