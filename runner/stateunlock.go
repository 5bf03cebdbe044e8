package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/driftlessops/driftless/workspaces"
)

// StateUnlock asks to take away the lock of a state whose holder is gone.
type StateUnlock struct {
	Workspace workspaces.ID
	LockID    string // the lock that the person looked at; "" = whichever is held
	Force     bool   // also when it is not known what became of the holder
	Reason    string
}

// Unlock takes a lock away. Where driftless keeps the state it is done at once; where a foreign backend does, the engine does it, as
// the run that is returned.
func (c *Commander) Unlock(ctx context.Context, u StateUnlock, actor string) (lock Lock, queued []Run, err error) {
	if u.Reason, err = reasonFor(u.Reason); err != nil {
		return lock, nil, err
	}
	err = c.update(ctx, func(j *journal) error {
		queued = nil
		rec, err := knownWorkspace(j.tx, u.Workspace)
		if err != nil {
			return err
		}
		lock, err = u.held(j.tx, rec)
		if err != nil {
			return err
		}
		if err := c.idle(j.tx, rec.ID); err != nil {
			return err
		}
		if err := errors.Join(gone(lock, u.Force), c.holderOver(j.tx, lock.RunID)); err != nil {
			return err
		}
		if rec.Backend == "" {
			return takeKept(j, rec, lock, actor, u.Reason)
		}
		run, err := queueOrder(j, rec, Run{
			Purpose: PurposeUnlock, Actor: actor, Trigger: withReason(fmt.Sprintf("%s takes the lock %s from %s", actor, lock.ID, orElse(lock.Who, "an unknown holder")), u.Reason),
		}, stateOrder{Lock: lock.ID})
		queued = []Run{run}
		return err
	})
	return lock, queued, err
}

// held finds the lock that is meant.
func (u StateUnlock) held(tx Tx, rec Workspace) (Lock, error) {
	lock, err := HeldLock(tx, rec)
	switch {
	case errors.Is(err, ErrNotFound) && rec.Backend == "":
		return lock, userError(fmt.Sprintf("the state of %s is not locked", rec.ID))
	case errors.Is(err, ErrNotFound) && u.LockID == "":
		return lock, userError(fmt.Sprintf("driftless knows of no lock: its backend %q keeps the state of %s, and no apply was kept from its work. If the engine names one, give its ID with --lock-id", rec.Backend, rec.ID))
	case ignoreMissing(err) != nil:
		return lock, err
	case rec.Backend != "" && u.LockID != "" && lock.ID != u.LockID:
		return Lock{ID: u.LockID, Backend: rec.Backend}, nil
	case rec.Backend != "" && lock.ID == "":
		return lock, userError("the engine did not say which lock it is: find its ID in the backend, and give it with --lock-id")
	case u.LockID != "" && lock.ID != u.LockID:
		return lock, userError(fmt.Sprintf("the lock %s is not held any more; now it is %s", u.LockID, lock))
	}
	return lock, nil
}

// gone refuses to take a lock from a holder that may live.
func gone(lock Lock, force bool) error {
	switch {
	case !lock.Stuck():
		return userError(fmt.Sprintf("%s works under this lock: wait for its end", lock))
	case force:
		return nil
	case lock.RunStatus == Interrupted:
		return userError(fmt.Sprintf("run %d was interrupted, and what it did is not known: make sure that its engine is gone, also on other machines, and look at the resources and the state. Then `driftless resume %[1]d` or `driftless discard %[1]d` settles it, and releases the lock. --force only takes the lock away, and the run waits for a decision all the same", lock.RunID))
	case lock.RunStatus == "":
		return userError(fmt.Sprintf("driftless does not know what became of the holder (%s): make sure that it is gone. Then --force takes the lock away", lock))
	}
	return nil
}

// holderOver refuses to take a lock from an interrupted run whose apply may still report how it ended.
func (c *Commander) holderOver(tx Tx, runID int64) error {
	run, err := tx.Run(runID)
	if err != nil {
		return ignoreMissing(err)
	}
	if run.Status != Interrupted {
		return nil
	}
	return c.over(tx, run, true) // --force: a person was asked to make sure
}

// takeKept frees a state that driftless keeps.
func takeKept(j *journal, rec Workspace, lock Lock, actor, reason string) error {
	if err := j.tx.UnlockState(rec.ID); err != nil {
		return err
	}
	if err := stateEvent(j, "state unlocked", rec.ID, actor, lock.RunID, fmt.Sprintf("was locked by %s: %s", lock, reason)); err != nil {
		return err
	}
	if err := lockGone(j, rec.ID, actor); err != nil {
		return err
	}
	holder, err := j.tx.Run(lock.RunID)
	if err != nil {
		return ignoreMissing(err)
	}
	return unlockedNow(j, holder)
}
