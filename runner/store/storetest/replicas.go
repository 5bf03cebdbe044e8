package storetest

import (
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// attempts lets nobody write on a run for an earlier attempt at it.
func attempts(t *testing.T, s runner.Store) {
	first := insert(t, s, runner.Run{Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Queued})
	step := func(run *runner.Run, status runner.Status) {
		t.Helper()
		from := run.Status
		if run.Status = status; from == runner.Queued {
			run.Attempt++
		}
		update(t, s, func(tx runner.Tx) error { return tx.UpdateRun(*run, from) })
	}
	step(&first, runner.Planning)
	second := first
	step(&second, runner.Queued)
	refused(t, s, runner.ErrConflict, func(tx runner.Tx) error { return tx.UpdateRun(first, runner.Planning) })
	step(&second, runner.Planning)
	refused(t, s, runner.ErrConflict, func(tx runner.Tx) error { return tx.UpdateRun(first, runner.Planning) })
	first.Attempt += 2
	refused(t, s, runner.ErrConflict, func(tx runner.Tx) error { return tx.UpdateRun(first, runner.Planning) })
	step(&second, runner.Planned)
}

func replicas(t *testing.T, s runner.Store) {
	want := filled[runner.Replica]()
	bare := runner.Replica{ID: "0"}
	update(t, s, func(tx runner.Tx) error {
		if err := tx.PutReplica(runner.Replica{ID: want.ID, Host: "before"}); err != nil {
			return err
		}
		return tx.PutReplica(want)
	})
	update(t, s, func(tx runner.Tx) error { return tx.PutReplica(bare) })
	same(t, "replicas", read(t, s, runner.Tx.Replicas), []runner.Replica{bare, want})
	renewed := want
	renewed.LeaseUntil = want.LeaseUntil.Add(time.Second)
	if err := s.Beat(t.Context(), func(tx runner.Tx) error { return tx.PutReplica(renewed) }); err != nil {
		t.Fatal(err)
	}
	refused(t, s, runner.ErrConflict, func(tx runner.Tx) error { return tx.LoseReplica(want) })
	update(t, s, func(tx runner.Tx) error { return tx.LoseReplica(renewed) })
	want.LeaseUntil = time.Time{}
	same(t, "replicas", read(t, s, runner.Tx.Replicas), []runner.Replica{bare, want})
	update(t, s, func(tx runner.Tx) error { return tx.DeleteReplica(want.ID) })
	refused(t, s, runner.ErrNotFound, func(tx runner.Tx) error { return tx.DeleteReplica(want.ID) })
	same(t, "replicas", read(t, s, runner.Tx.Replicas), []runner.Replica{bare})
}

func leases(t *testing.T, s runner.Store) {
	one, two := runner.Lease{Name: "repository/b", Owner: "me", Until: noon.UTC()}, runner.Lease{Name: "repository/a"}
	for _, l := range []runner.Lease{{Name: one.Name, Owner: "other"}, one, two} {
		update(t, s, func(tx runner.Tx) error { return tx.PutLease(l) })
	}
	same(t, "leases", read(t, s, runner.Tx.Leases), []runner.Lease{two, one})
	was := read(t, s, runner.Tx.Clock)
	if is := read(t, s, runner.Tx.Clock); is.Before(was) || is.Sub(was) > time.Hour || is.Location() != time.UTC {
		t.Errorf("the clock went from %v to %v", was, is)
	}
}
