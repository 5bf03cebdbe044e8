package runner

import (
	"errors"
	"slices"

	"github.com/driftlessops/driftless/workspaces"
)

// takenBack is, of a pull request that was closed after an apply, the first run that is about what the tracked branch says
// again, and what took that one's place; as long as there is none, the apply.
func takenBack(runs []Run, pull Pull) (found Run, ok bool) {
	for i := len(runs) - 1; i >= 0; i-- {
		run := runs[i]
		switch {
		case run.PullID == pull.ID && !run.AppliedAt.IsZero():
			found, ok = run, true
		case ok && run.PullID == 0 && (found.PullID != 0 || found.Status == Superseded || run.Approves == found.ID):
			found = run
		}
	}
	return found, ok && found.Status != Superseded
}

// touchedBy are the workspaces that a pull request touches. Of a closed one they are those that it was applied to as well:
// its last commit need not have touched them any more.
func touchedBy(tx Tx, pull Pull) ([]workspaces.ID, error) {
	if pull.State != Closed {
		return pull.Affected, nil
	}
	return withApplied(tx, pull)
}

// withApplied are the workspaces that a pull request touches, and those that it was applied to before its merge.
func withApplied(tx Tx, pull Pull) ([]workspaces.ID, error) {
	ids := slices.Clone(pull.Affected)
	runs, err := tx.Runs(RunFilter{PullID: pull.ID, Purposes: []Purpose{PurposeApply}})
	for _, run := range runs {
		if !run.AppliedAt.IsZero() && !slices.Contains(ids, run.Workspace) {
			ids = append(ids, run.Workspace)
		}
	}
	return ids, err
}

// closedAfter are the closed pull requests that a workspace was applied from lately: what takes that back is shown there.
func closedAfter(tx Tx, id workspaces.ID) (ids []int64, err error) {
	runs, err := tx.Runs(RunFilter{Workspace: id, Purposes: []Purpose{PurposeApply}, Limit: 20})
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		if run.PullID == 0 || run.AppliedAt.IsZero() || slices.Contains(ids, run.PullID) {
			continue
		}
		switch pull, err := tx.Pull(run.PullID); {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return nil, err
		case pull.State == Closed:
			ids = append(ids, pull.ID)
		}
	}
	return ids, nil
}

func isOrphan(tx Tx, id workspaces.ID) bool {
	rec, err := tx.Workspace(id)
	return err == nil && rec.Orphan
}
