package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Cancel ends a run: at once while it is queued or planned; of an apply the engine is told to stop, and the run says later how
// far it got. It returns the run as it is then.
func (c *Commander) Cancel(ctx context.Context, runID int64, actor string) (run Run, err error) {
	err = c.update(ctx, func(j *journal) (err error) {
		if run, err = knownRun(j.tx, runID); err != nil {
			return err
		}
		switch {
		case run.Status == Applying:
			return askCancel(j, run, actor)
		case run.Status == Interrupted:
			return userError(fmt.Sprintf("run %d was interrupted already: `driftless show %[1]d` says what is known", run.ID))
		case run.Status == Ready && run.Purpose == PurposePlan || !slices.Contains([]Status{Queued, Planning, Planned, Ready}, run.Status):
			return userError(fmt.Sprintf("run %d is %s: there is nothing to cancel", run.ID, run.Status))
		}
		var stop []int64 // whoever works on it is told by the event
		if err := cancelRun(j, run, actor, &stop); err != nil {
			return err
		}
		run, err = j.tx.Run(run.ID)
		if err != nil || run.Purpose != PurposeApply || run.PullID != 0 {
			return err
		}
		return setSync(j, run, SyncFailed, fmt.Sprintf("run %d was canceled by %s: `driftless approve %[1]d` plans it again and applies it", run.ID, actor))
	})
	return run, err
}

// CancelAsked is the kind of the event by which an apply is to be interrupted.
const CancelAsked = "cancel asked"

// askCancel leaves word that an apply is to be interrupted. Who goes along with it looks for that.
func askCancel(j *journal, run Run, actor string) error {
	asked, err := j.tx.Events(EventFilter{RunID: run.ID, Kind: CancelAsked, Limit: 1})
	if err != nil || len(asked) > 0 {
		return err
	}
	return j.add(Event{
		Kind: CancelAsked, Actor: actor, Repository: run.Repository, Workspace: run.Workspace, RunID: run.ID, PullID: run.PullID,
		Commit: run.Commit, Message: "the engine is told to stop",
	})
}

func knownRun(tx Tx, id int64) (Run, error) {
	run, err := tx.Run(id)
	if errors.Is(err, ErrNotFound) {
		return run, userError(fmt.Sprintf("there is no run %d: `driftless runs` lists them", id))
	}
	return run, err
}

// heed stops what events say that is to be stopped here.
func (r *Runner) heed(events []Event) {
	for _, e := range events {
		if e.Kind == "canceled" {
			r.cancel(e.RunID, errCanceled)
		}
	}
}
