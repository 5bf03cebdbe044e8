package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// lookAfter takes over what is left, after each beat and for as long as that takes, until ctx is done.
func (m *membership) lookAfter(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.renewed:
		}
		if err := m.takeOver(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, errLost) {
			m.r.log.Warn("what other replicas left could not be taken over", "error", err)
		}
	}
}

// takeOver takes over what those left that hold no lease any more. It asks for a turn to write only when there is anything.
func (m *membership) takeOver(ctx context.Context) error {
	any := false
	err := m.r.opts.Store.View(ctx, func(tx Tx) error {
		gone, left, _, err := m.left(tx)
		any = len(gone)+len(left) > 0
		return err
	})
	if err != nil || !any {
		return err
	}
	return m.r.update(ctx, func(tx Tx, j *journal) error {
		if err := m.holding(tx); err != nil { // who is silent itself judges nobody
			return err
		}
		gone, left, all, err := m.left(tx)
		if err != nil {
			return err
		}
		for _, run := range left {
			if err := m.takeRun(j, run, all); err != nil { // the others do not wait for it
				m.r.log.Error("a run could not be taken over", "run", run.ID, "error", err)
			}
		}
		for _, other := range gone { // last, because a beat of theirs waits from here on
			switch err := tx.LoseReplica(other); {
			case errors.Is(err, ErrConflict): // it is back
			case err != nil:
				return err
			default:
				err = j.add(Event{Kind: ReplicaLost, Message: fmt.Sprintf("%s on %s was last seen at %s", other.ID, other.Host, other.SeenAt.Format(time.RFC3339))})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// left are the replicas that let their leases end and are not known for it yet, and the runs on which nobody works any more.
func (m *membership) left(tx Tx) (gone []Replica, left []Run, all []Replica, err error) {
	at, err := tx.Clock()
	if err != nil {
		return nil, nil, nil, err
	}
	if all, err = tx.Replicas(); err != nil {
		return nil, nil, nil, err
	}
	live := m.others(all, at)
	gone = slices.DeleteFunc(slices.Clone(all), func(o Replica) bool {
		return m.is(o) || o.LeaseUntil.IsZero() || slices.ContainsFunc(live, func(l Replica) bool { return l.ID == o.ID })
	})
	left, err = AtWork(tx)
	return gone, slices.DeleteFunc(left, func(run Run) bool { return m.owned(run, live) }), all, err
}

// takeRun puts a run back into the queue that a replica left. An apply may still be going on under its supervisor: it is
// interrupted until its replica reports, or a person decides. What this process lost while it held no lease itself is taken
// up again as well.
func (m *membership) takeRun(j *journal, run Run, all []Replica) error {
	switch {
	case m.own(run):
		return m.r.recoverRun(j, run)
	case run.Status == Applying:
		return m.interrupt(j, run, all)
	}
	return putBack(j, run, RunTakenOver, fmt.Sprintf("replica %s went away while it was %s", orElse(run.Owner, "?"), run.Status))
}

// own reports whether a run is this process's, as everything is on a store of its own.
func (m *membership) own(run Run) bool { return !m.shared || run.Owner == m.self.ID }

// owned reports whether somebody works on a run. This process does not on one of its own when the answer to its claim, or to the
// beginning of its apply, was lost.
func (m *membership) owned(run Run, live []Replica) bool {
	if m.own(run) {
		return m.worksOn(run.ID)
	}
	return slices.ContainsFunc(live, func(o Replica) bool { return o.ID == run.Owner })
}

// AtWork are the runs that somebody is said to work on.
func AtWork(tx Tx) ([]Run, error) {
	runs, err := tx.Runs(RunFilter{Statuses: []Status{Planning, Planned, Applying}})
	if err != nil {
		return nil, err
	}
	ready, err := tx.Runs(RunFilter{Statuses: []Status{Ready}, Purposes: trackedPurposes}) // final for a pull request's plan
	return append(runs, ready...), err
}

// putBack puts a run back into the queue.
func putBack(j *journal, run Run, kind, message string) error {
	from := run.Status
	run = run.back()
	if err := j.tx.UpdateRun(run, from); err != nil {
		return err
	}
	return j.run(kind, run, message)
}

// interrupt says of an apply that its replica went away.
func (m *membership) interrupt(j *journal, run Run, all []Replica) error {
	name, seen := run.Owner, ""
	if i := slices.IndexFunc(all, func(o Replica) bool { return o.ID == run.Owner }); i >= 0 {
		name, seen = fmt.Sprintf("%s on %s", run.Owner, all[i].Host), ", last seen at "+all[i].SeenAt.Format(time.RFC3339)
	}
	return interrupt(j, run, fmt.Sprintf("replica %s, which applies it, does not answer%s: its engine may still be at work there. Start it again, and it says by itself how that ended\n"+
		"If it never comes back: make sure that no engine and no `driftless supervise` of it runs any more, and look at the resources and the state. Then `driftless resume %d --force` plans again, and holds what is missing until it is approved, or `driftless discard %[3]d --force` settles it without applying anything.%s",
		name, seen, run.ID, heldStill(j.tx, run)))
}
