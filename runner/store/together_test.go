package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/runner/store/pgtest"
)

// TestReplicasWriteOneByOne opens one database from three processes' worth of stores, at once and while it is new: each run is
// claimed once, and the history has no gap.
func TestReplicasWriteOneByOne(t *testing.T) {
	t.Parallel()
	url, dir := pgtest.URL(t), t.TempDir()
	keys(t, dir)
	stores := make([]*store.DB, 3)
	var group sync.WaitGroup
	for i := range stores {
		group.Go(func() { stores[i] = openURL(t, dir, url) })
	}
	group.Wait()
	if t.Failed() {
		return
	}
	const runs = 30
	err := stores[0].Update(t.Context(), func(tx runner.Tx) error {
		for i := range runs {
			if err := tx.InsertRun(&runner.Run{Workspace: "r//a", PullID: int64(i), Purpose: runner.PurposePlan, Status: runner.Queued}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		group.Go(func() {
			for claimed := true; claimed; {
				var err error
				if claimed, err = claim(t, stores[i%3], fmt.Sprint(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	err = stores[0].View(t.Context(), func(tx runner.Tx) error {
		events, err := tx.Events(runner.EventFilter{Kind: "claimed", Oldest: true})
		seen := map[int64]bool{}
		for i, e := range events {
			if seen[e.RunID] || i > 0 && e.ID != events[i-1].ID+1 {
				t.Errorf("event %d: run %d was claimed twice, or there is a gap", e.ID, e.RunID)
			}
			seen[e.RunID] = true
		}
		if len(seen) != runs {
			t.Errorf("%d runs were claimed", len(seen))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// claim takes up the oldest queued run, as a worker does.
func claim(t testing.TB, db *store.DB, owner string) (claimed bool, err error) {
	err = db.Update(t.Context(), func(tx runner.Tx) error {
		queued, err := tx.Runs(runner.RunFilter{Statuses: []runner.Status{runner.Queued}, Oldest: true, Limit: 1})
		if claimed = len(queued) > 0; err != nil || !claimed {
			return err
		}
		run := queued[0]
		run.Status, run.Owner = runner.Planning, owner
		if err := tx.UpdateRun(run, runner.Queued); err != nil {
			return err
		}
		return tx.Append(&runner.Event{Kind: "claimed", RunID: run.ID, Actor: owner})
	})
	return claimed, err
}

// BenchmarkClaim claims runs from three stores on one database: go test -run=^$ -bench=Claim ./runner/store
func BenchmarkClaim(b *testing.B) {
	url, dir := pgtest.URL(b), b.TempDir()
	keys(b, dir)
	for name, stores := range map[string][]*store.DB{
		"sqlite":       {open(b, b.TempDir())},
		"postgres":     {openURL(b, dir, url)},
		"three stores": {openURL(b, dir, url), openURL(b, dir, url), openURL(b, dir, url)},
	} {
		b.Run(name, func(b *testing.B) {
			err := stores[0].Update(b.Context(), func(tx runner.Tx) error {
				for range b.N {
					if err := tx.InsertRun(&runner.Run{Workspace: "r//a", Purpose: runner.PurposePlan, Status: runner.Queued}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			var group sync.WaitGroup
			for i, db := range stores {
				group.Go(func() {
					for claimed := true; claimed; {
						var err error
						if claimed, err = claim(b, db, fmt.Sprint(i)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			group.Wait()
		})
	}
}

// TestABeatWaitsForNoUpdate: a replica keeps its lease however long others write, itself as well; beats are alone among beats.
func TestABeatWaitsForNoUpdate(t *testing.T) {
	t.Parallel()
	url, dir := pgtest.URL(t), t.TempDir()
	one, two := openURL(t, dir, url), openURL(t, dir, url)
	seen := func(db *store.DB, id string) error {
		return db.Beat(t.Context(), func(tx runner.Tx) error { return tx.PutReplica(runner.Replica{ID: id, LeaseUntil: time.Now()}) })
	}
	var group sync.WaitGroup
	err := one.Update(t.Context(), func(tx runner.Tx) error {
		group.Go(func() { _, _ = count(t, one, nil) }) // waits for its turn: all connections that write are taken
		for id, db := range map[string]*store.DB{"one": one, "two": two} {
			if err := seen(db, id); err != nil {
				return err
			}
		}
		all, err := tx.Replicas()
		if err == nil && len(all) != 2 {
			t.Errorf("it sees %+v", all)
		}
		return err
	})
	group.Wait()
	if err != nil {
		t.Fatal(err)
	}
	var inside, most, beats atomic.Int64
	for _, db := range []*store.DB{one, two, one, two} {
		group.Go(func() {
			if err := db.Beat(t.Context(), func(runner.Tx) error {
				most.Store(max(most.Load(), inside.Add(1)))
				defer inside.Add(-1)
				beats.Add(1)
				time.Sleep(10 * time.Millisecond)
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	if group.Wait(); most.Load() != 1 || beats.Load() != 4 {
		t.Errorf("%d beats, %d at a time", beats.Load(), most.Load())
	}
}
