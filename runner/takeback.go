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

// withApplied are the workspaces that a pull request touches, and those that it was applied to before its merge.
func withApplied(tx Tx, pull Pull) ([]workspaces.ID, error) {
	runs, err := tx.Runs(RunFilter{PullID: pull.ID, Purposes: []Purpose{PurposeApply}})
	return heldBy(pull, runs), err
}

// heldBy is withApplied, given the applies that comments on a pull request asked for.
func heldBy(pull Pull, applies []Run) []workspaces.ID {
	ids, known := slices.Clone(pull.Affected), map[workspaces.ID]bool{}
	for _, id := range ids {
		known[id] = true
	}
	for _, run := range applies {
		if !run.AppliedAt.IsZero() && !known[run.Workspace] {
			ids, known[run.Workspace] = append(ids, run.Workspace), true
		}
	}
	return ids
}

// leftAfter are the pull requests that left after a workspace was applied from them: what takes that back is shown there.
func leftAfter(tx Tx, id workspaces.ID) (ids []int64, err error) {
	runs, err := tx.Runs(RunFilter{Workspace: id, Purposes: []Purpose{PurposeApply}, Brief: true, Limit: 20})
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
func (s *standing) stillHeld(branch string) (cautions []string) {
	for _, id := range s.held[len(s.pull.Affected):] {
		if s.known[id].Reserved != s.pull.ID {
			continue
		}
		cautions = append(cautions, fmt.Sprintf("`%s` is reserved by this pull request: an earlier commit of it was applied there, and this one does not touch it. Once this is merged or closed, or with `driftless unlock`, what `%s` says of it is planned again and waits for an approval.",
			plainWord(afterRepository(id)), plainWord(branch)))
	}
	return cautions
}
