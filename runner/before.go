package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/driftlessops/driftless/workspaces"
)

// beforeMerge lists the workspaces of a pull request that are applied before its merge: the tracked branch lets them.
func beforeMerge(v *pullView) (ids []workspaces.ID) {
	for _, e := range v.effects {
		if !e.Removed && e.Workspace.Apply == workspaces.BeforeMerge {
			ids = append(ids, e.Workspace.ID)
		}
	}
	return ids
}

// before is one workspace that is to be applied before the merge.
type before struct {
	ws     *workspaces.Workspace
	digest string // of its inputs at the merge result
	clean  bool   // of its inputs, nothing changed on the tracked branch since the pull request was branched off
}

// applyBefore applies workspaces of an open pull request, where they allow that: exactly what its report shows, reviewed
// on the forge, on top of the tracked branch as it is now.
func (h *hearing) applyBefore(ctx context.Context, pull Pull, targets []*workspaces.Workspace) (action, error) {
	targets, err := h.applicable(targets)
	if err != nil {
		return nil, err
	}
	state, err := h.w.host.State(ctx, pull.Key)
	if err != nil {
		return nil, err
	}
	var all []before
	for _, ws := range targets {
		b, err := h.w.inputs(ctx, pull, ws.ID)
		if err != nil {
			return nil, err
		}
		if err := h.w.requirements(ctx, pull, b, state); err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	repo, err := h.w.record(ctx)
	if err != nil {
		return nil, err
	}
	commit, err := h.w.mirror.CommitTree(ctx, pull.Tree, fmt.Sprintf("%s at %s merged with %s", pull.Key, pull.Head, repo.Branch), pull.Base, pull.Head)
	if err != nil {
		return nil, err
	}
	return func(j *journal) (string, error) {
		n := 0
		for _, b := range all {
			queued, err := h.queueBefore(j, pull, b, commit)
			if err != nil {
				return "", err
			}
			n += queued
		}
		merges, err := h.asksToMerge(j.tx, pull)
		switch {
		case err != nil:
			return "", err
		case n > 0:
			return fmt.Sprintf("applies %d", n), nil
		case merges:
			return "lets it be merged", nil
		}
		return "", userError("There is nothing to apply: the plans have no changes.")
	}, nil
}

// asksToMerge keeps when it was asked for that a pull request is applied and then merged by driftless: who asked has read the
// report as it was then. It reports whether something was applied already.
func (h *hearing) asksToMerge(tx Tx, pull Pull) (bool, error) {
	if h.w.conf.Automerge == "" {
		return false, nil
	}
	now, err := tx.Pull(pull.ID)
	if err != nil {
		return false, err
	}
	now.AskedAt = h.c.Created
	if err := tx.PutPull(&now); err != nil {
		return false, err
	}
	ids, err := withApplied(tx, now)
	if err != nil {
		return false, err
	}
	known, err := workspacesOf(tx, ids)
	for _, rec := range known {
		if rec.Reserved == pull.ID {
			return true, err
		}
	}
	return false, err
}

// applicable leaves the workspaces that may be applied before the merge.
func (h *hearing) applicable(targets []*workspaces.Workspace) ([]*workspaces.Workspace, error) {
	var may []*workspaces.Workspace
	for _, ws := range targets {
		if ws.Apply == workspaces.BeforeMerge {
			may = append(may, ws)
		} else if len(h.cmd.Workspaces)+len(h.cmd.Dirs) > 0 {
			return nil, userError(fmt.Sprintf("`%s` is applied after the merge (`apply = %q`). Merge the pull request, or let the tracked branch say `apply = \"before_merge\"` for it.", plainWord(afterRepository(ws.ID)), ws.Apply))
		}
	}
	if len(may) == 0 {
		return nil, userError("Nothing of this pull request is applied before the merge; its report says what a merge does. (With `apply = \"before_merge\"` on the tracked branch it would be.)")
	}
	return may, nil
}

// inputs reads a workspace's inputs as the merge would leave them. What the workspace may do is what the tracked branch says
// at this moment.
func (w *watcher) inputs(ctx context.Context, pull Pull, id workspaces.ID) (b before, err error) {
	if repo, err := w.record(ctx); err != nil {
		return b, err
	} else if repo.Head != pull.Base {
		return b, userError(fmt.Sprintf("`%s` cannot be read as it is, and nothing is applied until that is mended: say it again then.", plainWord(repo.Branch)))
	}
	set, err := w.judgedSet(ctx, pull.Tree)
	if err != nil {
		return b, err
	}
	if b.ws = set.Workspace(id); b.ws == nil {
		return b, userError(fmt.Sprintf("`%s` is not in this pull request any more.", plainWord(afterRepository(id))))
	}
	merged, err := w.digester.Digest(ctx, set, b.ws)
	if err != nil {
		return b, err
	}
	b.digest = merged.Sum
	head, err := w.mirror.Commit(ctx, pull.Head)
	if err != nil {
		return b, err
	}
	branch, err := w.judgedSet(ctx, head.Tree)
	if err != nil {
		return b, err
	}
	if own := branch.Workspace(id); own != nil {
		alone, err := w.digester.Digest(ctx, branch, own)
		if err != nil {
			return b, err
		}
		b.clean = alone.Sum == merged.Sum
	}
	return b, nil
}

// queueBefore reserves a workspace for a pull request and queues its apply.
func (h *hearing) queueBefore(j *journal, pull Pull, b before, commit string) (queued int, err error) {
	seen, err := j.tx.Pull(pull.ID)
	if err != nil {
		return 0, err
	} else if seen.State != Open || seen.Tree != pull.Tree {
		return 0, ErrConflict // it moved on: looked at again
	}
	plan, err := h.agreedPlan(j.tx, pull, b)
	if err != nil || plan.Status == Unchanged {
		return 0, err
	}
	rec, err := j.tx.Workspace(b.ws.ID)
	if errors.Is(err, ErrNotFound) {
		if err := renamed(j.tx, b.ws); err != nil {
			return 0, err
		}
		rec, err = Workspace{ID: b.ws.ID, Repository: pull.Repository, Health: HealthUnknown, Labels: b.ws.TrustedLabels, Owner: b.ws.Owner, DependsOn: b.ws.DependsOn}, nil
	}
	if err != nil {
		return 0, err
	}
	if err := h.free(j.tx, rec, pull); err != nil {
		return 0, err
	}
	rec.Reserved, rec.Sync, rec.Reason = pull.ID, Pending, "is being applied before the merge of pull request "+pull.Key
	if err := putIfChanged(j, rec); err != nil {
		return 0, err
	}
	run := Run{
		Repository: pull.Repository, Workspace: b.ws.ID, Purpose: PurposeApply, Status: Queued, PullID: pull.ID, Commit: commit, Tree: pull.Tree,
		Base: pull.Base, InputDigest: b.digest, Approves: plan.ID, Actor: h.c.Author, CreatedAt: now(),
		Trigger: fmt.Sprintf("apply of pull request %s at %.8s by %s", pull.Key, pull.Head, h.c.Author), Labels: plan.Labels,
	}
	if err := j.tx.InsertRun(&run); err != nil {
		return 0, err
	}
	return 1, j.run("run queued", run, run.Trigger)
}

// renamed refuses a workspace whose state still belongs to its earlier name: it would be made a second time.
func renamed(tx Tx, ws *workspaces.Workspace) error {
	from := renamedFrom(ws)
	if from == "" {
		return nil
	}
	if _, err := tx.Workspace(from); errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	return userError(fmt.Sprintf("`%s` was `%s` until the merge, which its state goes along with: merge it, and what its report shows is applied.", plainWord(afterRepository(ws.ID)), plainWord(afterRepository(from))))
}

// agreedPlan is the plan that the report shows, and showed when the comment was written.
func (h *hearing) agreedPlan(tx Tx, pull Pull, b before) (Run, error) {
	name := plainWord(afterRepository(b.ws.ID))
	rep, err := tx.Report(pull.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Run{}, err
	}
	id := rep.Runs[b.ws.ID]
	if rep.Head != pull.Head || id == 0 {
		return Run{}, userError(fmt.Sprintf("`%s` is not planned yet at `%.12s`: wait for the report, read it, and say it again.", name, pull.Head))
	}
	run, err := tx.Run(id)
	if err != nil {
		return run, err
	}
	switch {
	case rep.At.IsZero(), h.before(rep.At):
		return run, userError(fmt.Sprintf("The report showed the plan of `%s` only after you wrote this: read it, and say it again.", name))
	case run.Status == Blocked || run.Verdict == nil || !run.Verdict.Passed():
		return run, userError(fmt.Sprintf("Policy blocks `%s`: %s", name, orElse(run.Reason, "it could not be judged")))
	case run.InputDigest != b.digest:
		return run, userError(fmt.Sprintf("What `%s` reads has changed since it was planned: wait for the new report, read it, and say it again.", name))
	case run.Status != Ready && run.Status != Unchanged:
		return run, userError(fmt.Sprintf("The plan of `%s` is %s: wait for the report, read it, and say it again.", name, run.Status))
	}
	return run, nil
}
