package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

func transactions(t *testing.T, s runner.Store) {
	wanted := errors.New("wanted")
	refused(t, s, wanted, func(tx runner.Tx) error {
		if err := tx.PutRepository(runner.Repository{Name: "gone"}); err != nil {
			return err
		}
		if err := tx.PutBlob("gone", []byte("x")); err != nil {
			return err
		}
		if _, err := tx.Repository("gone"); err != nil {
			t.Errorf("a transaction does not see its own writes: %v", err)
		}
		return wanted
	})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not come through")
			}
		}()
		_ = s.Update(t.Context(), func(tx runner.Tx) error {
			_ = tx.PutRepository(runner.Repository{Name: "gone"})
			panic("wanted")
		})
	}()
	view(t, s, func(tx runner.Tx) error {
		if _, err := tx.Repository("gone"); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("a failed transaction left a record behind: %v", err)
		}
		if _, err := tx.Blob("gone"); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("a failed transaction left a blob behind: %v", err)
		}
		return nil
	})
	if err := s.View(t.Context(), func(tx runner.Tx) error { return tx.PutRepository(runner.Repository{Name: "gone"}) }); err == nil {
		t.Error("a view could write")
	}
	ended, cancel := context.WithCancel(t.Context())
	err := s.Update(ended, func(tx runner.Tx) error {
		cancel()
		return tx.PutRepository(runner.Repository{Name: "gone"})
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("an update that was cancelled while it ran: got %v", err)
	}
	if err := s.Update(ended, func(runner.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled update: got %v", err)
	}
	view(t, s, func(tx runner.Tx) error { // what is written meanwhile is not seen
		if _, err := tx.Repository("late"); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		update(t, s, func(tx runner.Tx) error { return tx.PutRepository(runner.Repository{Name: "late"}) })
		if _, err := tx.Repository("late"); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("a view saw two states of the store: %v", err)
		}
		return nil
	})
}

// concurrent lets many read, change and write one record: no change may be lost.
func concurrent(t *testing.T, s runner.Store) {
	const workers, rounds = 8, 10
	update(t, s, func(tx runner.Tx) error { return tx.PutWorkspace(runner.Workspace{ID: "r//a"}) })
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range rounds {
				err := s.Update(t.Context(), func(tx runner.Tx) error {
					w, err := tx.Workspace("r//a")
					if err != nil {
						return err
					}
					w.AppliedRun++
					if err := tx.PutWorkspace(w); err != nil {
						return err
					}
					return tx.Append(&runner.Event{Kind: "counted"})
				})
				if err != nil {
					t.Errorf("update: %v", err)
				}
			}
		})
		group.Go(func() {
			for range rounds {
				err := s.View(t.Context(), func(tx runner.Tx) error {
					w, err := tx.Workspace("r//a")
					if err != nil {
						return err
					}
					all, err := tx.Events(runner.EventFilter{Kind: "counted"})
					if err == nil && int64(len(all)) != w.AppliedRun {
						t.Errorf("%d events beside a count of %d", len(all), w.AppliedRun)
					}
					return err
				})
				if err != nil {
					t.Errorf("view: %v", err)
				}
			}
		})
	}
	group.Wait()
	w := read(t, s, func(tx runner.Tx) (runner.Workspace, error) { return tx.Workspace("r//a") })
	same(t, "count", w.AppliedRun, int64(workers*rounds))
}
