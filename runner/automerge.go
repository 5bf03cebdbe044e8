package runner

import (
	"errors"
	"slices"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
)

// automerge lets the forge merge a pull request once all of it that is applied before the merge is applied, and the rest is
// planned and passes.
func (w *watcher) automerge(j *journal, v *pullView) error {
	p := &v.pull
	if w.conf.Automerge == "" || w.host == nil || len(p.Before) == 0 || p.Aside != "" {
		return nil
	}
	for _, e := range v.effects {
		if !e.Affected || e.Removed {
			continue
		}
		ready, err := mergesWith(j.tx, p, e.Workspace.ID, e.Head.Sum)
		if err != nil || !ready {
			return err
		}
	}
	return newDraft(PostMerge, p.Key, mergeWish{Head: p.Head, Method: forge.MergeMethod(w.conf.Automerge)}).record(j.tx, p.Repository)
}

// mergesWith reports whether nothing of a workspace stands in the way of a merge by driftless.
func mergesWith(tx Tx, p *Pull, id workspaces.ID, digest string) (bool, error) {
	if slices.Contains(p.Before, id) {
		rec, err := tx.Workspace(id)
		if errors.Is(err, ErrNotFound) {
			return false, nil
		}
		return rec.Reserved == p.ID && rec.AppliedDigest == digest, err
	}
	runs, err := tx.Runs(RunFilter{Workspace: id, PullID: p.ID, Purposes: []Purpose{PurposePlan}})
	run, ok := newest(runs, id, Open)
	return ok && run.InputDigest == digest && (run.Status == Ready || run.Status == Unchanged), err
}
