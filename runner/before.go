package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
)

// beforeMerge lists the workspaces of a pull request that are applied before its merge: the tracked branch lets them.
func beforeMerge(v *pullView) (ids []workspaces.ID) {
	for _, e := range v.effects {
		if e.Affected && !e.Removed && e.Workspace.Apply == workspaces.BeforeMerge {
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
		b, err := h.w.inputs(ctx, pull, ws)
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
		if n == 0 {
			return "", userError("There is nothing to apply: the plans have no changes.")
		}
		return fmt.Sprintf("applies %d", n), nil
	}, nil
}

// applicable leaves the workspaces that may be applied before the merge.
func (h *hearing) applicable(targets []*workspaces.Workspace) ([]*workspaces.Workspace, error) {
	var may []*workspaces.Workspace
	for _, ws := range targets {
		if ws.Apply == workspaces.BeforeMerge {
			may = append(may, ws)
		} else if len(h.cmd.Workspaces)+len(h.cmd.Dirs) > 0 {
			return nil, userError(fmt.Sprintf("`%s` is applied after the merge (apply = %q). Merge the pull request, or let the tracked branch say apply = \"before_merge\" for it.", plainWord(afterRepository(ws.ID)), ws.Apply))
		}
	}
	if len(may) == 0 {
		return nil, userError("Nothing of this pull request is applied before the merge: merge it, and exactly what its report shows is applied. (apply = \"before_merge\" on the tracked branch would allow it.)")
	}
	return may, nil
}

// inputs reads a workspace's inputs as the merge would leave them.
func (w *watcher) inputs(ctx context.Context, pull Pull, ws *workspaces.Workspace) (b before, err error) {
	b.ws = ws
	set, err := w.judgedSet(ctx, pull.Tree)
	if err != nil {
		return b, err
	}
	merged, err := w.digester.Digest(ctx, set, ws)
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
	if own := branch.Workspace(ws.ID); own != nil {
		alone, err := w.digester.Digest(ctx, branch, own)
		if err != nil {
			return b, err
		}
		b.clean = alone.Sum == merged.Sum
	}
	return b, nil
}

// requirements says what a workspace requires of a pull request before it is applied that the pull request does not have.
func (w *watcher) requirements(ctx context.Context, pull Pull, b before, state forge.PullState) error {
	name := plainWord(afterRepository(b.ws.ID))
	switch {
	case !state.Open || state.Merged:
		return userError("This pull request is not open any more.")
	case state.Head != pull.Head:
		return userError(fmt.Sprintf("The newest commit is `%.12s`, and driftless has not planned it yet: wait for its report, and say it again.", state.Head))
	}
	for _, r := range b.ws.Require {
		var err error
		switch r {
		case workspaces.Approved:
			err = w.approved(ctx, name, state)
		case workspaces.Mergeable:
			err = mergeable(name, state)
		case workspaces.Undiverged:
			if !b.clean {
				err = userError(fmt.Sprintf("What `%s` reads has changed on the tracked branch since this branch was made: bring the branch up to date, and say it again when it is planned.", name))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// approved wants a review of this very head by somebody who may write here, and nobody's review that asks for changes.
func (w *watcher) approved(ctx context.Context, name string, state forge.PullState) error {
	if len(state.Rejected) > 0 {
		return userError(fmt.Sprintf("`%s` is not applied while a review asks for changes (%s).", name, strings.Join(state.Rejected, ", ")))
	}
	for _, login := range state.Approved {
		has, err := w.host.Permission(ctx, login)
		if err != nil {
			return err
		}
		if has >= forge.Write {
			return nil
		}
	}
	text := fmt.Sprintf("`%s` requires an approving review of this commit by somebody else who may write here", name)
	switch {
	case len(state.Outdated) > 0:
		text += fmt.Sprintf("; the one of %s is about an earlier commit", strings.Join(state.Outdated, ", "))
	case len(state.Approved) > 0:
		text += fmt.Sprintf("; %s may not", strings.Join(state.Approved, ", "))
	}
	return userError(text + ".")
}

func mergeable(name string, state forge.PullState) error {
	switch {
	case state.Draft:
		return userError(fmt.Sprintf("`%s` is not applied from a draft: mark the pull request as ready for review.", name))
	case len(state.Failing) > 0:
		return userError(fmt.Sprintf("`%s` is not applied while a status fails: %s.", name, plainWord(strings.Join(state.Failing, ", "))))
	case state.Mergeable == forge.NotYet:
		return &forge.Later{Reason: "the forge does not know yet whether the pull request can be merged"}
	case state.Mergeable == forge.No:
		return userError(fmt.Sprintf("`%s` is applied only from a pull request that can be merged, and the forge says this one cannot%s.", name, reasonOf(state.Reason)))
	}
	return nil
}

func reasonOf(text string) string {
	if text == "" {
		return ""
	}
	return " (" + plainWord(text) + ")"
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
		rec, err = Workspace{ID: b.ws.ID, Repository: pull.Repository, Labels: b.ws.TrustedLabels, Owner: b.ws.Owner, DependsOn: b.ws.DependsOn}, nil
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
		Base: pull.Base, InputDigest: b.digest, Actor: h.c.Author, CreatedAt: now(),
		Trigger: fmt.Sprintf("apply of pull request %s at %.8s by %s", pull.Key, pull.Head, h.c.Author),
	}
	if err := j.tx.InsertRun(&run); err != nil {
		return 0, err
	}
	return 1, j.run("run queued", run, run.Trigger)
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
	case run.FinishedAt.After(h.c.Created.Add(clockSkew)):
		return run, userError(fmt.Sprintf("`%s` was planned after you wrote this: read the report, and say it again.", name))
	case run.Status == Blocked || run.Verdict == nil || !run.Verdict.Passed():
		return run, userError(fmt.Sprintf("Policy blocks `%s`: %s", name, orElse(run.Reason, "it could not be judged")))
	case run.InputDigest != b.digest:
		return run, userError(fmt.Sprintf("What `%s` reads has changed since it was planned: wait for the new report, read it, and say it again.", name))
	case run.Status != Ready && run.Status != Unchanged:
		return run, userError(fmt.Sprintf("The plan of `%s` is %s: wait for the report, read it, and say it again.", name, run.Status))
	}
	return run, nil
}

// free refuses a workspace that somebody else holds, or that has something left to apply.
func (h *hearing) free(tx Tx, rec Workspace, pull Pull) error {
	name := plainWord(afterRepository(rec.ID))
	if rec.Reserved != 0 && rec.Reserved != pull.ID {
		other, err := tx.Pull(rec.Reserved)
		if err != nil {
			return err
		}
		return userError(fmt.Sprintf("`%s` is reserved by #%s, which was applied before its merge. Merge or close that one, or give it up there with `driftless unlock`.", name, other.Key))
	}
	runs, err := tx.Runs(RunFilter{Workspace: rec.ID, Purposes: trackedPurposes, Statuses: []Status{Queued, Planning, Planned, Ready, Applying, Interrupted}})
	if err != nil {
		return err
	}
	runs = slices.DeleteFunc(runs, func(r Run) bool { return r.Purpose == PurposeDrift && r.Status == Queued })
	if len(runs) > 0 {
		return userError(fmt.Sprintf("Run %d of `%s` is %s: wait for its end, and say it again.", runs[0].ID, name, runs[0].Status))
	}
	if rec.Reserved == 0 && rec.TargetDigest != rec.AppliedDigest {
		return userError(fmt.Sprintf("`%s` has merged changes that are not applied yet (%s): settle those first.", name, orElse(firstLine(rec.Reason), string(rec.Sync))))
	}
	return nil
}

// release gives up a reservation: what the tracked branch says is wanted again.
func release(j *journal, rec Workspace, actor, why string) error {
	pull := rec.Reserved
	rec.Reserved = 0
	if err := putIfChanged(j, rec); err != nil {
		return err
	}
	return j.add(Event{Kind: "workspace released", Actor: actor, Repository: rec.Repository, Workspace: rec.ID, PullID: pull, Message: why})
}

// reservedBy is the open pull request that a workspace is reserved by. One that left gives it up.
func reservedBy(j *journal, rec *Workspace) (pull Pull, reserved bool, err error) {
	if rec.Reserved == 0 {
		return pull, false, nil
	}
	pull, err = j.tx.Pull(rec.Reserved)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return pull, false, err
	}
	if err == nil && pull.State == Open {
		return pull, true, nil
	}
	if err := release(j, *rec, "", fmt.Sprintf("pull request %s is %s", pull.Key, orElse(string(pull.State), "gone"))); err != nil {
		return pull, false, err
	}
	*rec, err = j.tx.Workspace(rec.ID)
	return pull, false, err
}

// agreedBefore is what the report on an open pull request shows of a workspace: what its reviewers agreed to.
func (j *job) agreedBefore(ctx context.Context) (*coverage, error) {
	cover := &coverage{}
	err := j.r.opts.Store.View(ctx, func(tx Tx) error {
		pull, err := tx.Pull(j.run.PullID)
		if err != nil {
			return err
		}
		rep, err := tx.Report(pull.ID)
		if errors.Is(err, ErrNotFound) || err == nil && (rep.Head != pull.Head || rep.Runs[j.run.Workspace] == 0) {
			return nil
		} else if err != nil {
			return err
		}
		run, err := tx.Run(rep.Runs[j.run.Workspace])
		if err != nil || run.Verdict == nil || !run.Verdict.Passed() {
			return err
		}
		plan, err := loadPlan(tx, run.ID)
		if err != nil {
			return err
		}
		cover.add(plan, 1, 0)
		cover.pulls, cover.ids = []string{pull.Key}, []int64{pull.ID}
		return nil
	})
	return cover, err
}

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

// planShown ends an apply before the merge that would do something else than the report shows: the world has moved since it
// was planned. The pull request is planned again, and somebody who has read that asks again.
func (j *job) planShown(ctx context.Context) error {
	reason := fmt.Sprintf("%s beyond what the report shows, because something has changed since it was planned. It is planned again: read the new report, then comment `driftless apply` again",
		count(len(j.run.Unreviewed), "change goes", "changes go"))
	j.run.Reason = reason
	return j.to(ctx, Held, string(Held), reason, func(tx Tx, jr *journal, run *Run) error {
		shown, err := tx.Runs(RunFilter{Workspace: run.Workspace, PullID: run.PullID, Purposes: []Purpose{PurposePlan}, Statuses: []Status{Ready, Unchanged}})
		if err != nil {
			return err
		}
		if err := supersede(jr, shown, fmt.Sprintf("because run %d planned something else", run.ID), nil); err != nil {
			return err
		}
		return setSync(jr, *run, Pending, reason)
	})
}

// stillAllowed asks the forge once more, right before an apply before the merge: a review may have been withdrawn while it
// was planned.
func (j *job) stillAllowed(ctx context.Context) error {
	if j.run.PullID == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var pull Pull
	if err := j.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		pull, err = tx.Pull(j.run.PullID)
		return err
	}); err != nil {
		return err
	}
	if pull.State != Open || j.w.host == nil {
		return userError("the pull request is not open any more")
	}
	state, err := j.w.host.State(ctx, pull.Key)
	if err != nil {
		return err
	}
	b, err := j.w.inputs(ctx, pull, j.ws)
	if err != nil {
		return err
	}
	if b.digest != j.run.InputDigest {
		return userError("what it reads has changed since it was planned")
	}
	return j.w.requirements(ctx, pull, b, state)
}
