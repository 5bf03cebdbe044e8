package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// reconcileLocked derives what is due from what Git, the forge and the store say, and writes it down in one transaction.
func (w *watcher) reconcileLocked(ctx context.Context) (err error) {
	w.dirty.Store(false)
	defer func() {
		w.looked = time.Now()
		if err != nil {
			w.dirty.Store(true) // look again at the next poll
		}
	}()
	o, err := w.observe(ctx)
	if err != nil {
		return err
	}
	if o.repo.Diverged != "" {
		return w.hold(ctx, o)
	}
	var stop []int64
	pulls := make([]Pull, 0, len(o.open))
	err = w.r.update(ctx, func(tx Tx, j *journal) error {
		stop, pulls = nil, pulls[:0]
		return w.write(o, j, &stop, &pulls)
	})
	if err != nil {
		return err
	}
	w.tracked.Store(o.set)
	for _, id := range stop {
		w.r.cancel(id, errSuperseded)
	}
	if err := w.keep(ctx, o, pulls); err != nil {
		return err
	}
	w.r.Wake()
	var problems []error
	for _, p := range pulls {
		problems = append(problems, w.r.report(ctx, p.ID))
	}
	return errors.Join(problems...)
}

// hold records a tracked branch that was rewritten: nothing is decided until a person acknowledges it.
func (w *watcher) hold(ctx context.Context, o *observation) error {
	o.repo.PolledAt = now()
	o.repo.Error = fmt.Sprintf("branch %s was rewritten: %.8s does not descend from %.8s. Everything holds until `driftless approve --repository %s` acknowledges it",
		o.repo.Branch, o.repo.Diverged, o.repo.Head, o.repo.Name)
	return w.r.update(ctx, func(tx Tx, j *journal) error {
		old, err := tx.Repository(o.repo.Name)
		if err != nil {
			return err
		}
		if err := tx.PutRepository(o.repo); err != nil || old.Diverged == o.repo.Diverged {
			return err
		}
		return j.add(Event{Kind: "branch rewritten", Repository: o.repo.Name, Commit: o.repo.Diverged, Message: o.repo.Error})
	})
}

// write writes one observation. Runs that must stop and pulls whose reports may change are appended.
func (w *watcher) write(o *observation, j *journal, stop *[]int64, pulls *[]Pull) error {
	old, err := j.tx.Repository(o.repo.Name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	o.repo.PolledAt = now()
	if err := j.tx.PutRepository(o.repo); err != nil {
		return err
	}
	if old.Head != o.repo.Head {
		if err := j.add(Event{Kind: "tracked branch moved", Repository: o.repo.Name, Commit: o.head, Message: fmt.Sprintf("%s is at %.8s", o.repo.Branch, o.head)}); err != nil {
			return err
		}
	}
	for i := range o.left {
		if err := w.writeLeft(o, j, &o.left[i], stop); err != nil {
			return err
		}
		*pulls = append(*pulls, o.left[i])
	}
	for _, ws := range o.set.Workspaces {
		if err := w.writeTracked(o, j, ws, stop); err != nil {
			return fmt.Errorf("%s: %w", ws.ID, err)
		}
	}
	if err := w.writeOrphans(o, j); err != nil {
		return err
	}
	for i := range o.open {
		if err := w.writePull(o, j, &o.open[i], stop); err != nil {
			return fmt.Errorf("pull request %s: %w", o.open[i].pull.Key, err)
		}
		*pulls = append(*pulls, o.open[i].pull)
	}
	return nil
}

// writeTracked brings the record of one workspace up to the tracked head, and queues its run when one is due.
func (w *watcher) writeTracked(o *observation, j *journal, ws *workspaces.Workspace, stop *[]int64) error {
	rec, err := recordOf(j, o.set, ws)
	if err != nil {
		return err
	}
	rec.Labels, rec.Owner, rec.DependsOn, rec.Orphan = ws.TrustedLabels, ws.Owner, ws.DependsOn, false
	if len(ws.Problems) > 0 {
		rec.Sync, rec.Reason, rec.TargetDigest, rec.TargetCommit = SyncFailed, ws.Problems[0], "", o.head
		return putIfChanged(j, rec)
	}
	runs, err := j.tx.Runs(RunFilter{Workspace: ws.ID, Purposes: trackedPurposes, Limit: 50})
	if err != nil {
		return err
	}
	digest := o.digests[ws.ID].Sum
	if rec.TargetDigest != digest || rec.TargetCommit == "" {
		rec.TargetDigest, rec.TargetCommit = digest, o.head
	}
	want := wish{digest: digest, tree: o.tree, revision: o.revision}
	d := decideTracked(want, rec, runs)
	if err := supersede(j, d.supersede, fmt.Sprintf("by %.8s on %s", o.head, o.repo.Branch), stop); err != nil {
		return err
	}
	if d.create {
		run := Run{
			Repository: o.repo.Name, Workspace: ws.ID, Purpose: PurposeApply, Status: Queued, Commit: o.head, Tree: o.tree,
			Base: orElse(o.repo.PrevHead, o.head), InputDigest: digest, Trigger: fmt.Sprintf("%s at %.8s", o.repo.Branch, o.head), CreatedAt: now(),
		}
		if err := j.tx.InsertRun(&run); err != nil {
			return err
		}
		if err := j.run("run queued", run, "apply: "+run.Trigger); err != nil {
			return err
		}
		rec.Sync, rec.Reason = Pending, "waits to be planned"
	} else if rec.AppliedDigest == digest && rec.Sync != Drifted {
		rec.Sync, rec.Reason = syncedOrUnknown(ws, rec)
	}
	return putIfChanged(j, rec)
}

// syncedOrUnknown says whether the world was looked at recently enough to call the workspace in sync.
func syncedOrUnknown(ws *workspaces.Workspace, rec Workspace) (Sync, string) {
	if ws.Freshness > 0 && now().Sub(rec.CheckedAt) > ws.Freshness {
		return Unknown, "not checked since " + rec.CheckedAt.Format(time.RFC3339)
	}
	return Synced, ""
}

// recordOf returns the record of a workspace, carried over from its earlier identity when it was renamed.
func recordOf(j *journal, set *workspaces.Set, ws *workspaces.Workspace) (Workspace, error) {
	rec, err := j.tx.Workspace(ws.ID)
	if !errors.Is(err, ErrNotFound) {
		return rec, err
	}
	from := renamedFrom(ws)
	if from == "" || set.Workspace(from) != nil {
		return Workspace{ID: ws.ID, Repository: ws.Repository}, nil
	}
	if _, err := j.tx.Workspace(from); errors.Is(err, ErrNotFound) {
		return Workspace{ID: ws.ID, Repository: ws.Repository}, nil
	} else if err != nil {
		return rec, err
	}
	if err := j.tx.RenameWorkspace(from, ws.ID); err != nil {
		return rec, err
	}
	if err := j.add(Event{Kind: "workspace renamed", Repository: ws.Repository, Workspace: ws.ID, Message: fmt.Sprintf("was %s", from)}); err != nil {
		return rec, err
	}
	return j.tx.Workspace(ws.ID)
}

// writeOrphans marks workspaces whose directories are gone. Nothing of theirs is destroyed.
func (w *watcher) writeOrphans(o *observation, j *journal) error {
	all, err := j.tx.Workspaces(WorkspaceFilter{Repository: o.repo.Name})
	if err != nil {
		return err
	}
	for _, rec := range all {
		if rec.Orphan || o.set.Workspace(rec.ID) != nil {
			continue
		}
		rec.Orphan, rec.Sync = true, Unknown
		rec.Reason = "its directory is gone from " + o.repo.Branch + ": nothing was destroyed, and its state is kept"
		if err := putIfChanged(j, rec); err != nil {
			return err
		}
		if err := j.add(Event{Kind: "workspace orphaned", Repository: rec.Repository, Workspace: rec.ID, Commit: o.head, Message: rec.Reason}); err != nil {
			return err
		}
	}
	return nil
}

// writePull records an open pull request and queues the plans that are due for it.
func (w *watcher) writePull(o *observation, j *journal, v *pullView, stop *[]int64) error {
	p := &v.pull
	old, err := j.tx.Pull(p.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	p.UpdatedAt = now()
	if p.ID == 0 {
		p.CreatedAt = p.UpdatedAt
	}
	if err := j.tx.PutPull(p); err != nil {
		return err
	}
	if old.Head != p.Head {
		if err := j.add(Event{Kind: "pull request seen", Repository: p.Repository, PullID: p.ID, Commit: p.Head, Actor: p.Author, Message: fmt.Sprintf("%s: %s", p.Key, p.Title)}); err != nil {
			return err
		}
	}
	runs, err := j.tx.Runs(RunFilter{PullID: p.ID, Purposes: []Purpose{PurposePlan}})
	if err != nil {
		return err
	}
	byWorkspace := map[workspaces.ID][]Run{}
	for _, run := range runs {
		byWorkspace[run.Workspace] = append(byWorkspace[run.Workspace], run)
	}
	for _, e := range v.effects {
		if !e.Affected || e.Removed {
			continue
		}
		if err := w.writePlan(o, j, v, e, byWorkspace[e.Workspace.ID], stop); err != nil {
			return err
		}
		delete(byWorkspace, e.Workspace.ID)
	}
	why := fmt.Sprintf("by %.8s, which does not touch this workspace", p.Head)
	if v.effects == nil {
		why = fmt.Sprintf("by %.8s, which cannot be planned", p.Head)
	}
	for _, rest := range byWorkspace {
		moot := slices.DeleteFunc(rest, func(r Run) bool { return !r.Status.superseded() })
		if err := supersede(j, moot, why, stop); err != nil {
			return err
		}
	}
	return nil
}

// writePlan queues the plan of one workspace for a pull request when one is due.
func (w *watcher) writePlan(o *observation, j *journal, v *pullView, e workspaces.Effect, runs []Run, stop *[]int64) error {
	rec, err := j.tx.Workspace(e.Workspace.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	want := wish{digest: e.Head.Sum, tree: v.pull.Tree, revision: o.current}
	fresh := e.Workspace.Freshness
	if fresh <= 0 {
		fresh = 24 * time.Hour
	}
	d := decidePull(want, rec, runs, fresh, now())
	if err := supersede(j, d.supersede, fmt.Sprintf("by %.8s", v.pull.Head), stop); err != nil || !d.create {
		return err
	}
	run := Run{
		Repository: o.repo.Name, Workspace: e.Workspace.ID, Purpose: PurposePlan, Status: Queued, PullID: v.pull.ID,
		Commit: v.pull.Head, Tree: v.pull.Tree, Base: o.head, InputDigest: e.Head.Sum,
		Trigger: "pull request " + v.pull.Key + ": " + e.Reason, CreatedAt: now(),
	}
	if problem := planProblem(v, e.Workspace); problem != "" {
		run.Status, run.Reason, run.FinishedAt, run.PlannedAt, run.StartedAt = Failed, problem, now(), now(), now()
		run.PolicyRevision = want.revision
	}
	if err := j.tx.InsertRun(&run); err != nil {
		return err
	}
	return j.run("run queued", run, run.Trigger)
}

// planProblem is why a workspace of a pull request cannot be planned, or "".
func planProblem(v *pullView, ws *workspaces.Workspace) string {
	if len(ws.Problems) > 0 {
		return ws.Problems[0]
	}
	if old, ok := v.twins[ws.ID]; ok {
		return fmt.Sprintf("it looks like %s under a new name, and applying it would build everything a second time. If it was renamed, say so in driftless.hcl, and its state and history go along:\n\n  workspace %q {\n    renamed_from = %q\n  }\n\nIf both names are meant, remove the old directory in a pull request of its own.",
			old, ws.Dir, afterRepository(old))
	}
	return ""
}

// writeLeft records how a pull request ended; plans that nobody will read any more stop.
func (w *watcher) writeLeft(o *observation, j *journal, p *Pull, stop *[]int64) error {
	p.UpdatedAt = now()
	if p.CreatedAt.IsZero() {
		p.CreatedAt = p.UpdatedAt
	}
	if err := j.tx.PutPull(p); err != nil {
		return err
	}
	message := p.Key + " was closed without a merge"
	if p.State == Merged {
		message = fmt.Sprintf("%s was merged as %.8s", p.Key, p.MergedCommit)
	}
	if err := j.add(Event{Kind: "pull request " + string(p.State), Repository: p.Repository, PullID: p.ID, Commit: p.MergedCommit, Message: message}); err != nil {
		return err
	}
	runs, err := j.tx.Runs(RunFilter{PullID: p.ID, Purposes: []Purpose{PurposePlan}, Statuses: []Status{Queued, Planning, Planned}})
	if err != nil {
		return err
	}
	return supersede(j, runs, "the pull request is "+string(p.State), stop)
}

// supersede ends runs that something newer made moot; the ones under way are to be stopped.
func supersede(j *journal, runs []Run, why string, stop *[]int64) error {
	for _, run := range runs {
		from := run.Status
		run.Status, run.Reason = Superseded, "superseded "+why
		if run.FinishedAt.IsZero() {
			run.FinishedAt = now()
		}
		if err := j.tx.UpdateRun(run, from); err != nil {
			return err
		}
		if err := j.run("superseded", run, run.Reason); err != nil {
			return err
		}
		if from.Active() && stop != nil {
			*stop = append(*stop, run.ID)
		}
	}
	return nil
}

// keep holds the objects that later work needs, against pruning.
func (w *watcher) keep(ctx context.Context, o *observation, pulls []Pull) error {
	held := map[string]string{"tracked": o.head}
	for _, p := range pulls {
		held[fmt.Sprintf("pull/%d/head", p.ID)] = p.Head
		if p.Tree != "" {
			held[fmt.Sprintf("pull/%d/tree", p.ID)] = p.Tree
		}
	}
	for name, object := range held {
		if w.held[name] == object {
			continue
		}
		if err := w.mirror.Hold(ctx, name, object); err != nil {
			return err
		}
		w.held[name] = object
	}
	return nil
}

// putIfChanged writes a workspace record unless it is what is stored already.
func putIfChanged(j *journal, rec Workspace) error {
	old, err := j.tx.Workspace(rec.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	rec.UpdatedAt = old.UpdatedAt
	if err == nil && equalRecords(old, rec) {
		return nil
	}
	rec.UpdatedAt = now()
	return j.tx.PutWorkspace(rec)
}
