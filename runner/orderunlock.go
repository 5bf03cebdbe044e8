package runner

import (
	"errors"
	"fmt"

	"github.com/driftlessops/driftless/workspaces"
)

// unlock gives up what a pull request holds: state locks that ended runs left behind, or, where there is none, workspaces that
// it reserved.
func (h *hearing) unlock(pull Pull, targets []*workspaces.Workspace) (action, error) {
	return func(j *journal) (string, error) {
		freed := 0
		for _, ws := range targets {
			n, err := h.unlockOne(j, pull, ws.ID)
			if err != nil {
				return "", err
			}
			freed += n
		}
		if freed == 0 {
			return "", userError("This pull request holds nothing: no workspace is reserved by it, and no lock of an ended run is left.")
		}
		return fmt.Sprintf("freed %d", freed), nil
	}, nil
}

func (h *hearing) unlockOne(j *journal, pull Pull, id workspaces.ID) (freed int, err error) {
	active, err := j.tx.Runs(RunFilter{Workspace: id, Purposes: trackedPurposes, Statuses: []Status{Planning, Planned, Ready, Applying}})
	if err != nil {
		return 0, err
	} else if len(active) > 0 {
		return 0, userError(fmt.Sprintf("Run %d works on `%s`: wait for its end.", active[0].ID, plainWord(afterRepository(id))))
	}
	if pid := processIn(h.w.r.opts.DataDir, h.w.r.workDir(id)); pid != "" {
		return 0, userError(fmt.Sprintf("The engine of an earlier run still works on `%s` (process %s): wait for its end.", plainWord(afterRepository(id)), pid))
	}
	if err := undecided(j.tx, id); err != nil {
		return 0, err
	}
	unlocked, err := releaseLock(j, Run{Repository: pull.Repository, Workspace: id}, h.c.Author)
	if err != nil {
		return 0, err
	} else if unlocked { // what it reserved is given up when that is said again: the lock was in its way
		return 1, lockGone(j, id, h.c.Author)
	}
	rec, err := j.tx.Workspace(id)
	if errors.Is(err, ErrNotFound) || err == nil && rec.Reserved != pull.ID {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	return 1, release(j, rec, h.c.Author, "unlocked")
}

// undecided refuses to take the lock of an interrupted run: what its apply did is not known, and a comment cannot vouch for that.
func undecided(tx Tx, id workspaces.ID) error {
	lock, err := tx.StateLock(id)
	if err != nil {
		return ignoreMissing(err)
	}
	run, err := tx.Run(lock.RunID)
	if err != nil || run.Status != Interrupted {
		return ignoreMissing(err)
	}
	return userError(fmt.Sprintf("Run %d was interrupted, and what it did is not known. Look at the resources and the state, then comment `driftless resume %[1]d` or `driftless discard %[1]d`: both release the lock. On the machine, `driftless unlock %s --force` takes the lock alone.", run.ID, plainWord(afterRepository(id))))
}
