package runner

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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
	if err := w.outdated(j, v, old, stop); err != nil {
		return err
	}
	for _, e := range v.effects {
		if e.Removed || p.Aside != "" {
			continue
		}
		if err := w.writePlan(o, j, v, e, byWorkspace[e.Workspace.ID], stop); err != nil {
			return err
		}
		delete(byWorkspace, e.Workspace.ID)
	}
	if err := w.automerge(j, v); err != nil {
		return err
	}
	why := fmt.Sprintf("because %.8s does not touch this workspace", p.Head)
	switch {
	case len(p.Conflicts) > 0:
		why = fmt.Sprintf("because %.8s conflicts with %s", p.Head, o.repo.Branch)
	case p.Aside != "":
		why = fmt.Sprintf("because %.8s is left alone", p.Head)
	case v.effects == nil:
		why = fmt.Sprintf("because %.8s cannot be planned", p.Head)
	}
	for _, rest := range byWorkspace {
		moot := slices.DeleteFunc(rest, func(r Run) bool { return !r.Status.superseded() })
		if err := supersede(j, moot, why, stop); err != nil {
			return err
		}
	}
	return nil
}

// outdated ends applies before the merge that did not begin when the pull request has moved on since they were asked for.
func (w *watcher) outdated(j *journal, v *pullView, old Pull, stop *[]int64) error {
	runs, err := j.tx.Runs(RunFilter{PullID: v.pull.ID, Purposes: []Purpose{PurposeApply}, Statuses: []Status{Queued, Planning, Planned, Ready, Held, Blocked}})
	if err != nil || len(runs) == 0 {
		return err
	}
	digests := map[workspaces.ID]string{}
	for _, e := range v.effects {
		if !e.Removed && v.pull.Aside == "" && old.Head == v.pull.Head {
			digests[e.Workspace.ID] = e.Head.Sum
		}
	}
	runs = slices.DeleteFunc(runs, func(r Run) bool { return digests[r.Workspace] == r.InputDigest })
	return supersede(j, runs, fmt.Sprintf("because the pull request is at %.8s now, or what it is merged with has changed", v.pull.Head), stop)
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
	for _, old := range d.supersede {
		if err := supersede(j, []Run{old}, whyAgain(old, want, rec, v.pull.Head), stop); err != nil {
			return err
		}
	}
	if !d.create {
		return nil
	}
	run := Run{
		Repository: o.repo.Name, Workspace: e.Workspace.ID, Purpose: PurposePlan, Status: Queued, PullID: v.pull.ID,
		Commit: v.pull.Head, Tree: v.pull.Tree, Base: o.trust, InputDigest: e.Head.Sum,
		Trigger: "pull request " + v.pull.Key + ": " + e.Reason, CreatedAt: now(),
	}
	if rec.TargetDigest == "" {
		run.Labels = e.Workspace.EveryLabel()
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

// whyAgain says what takes the place of a pull request's plan.
func whyAgain(old Run, want wish, rec Workspace, head string) string {
	if old.Commit != head {
		return fmt.Sprintf("by the newer commit %.8s", head)
	}
	why := "it was too old"
	switch {
	case old.InputDigest != want.digest:
		why = "what it reads changed on the tracked branch"
	case old.StartedAt.Before(rec.AppliedAt):
		why = "something was applied meanwhile"
	case old.PolicyRevision != want.revision:
		why = "the policies changed"
	}
	return "by a newer plan of the same commit: " + why
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

// writeLeft records how a pull request ended. Its plans are history then: nothing waits for them any more.
func (w *watcher) writeLeft(o *observation, j *journal, p *Pull, stop *[]int64) error {
	p.UpdatedAt = now()
	if p.CreatedAt.IsZero() {
		p.CreatedAt = p.UpdatedAt
	}
	if err := j.tx.PutPull(p); err != nil {
		return err
	}
	if err := w.withdrawMerge(j.tx, p.Key); err != nil {
		return err
	}
	message, why := p.Key+" was closed without a merge", "because the pull request was closed"
	if p.State == Merged {
		merged := fmt.Sprintf("was merged as %.8s", p.MergedCommit)
		if p.MergedBy != "" {
			merged += " by " + p.MergedBy
		}
		if len(p.ReviewedBy) > 0 {
			merged += ", approved by " + strings.Join(p.ReviewedBy, ", ")
		}
		message, why = p.Key+" "+merged, "because the pull request "+merged
	}
	if err := j.add(Event{Kind: "pull request " + string(p.State), Repository: p.Repository, PullID: p.ID, Commit: p.MergedCommit, Actor: p.MergedBy, Message: message}); err != nil {
		return err
	}
	if err := j.tell(p.ID); err != nil {
		return err
	}
	runs, err := j.tx.Runs(RunFilter{PullID: p.ID, Statuses: []Status{Queued, Planning, Planned, Ready, Held, Blocked, Unchanged}})
	if err != nil {
		return err
	}
	return supersede(j, runs, why, stop)
}
