package runner

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/workspaces"
)

// approve approves what waits in the workspaces of a pull request that is merged, or closed after an apply; or the runs that
// the comment names. Of an open one only an interrupted apply can wait.
func (h *hearing) approve(pull Pull, targets []*workspaces.Workspace) (action, error) {
	return func(j *journal) (string, error) {
		runs, err := h.waiting(j.tx, pull, targets)
		if err != nil {
			return "", err
		}
		if len(runs) == 0 {
			return "", userError("Nothing of this pull request waits for an approval.")
		}
		if err := h.read(j.tx, pull, runs); err != nil {
			return "", err
		}
		for _, run := range runs {
			if err := approvable(j.tx, run); err != nil {
				return "", err
			}
			if err := h.notOwn(j.tx, run, pull); err != nil {
				return "", err
			}
			if err := h.shownBefore(run); err != nil {
				return "", err
			}
			if _, err := approveIn(j, run, h.c.Author); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("approved %d", len(runs)), nil
	}, nil
}

// waiting are the runs that a comment approves.
func (h *hearing) waiting(tx Tx, pull Pull, targets []*workspaces.Workspace) (runs []Run, err error) {
	for _, ws := range targets {
		run, ok, err := lastApply(tx, ws.ID)
		if err != nil {
			return nil, err
		}
		if pull.State == Open && (run.PullID != pull.ID || run.Status != Interrupted) {
			continue
		}
		if ok && (len(h.cmd.Runs) == 0 && (run.Status.Waiting() || run.Status == Failed) || slices.Contains(h.cmd.Runs, run.ID)) {
			runs = append(runs, run)
		}
	}
	for _, id := range h.cmd.Runs {
		if !slices.ContainsFunc(runs, func(r Run) bool { return r.ID == id }) {
			return nil, userError(fmt.Sprintf("Run %d is not what waits in a workspace of this pull request.", id))
		}
	}
	return runs, nil
}

// notOwn refuses an approval by somebody whose own change is to be applied.
func (h *hearing) notOwn(tx Tx, run Run, pull Pull) error {
	rec, err := tx.Workspace(run.Workspace)
	if err != nil {
		return err
	}
	merged, err := tx.Pulls(PullFilter{Repository: run.Repository, State: Merged, Limit: 200})
	if err != nil {
		return err
	}
	for _, p := range append(merged, pull) {
		if strings.EqualFold(p.Author, h.c.Author) && slices.Contains(p.Affected, run.Workspace) && (p.ID == pull.ID || p.UpdatedAt.After(rec.AppliedAt)) {
			return userError(fmt.Sprintf("Nobody approves a change of their own: `%s` waits with what you changed in #%s. Somebody else who may approve must do it.", plainWord(afterRepository(run.Workspace)), p.Key))
		}
	}
	return nil
}

// read refuses an approval that names no run, unless the report was as it is now when it was written. Who names a run has
// read of it.
func (h *hearing) read(tx Tx, pull Pull, runs []Run) error {
	if len(h.cmd.Runs) > 0 || len(runs) == 0 {
		return nil
	}
	post, err := tx.Post(pull.Repository, PostReport, pull.Key)
	if errors.Is(err, ErrNotFound) || err == nil && (post.Waiting() || post.ShownAt.After(h.c.Created.Add(clockSkew))) {
		return userError(fmt.Sprintf("The report has changed since you wrote this, or is about to: read it, and say it again, or name what you approve: `driftless approve %d`.", runs[0].ID))
	}
	return err
}

// shownBefore refuses a command that was written before what it is about could be seen.
func (h *hearing) shownBefore(run Run) error {
	if run.PlannedAt.After(h.c.Created.Add(clockSkew)) {
		return userError(fmt.Sprintf("Run %d was planned after you wrote this: read what it shows, and say it again.", run.ID))
	}
	return nil
}
