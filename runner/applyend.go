package runner

import (
	"errors"
	"maps"
	"slices"
)

// write writes all that belongs to the end of an apply.
func (j *job) write(tx Tx, jr *journal, run Run, o aftermath) error {
	err := errors.Join(j.keepLeft(tx, jr, run, o), tx.DeleteBlobs(BlobKey(run.ID, traitsBlob)))
	if err != nil {
		return err
	}
	if o.status != Applied {
		if err := made(jr, run, o.steps); err != nil {
			return err
		}
	}
	if o.broken || o.partial { // what it says of what was made is not all
		if err := lost(jr, run); err != nil {
			return err
		}
	}
	if o.status == Interrupted {
		return setSync(jr, run, SyncFailed, run.Reason)
	}
	if err := freeState(tx, run); err != nil {
		return err
	}
	switch {
	case o.status == Applied:
		err = j.settle(jr, run)
	case o.stale:
		return j.planAgain(tx, jr, run)
	default:
		err = setSync(jr, run, SyncFailed, firstLine(run.Reason))
	}
	if err == nil && o.checks != nil {
		err = j.assessed(jr, run, *o.checks)
	}
	return err
}

// keepLeft keeps the states that the engine wrote, those that it left in files, and why others were refused.
func (j *job) keepLeft(tx Tx, jr *journal, run Run, o aftermath) error {
	for _, why := range o.refused {
		if err := jr.add(Event{Kind: StateRefused, Repository: run.Repository, Workspace: run.Workspace, RunID: run.ID, Message: why}); err != nil {
			return err
		}
	}
	files := maps.Clone(o.rescued)
	for _, v := range o.versions {
		if err := keepVersion(tx, run, v); errors.Is(err, errForeignState) {
			files[lateState] = v.Content
		} else if err != nil {
			return err
		}
	}
	_, late := files[lateState]
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := keepLeftState(tx, run.ID, name, files[name]); err != nil {
			return err
		}
		message := "the engine could not write its state; it is kept with the run as " + name
		switch {
		case name == lateState:
			message = "the state was changed by somebody else during the apply; the engine's is kept with the run as " + name
		case o.taken:
			message = "the engine could not write its state; the one it left behind was taken over"
		}
		err := jr.add(Event{
			Kind: stateRescued, Repository: run.Repository, Workspace: run.Workspace, RunID: run.ID, PullID: run.PullID, Commit: run.Commit, Message: message,
		})
		if err != nil {
			return err
		}
	}
	if o.taken && !late {
		return takenOver(tx, run.ID, "taken over when the run ended")
	}
	return nil
}
