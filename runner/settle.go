package runner

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/driftlessops/driftless/runner/supervisor"
)

// Decision is what a person says about an interrupted run.
type Decision struct {
	Actor  string
	Reason string // may be ""
	// Sure: the person made sure that nothing of the run is at work any more where its replica was, which does not answer.
	Sure bool
}

// Resume lets go on what an interrupted run left undone: it is planned again, and what is missing is applied, as far as that is what
// was agreed to. It returns the run that does it; none, if what comes next is not this commit.
func (c *Commander) Resume(ctx context.Context, runID int64, d Decision) (next Run, err error) {
	err = c.update(ctx, func(j *journal) error {
		run, said, err := c.interrupted(j.tx, runID, d)
		if err == nil {
			err = approvable(j.tx, run)
		}
		if err == nil {
			next, err = approveIn(j, run, d.Actor, said)
		}
		return err
	})
	return next, err
}

// Discard says that a person settled what an interrupted run left. The lock of its state is released, and the workspace is planned
// again; whatever that would change is held.
func (c *Commander) Discard(ctx context.Context, runID int64, d Decision) error {
	return c.update(ctx, func(j *journal) error {
		run, said, err := c.interrupted(j.tx, runID, d)
		if err != nil {
			return err
		}
		return discardIn(j, run, d.Actor, said)
	})
}

// discardIn settles an interrupted run. said is what the person said besides, as it follows their name.
func discardIn(j *journal, run Run, actor, said string) error {
	if !ended(j.tx, run) {
		if err := lost(j, run); err != nil {
			return err
		}
	}
	if _, err := releaseLock(j, run, actor); err != nil {
		return err
	}
	run, err := j.tx.Run(run.ID)
	if err != nil {
		return err
	}
	rec, err := j.tx.Workspace(run.Workspace)
	if err != nil {
		return err
	}
	run.Status, run.Reason = Superseded, "what it left is settled: discarded by "+actor+said
	if err := j.tx.UpdateRun(run, Interrupted); err != nil {
		return err
	}
	rec.Sync, rec.Reason = Unknown, fmt.Sprintf("run %d was interrupted, and discarded by %s: it is planned again", run.ID, actor)
	if rec.Reserved == 0 {
		if err := rec.distrust(j.tx, fmt.Sprintf("run %d was interrupted in the middle of its apply, and %s discarded it", run.ID, actor)); err != nil {
			return err
		}
	}
	if err := putIfChanged(j, rec); err != nil {
		return err
	}
	next := run
	next.Actor = actor
	return j.run("interruption settled", next, run.Reason)
}

// interrupted is a run that waits for a decision, and nothing of which is left at work, and what the person said besides.
func (c *Commander) interrupted(tx Tx, runID int64, d Decision) (run Run, said string, err error) {
	if len(d.Reason) > 0 {
		if d.Reason, err = reasonFor(d.Reason); err != nil {
			return run, "", err
		}
	}
	if run, err = knownRun(tx, runID); err != nil {
		return run, "", err
	}
	if run.Status != Interrupted {
		return run, "", userError(fmt.Sprintf("run %d is %s: only an interrupted run is resumed or discarded", run.ID, run.Status))
	}
	if err := c.over(tx, run, d.Sure); err != nil {
		return run, "", err
	}
	silent, err := c.silent(tx, run)
	if silent != "" {
		said = ", who made sure that nothing of it runs any more where " + silent + " was"
	}
	return run, withReason(said, d.Reason), err
}

// over refuses to decide about an interrupted apply that is, or may be, still at work: here or where its replica is. Of one that
// does not answer, a person can be sure.
func (c *Commander) over(tx Tx, run Run, sure bool) error {
	if c.DataDir != "" {
		apply, _ := supervisor.Find(filepath.Join(runsDir(c.DataDir), strconv.FormatInt(run.ID, 10), applySubdir)) // also one whose order is damaged
		if apply.Alive() {
			return userError(fmt.Sprintf("the engine of run %d is still at work on this machine: wait until driftless has recorded how it ended", run.ID))
		} else if apply.Begun() && !sure && !ended(tx, run) {
			return userError(fmt.Sprintf("how the apply of run %d ended is not on record yet, and lies on this machine, with the newest state: start driftless (`serve`, or `serve --once`), and it records that first", run.ID))
		}
	}
	where, err := c.silent(tx, run)
	if err != nil {
		return err
	}
	if where != "" && !sure {
		return userError(fmt.Sprintf("%s does not answer, and has not said how the apply of run %d ended: its engine may still be at work there. Start it again, and it says so by itself. If it never comes back, make sure that no engine and no `driftless supervise` of it runs any more; then `driftless resume %d --force` or `driftless discard %d --force`", where, run.ID, run.ID, run.ID))
	}
	return c.idle(tx, run.Workspace)
}

// silent is the other replica that worked on an apply, does not answer, and has not said how that ended; "" = there is none. It is an
// error when that one is alive: its engine may still be at work there.
func (c *Commander) silent(tx Tx, run Run) (where string, err error) {
	if ended(tx, run) {
		return "", nil
	}
	at, err := tx.Clock()
	if err != nil {
		return "", err
	}
	all, err := tx.Replicas()
	if err != nil {
		return "", err
	}
	self, err := c.Self()
	if err != nil || run.Owner == self || run.Owner == "" {
		return "", err
	}
	where = "replica " + run.Owner
	if i := slices.IndexFunc(all, func(o Replica) bool { return o.ID == run.Owner }); i >= 0 {
		where += " on " + all[i].Host
		if all[i].LeaseUntil.After(at) {
			return "", userError(fmt.Sprintf("%s is alive, and says by itself how the apply of run %d ended: wait for that (`driftless show %d`)", where, run.ID, run.ID))
		}
	}
	return where, nil
}

// Self is the replica that this process is, or would be; "" where that is not asked.
func (c *Commander) Self() (string, error) {
	if c.DataDir == "" {
		return "", nil
	}
	return instance(c.DataDir)
}
