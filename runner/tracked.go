package runner

import (
	"errors"
	"fmt"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

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
	if failure := o.failed[ws.ID]; failure != nil {
		rec.Sync, rec.Reason = Unknown, failure.Error() // the target stays what it was
		w.dirty.Store(true)
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
	if rec.AppliedDigest == digest {
		rec.Base = ""
	} else if rec.Base == "" {
		rec.Base = orElse(o.repo.PrevHead, o.head)
	}
	revision, ok := o.judged[rec.Base]
	if !ok && rec.Base != "" {
		w.dirty.Store(true) // it changed since it was looked at
		return nil
	}
	want := wish{digest: digest, tree: o.tree, revision: revision}
	d := decideTracked(want, rec, runs)
	if err := supersede(j, d.supersede, fmt.Sprintf("by %.8s on %s", o.head, o.repo.Branch), stop); err != nil {
		return err
	}
	if d.create {
		run := Run{
			Repository: o.repo.Name, Workspace: ws.ID, Purpose: PurposeApply, Status: Queued, Commit: o.head, Tree: o.tree,
			Base: rec.Base, InputDigest: digest, Trigger: fmt.Sprintf("%s at %.8s", o.repo.Branch, o.head), CreatedAt: now(),
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
