package runner

import (
	"context"
	"errors"
	"strings"
)

// claim takes the next run that may start: applies first, then pull requests, then drift, each in turn (see served). It looks for it
// while others write, and then looks at it once more, alone.
func (r *Runner) claim(ctx context.Context) (claimed Run, ok bool) {
	if !r.members.alive() {
		return claimed, false
	}
	looked := map[int64]bool{}
	for {
		ids, full, err := r.claimable(ctx, looked)
		if err == nil && len(ids) > 0 {
			claimed, ok, err = r.claimOf(ctx, ids)
		}
		if no := new(unclaimed); errors.As(err, &no) && ctx.Err() == nil {
			r.unclaimed(no.run, err)
			looked[no.run.ID] = true // the others go on
			continue
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, errLost) {
			r.log.Error("claim", "error", err)
		}
		if err != nil || ok || full || len(ids) == 0 {
			return claimed, ok && err == nil
		}
		for _, id := range ids {
			looked[id] = true
		}
	}
}

// claimOf takes the first of some runs that may start. Of those before it, it says what they wait for.
func (r *Runner) claimOf(ctx context.Context, ids []int64) (claimed Run, ok bool, err error) {
	err = r.update(ctx, func(tx Tx, j *journal) (err error) {
		r.members.drop(claimed.ID)
		claimed, ok = Run{}, false
		if err := r.members.holding(tx); err != nil {
			return err
		}
		c, err := r.look(tx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			run, err := tx.Run(id)
			if err == nil && run.Status == Queued {
				ok, err = c.tryClaim(&run)
			}
			if ok && err == nil {
				claimed = run
				r.members.take(run.ID)
				return j.run("planning", run, run.Trigger)
			} else if err != nil && !errors.Is(err, ErrNotFound) {
				run.ID = id
				return &unclaimed{run, err} // nothing may be kept of what failed half-way
			}
		}
		return nil
	})
	if err != nil {
		r.members.drop(claimed.ID)
	} else if ok {
		r.served.note(claimed)
	}
	return claimed, ok && err == nil, err
}

// unclaimed is why it is not known whether a run may start.
type unclaimed struct {
	run Run
	error
}

func (e *unclaimed) Unwrap() error { return e.error }

// unclaimed says that it is not known whether a run may start; the others go on.
func (r *Runner) unclaimed(run Run, err error) {
	r.log.Error("claim", append(subject(run.Repository, string(run.Workspace), run.ID, run.Commit, ""), "error", err)...)
}

// priorities are the purposes in the order in which their runs start.
var priorities = [][]Purpose{{PurposePush, PurposeUnlock}, {PurposeApply, PurposeDestroy}, {PurposePlan}, {PurposeDrift}}

// claimBatch is how much of the queue is read at a time, and how many runs are looked at in one transaction that writes.
const claimBatch = 50

// mayStart reports whether this process may begin a run now, and otherwise what its record is to say of that.
func (c *candidates) mayStart(run Run) (may bool, reason string, err error) {
	waits, err := c.r.waits(c.tx, run)
	if err == nil && waits == "" && !putOff(run, c.at) {
		waits, err = c.overLimit(run)
	}
	if err != nil {
		return false, "", err
	}
	mine, nobody, err := c.r.members.takes(c.tx, run)
	switch {
	case err != nil:
		return false, "", err
	case waits != "":
		return false, waits, nil
	case mine:
		return true, "", nil
	case nobody == "" && !strings.HasPrefix(run.Reason, untaken):
		return false, run.Reason, nil // whoever takes it says what it waits for
	}
	return false, nobody, nil
}

// tryClaim takes one run, unless it must wait; then it says for what.
func (c *candidates) tryClaim(run *Run) (bool, error) {
	if c.r.members.worksOn(run.ID) {
		return false, nil // put back by a job of this process that has not ended yet: both would use one directory
	}
	may, reason, err := c.mayStart(*run)
	if err != nil {
		return false, err
	}
	if !may {
		return false, c.say(run, reason)
	}
	if putOff(*run, c.at) || c.r.leaves(run.ID) {
		return false, nil
	} else if !c.fits(*run) {
		return false, c.say(run, waitsForMemory)
	}
	next := *run
	next.Status, next.Owner, next.StartedAt, next.Reason, next.NotBefore = Planning, c.r.members.self.ID, now(), "", zeroTime
	next.Attempt++
	switch err := c.tx.UpdateRun(next, Queued); {
	case errors.Is(err, ErrConflict):
		return false, nil // another run holds the workspace
	case err != nil:
		return false, err
	}
	*run = next
	return true, nil
}

// say puts on record what a run waits for.
func (c *candidates) say(run *Run, reason string) error {
	if run.Reason == reason {
		return nil
	}
	run.Reason = reason
	if err := c.tx.UpdateRun(*run, Queued); err != nil || run.Purpose != PurposeApply {
		return err
	}
	return setSync(&journal{tx: c.tx}, *run, Pending, reason)
}
