package runner

import (
	"fmt"

	"github.com/driftlessops/driftless/workspaces"
)

// applyAgain makes what a merged pull request left undone be planned and judged again, and applied if it may be.
func (h *hearing) applyAgain(pull Pull, targets []*workspaces.Workspace) (action, error) {
	return func(j *journal) (string, error) {
		var again []workspaces.ID
		for _, ws := range targets {
			run, ok, err := lastApply(j.tx, ws.ID)
			if err != nil {
				return "", err
			}
			if !ok || run.Status != Failed && run.Status != Canceled && run.Status != Held && run.Status != Blocked {
				if ok && run.Status == Interrupted {
					return "", userError(fmt.Sprintf("The apply of `%s` was interrupted, and %s.", plainWord(afterRepository(ws.ID)), firstLine(run.Reason)))
				}
				continue
			}
			if err := h.again(j, run); err != nil {
				return "", err
			}
			again = append(again, ws.ID)
		}
		if len(again) == 0 {
			return "", userError("Nothing of this pull request failed or waits.")
		}
		return fmt.Sprintf("tries %d again", len(again)), nil
	}, nil
}

// again lets a run be planned and judged anew, whatever ran before it. One that failed stays on record as what it was.
func (h *hearing) again(j *journal, run Run) error {
	if run.Status != Failed && run.Status != Canceled {
		if err := supersede(j, []Run{run}, "because "+h.c.Author+" asked for another try", nil); err != nil {
			return err
		}
	}
	next := Run{
		Repository: run.Repository, Workspace: run.Workspace, Purpose: PurposeApply, Status: Queued, Commit: run.Commit, Tree: run.Tree,
		Base: run.Base, Labels: run.Labels, InputDigest: run.InputDigest, Actor: h.c.Author, CreatedAt: now(),
		Trigger: fmt.Sprintf("another try of run %d by %s", run.ID, h.c.Author),
	}
	if err := j.tx.InsertRun(&next); err != nil {
		return err
	}
	return j.run("run queued", next, next.Trigger)
}

// lastApply is the newest run that applies what the tracked branch says, or an apply before a merge that was interrupted.
func lastApply(tx Tx, id workspaces.ID) (run Run, ok bool, err error) {
	runs, err := trackedApplies(tx, id)
	for _, r := range runs {
		ended := r.Status == Superseded || r.PullID != 0 && r.Status != Interrupted
		if !ended && (!ok || r.ID > run.ID) {
			run, ok = r, true
		}
	}
	return run, ok, err
}
