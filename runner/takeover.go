package runner

import (
	"fmt"
	"slices"
	"time"
)

// takeOver puts back into the queue what replicas left that hold no lease any more. An apply of theirs may still be going on
// under its supervisor: it is interrupted until they report, or a person decides. What this process lost while it held no lease
// itself is taken up again as well.
func (m *membership) takeOver(tx Tx, j *journal, all, live []Replica) error {
	runs, err := AtWork(tx)
	if err != nil {
		return err
	}
	for _, run := range runs {
		if m.owned(run, live) {
			continue
		}
		if m.own(run) {
			err = m.r.recoverRun(j, run)
		} else if run.Status == Applying {
			err = m.interrupt(j, run, all)
		} else {
			err = putBack(j, run, RunTakenOver, fmt.Sprintf("replica %s went away while it was %s", orElse(run.Owner, "?"), run.Status))
		}
		if err != nil { // the others, and the lease, do not wait for it
			m.r.log.Error("a run could not be taken over", "run", run.ID, "error", err)
		}
	}
	return nil
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
	run.Status, run.Owner = Queued, ""
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
		"If it never comes back: make sure that no engine and no `driftless supervise` of it runs any more, and look at the resources and the state. Then `driftless resume %d --force` plans again and applies what is missing, or `driftless discard %[3]d --force` settles it without applying anything.%s",
		name, seen, run.ID, heldStill(j.tx, run)))
}
