package runner

import (
	"context"
	"errors"
	"strings"
)

// claim takes the next run that may start: applies first, then pull requests, then drift, each oldest first.
func (r *Runner) claim(ctx context.Context) (claimed Run, ok bool) {
	if !r.members.alive() {
		return claimed, false
	}
	err := r.update(ctx, func(tx Tx, j *journal) (err error) {
		r.members.drop(claimed.ID)
		claimed, ok = Run{}, false
		if err := r.members.holding(tx); err != nil {
			return err
		}
		for _, purposes := range priorities {
			if claimed, ok, err = r.claimOf(tx, purposes); err != nil {
				return err
			} else if ok {
				r.members.take(claimed.ID)
				return j.run("planning", claimed, claimed.Trigger)
			}
		}
		return nil
	})
	if err != nil {
		r.members.drop(claimed.ID)
		if ctx.Err() == nil && !errors.Is(err, errLost) {
			r.log.Error("claim", "error", err)
		}
	}
	return claimed, ok && err == nil
}

// priorities are the purposes in the order in which their runs start.
var priorities = [][]Purpose{{PurposePush, PurposeUnlock}, {PurposeApply, PurposeDestroy}, {PurposePlan}, {PurposeDrift}}

// claimBatch is how much of the queue is read at a time: the first run that is looked at may start, most of the time.
const claimBatch = 20

// claimOf takes the oldest run for one of the purposes that may start.
func (r *Runner) claimOf(tx Tx, purposes []Purpose) (claimed Run, ok bool, err error) {
	for last := int64(0); ; {
		queue, err := tx.Runs(RunFilter{Purposes: purposes, Statuses: []Status{Queued}, After: last, Oldest: true, Limit: claimBatch})
		if err != nil {
			return claimed, false, err
		}
		for _, run := range queue {
			last = run.ID
			if ok, err = r.tryClaim(tx, &run); ok && err == nil {
				return run, true, nil
			} else if err != nil {
				r.log.Error("claim", append(subject(run.Repository, string(run.Workspace), run.ID, run.Commit, ""), "error", err)...) // the others go on
			}
		}
		if len(queue) < claimBatch {
			return claimed, false, nil
		}
	}
}

// tryClaim takes one run, unless it must wait; then it says for what.
func (r *Runner) tryClaim(tx Tx, run *Run) (bool, error) {
	if r.members.worksOn(run.ID) {
		return false, nil // put back by a job of this process that has not ended yet: both would use one directory
	}
	waits, err := r.waits(tx, *run)
	if err != nil {
		return false, err
	}
	mine, nobody, err := r.members.takes(tx, *run)
	if err != nil {
		return false, err
	} else if waits == "" && !mine {
		if waits = nobody; waits == "" && !strings.HasPrefix(run.Reason, untaken) {
			return false, nil
		}
	}
	if waits != "" || !mine {
		if run.Reason != waits {
			run.Reason = waits
			if err := tx.UpdateRun(*run, Queued); err != nil || run.Purpose != PurposeApply {
				return false, err
			}
			return false, setSync(&journal{tx: tx}, *run, Pending, waits)
		}
		return false, nil
	}
	if run.Purpose != PurposePlan {
		if err := dropDeadLock(&journal{tx: tx}, *run); err != nil {
			return false, err
		}
	}
	if r.putOff(run.ID) {
		return false, nil
	}
	next := *run
	next.Status, next.Owner, next.StartedAt, next.Reason = Planning, r.members.self.ID, now(), ""
	next.Attempt++
	switch err := tx.UpdateRun(next, Queued); {
	case errors.Is(err, ErrConflict):
		return false, nil // another run holds the workspace
	case err != nil:
		return false, err
	}
	*run = next
	return true, nil
}
