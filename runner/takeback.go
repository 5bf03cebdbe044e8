package runner

import (
	"errors"
	"fmt"
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

// touchedBy are the workspaces that a pull request touches. Of one that left they are those that it was applied to as well:
// its last commit need not have touched them any more.
func touchedBy(tx Tx, pull Pull) ([]workspaces.ID, error) {
	if pull.State == Open {
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

// leftAfter are the pull requests that left after a workspace was applied from them: what takes that back is shown there.
func leftAfter(tx Tx, id workspaces.ID) (ids []int64, err error) {
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
		case pull.State != Open:
			ids = append(ids, pull.ID)
		}
	}
	return ids, nil
}

// stillHeld tells of the workspaces that an earlier commit of a pull request was applied to, and that this one does not touch.
func stillHeld(tx Tx, pull Pull, branch string) (cautions []string, err error) {
	ids, err := withApplied(tx, pull)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		rec, err := tx.Workspace(id)
		if errors.Is(err, ErrNotFound) || err == nil && (rec.Reserved != pull.ID || slices.Contains(pull.Affected, id)) {
			continue
		} else if err != nil {
			return nil, err
		}
		cautions = append(cautions, fmt.Sprintf("`%s` is reserved by this pull request: an earlier commit of it was applied there, and this one does not touch it. Once this is merged or closed, or with `driftless unlock`, what `%s` says of it is planned again and waits for an approval.",
			plainWord(afterRepository(id)), plainWord(branch)))
	}
	return cautions, nil
}

func isOrphan(tx Tx, id workspaces.ID) bool {
	rec, err := tx.Workspace(id)
	return err == nil && rec.Orphan
}
