package runner

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

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
