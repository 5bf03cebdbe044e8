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
	return interrupt(j, run, fmt.Sprintf("Replica %s does not answer%s. The apply may still be going on there: when it is back, it reports by itself how that ended. If it never comes back, make sure before you decide that nothing of it runs any more.", name, seen))
}
