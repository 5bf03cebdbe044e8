package runner

import (
	"errors"
	"fmt"
	"slices"

	"github.com/driftlessops/driftless/workspaces"
)

// errCanceled ends a run that somebody canceled.
var errCanceled = errors.New("canceled")

// cancel ends what is queued or being planned for a pull request. An apply that began is finished.
func (h *hearing) cancel(pull Pull, targets []*workspaces.Workspace) (action, error) {
	return func(j *journal) (string, error) {
		canceled := 0
		for _, ws := range targets {
			runs, err := j.tx.Runs(RunFilter{Workspace: ws.ID, PullID: pull.ID, Statuses: []Status{Queued, Planning, Planned, Applying}})
			if err != nil {
				return "", err
			}
			for _, run := range runs {
				if len(h.cmd.Runs) > 0 && !slices.Contains(h.cmd.Runs, run.ID) {
					continue
				}
				if run.Status == Applying {
					return "", userError(fmt.Sprintf("Run %d is being applied: it is finished, because half an apply is worse. If it must end, `driftless cancel %[1]d` where driftless runs interrupts it.", run.ID))
				}
				if err := cancelRun(j, run, h.c.Author, &h.stop); err != nil {
					return "", err
				}
				canceled++
			}
		}
		if canceled == 0 {
			return "", userError("Nothing of this pull request is queued or being planned.")
		}
		return fmt.Sprintf("canceled %d", canceled), nil
	}, nil
}

func cancelRun(j *journal, run Run, who string, stop *[]int64) error {
	from := run.Status
	run.Status, run.Reason, run.FinishedAt = Canceled, "canceled by "+who, now()
	if err := j.tx.UpdateRun(run, from); err != nil {
		return err
	}
	if from.Active() {
		*stop = append(*stop, run.ID)
	}
	return j.add(Event{
		Kind: "canceled", Actor: who, Repository: run.Repository, Workspace: run.Workspace, RunID: run.ID, PullID: run.PullID,
		Commit: run.Commit, Message: run.Reason,
	})
}
