package runner

import (
	"errors"
	"fmt"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// writeTracked brings the record of one workspace up to the tracked head, and queues its run when one is due.
func (w *watcher) writeTracked(o *observation, j *journal, ws *workspaces.Workspace, known *answers, stop *[]int64) error {
	told := len(j.events)
	rec, err := recordOf(j, o.set, ws)
	if errors.Is(err, errBusy) {
		w.dirty.Store(true) // what it was renamed from is being worked on: later
		return nil
	} else if err != nil {
		return err
	}
	if len(j.events) > told {
		delete(known.known, ws.ID) // renamed just now: its runs came along
	}
	holder, reserved, err := reservedBy(j, &rec)
	if err != nil {
		return err
	}
	rec.Labels, rec.Owner, rec.DependsOn, rec.Orphan = ws.TrustedLabels, ws.Owner, ws.DependsOn, false
	rec.Backend = foreignBackend(ws)
	if len(ws.Problems) > 0 {
		rec.Sync, rec.Reason, rec.TargetDigest, rec.TargetCommit = SyncFailed, ws.Problems[0], "", o.head
		return putIfChanged(j, rec)
	}
	if failure := o.failed[ws.ID]; failure != nil {
		rec.Sync, rec.Reason = Unknown, failure.Error() // the target stays what it was
		if rec.Base == "" && rec.TargetCommit != "" {
			rec.Base = orElse(o.repo.PrevHead, o.head) // the branch may move on before it is known
		}
		w.dirty.Store(true)
		return putIfChanged(j, rec)
	}
	runs, newest, err := known.of(j.tx, ws.ID)
	if err != nil {
		return err
	}
	digest := o.digests[ws.ID].Sum
	if rec.TargetDigest != digest || rec.TargetCommit == "" {
		rec.TargetDigest, rec.TargetCommit = digest, o.head
	}
	if rec.AppliedDigest == digest {
		if rec.Base != "" { // taken back: what was merged in between is history
			rec.Base, rec.AppliedCommit, rec.AppliedTree = "", o.head, o.tree
		}
	} else if rec.Base == "" {
		rec.Base = orElse(o.repo.PrevHead, o.head)
	}
	if reserved {
		its, err := j.tx.Runs(RunFilter{Workspace: ws.ID, PullID: holder.ID, Purposes: []Purpose{PurposeApply}})
		if err != nil {
			return err
		}
		if rec.AppliedDigest != digest {
			rec.Sync, rec.Reason = reservedSync(holder, its)
		}
		if rec.AppliedDigest != digest || underway(its) {
			return putIfChanged(j, rec)
		}
		// nothing of it was applied: it holds nothing
		if err := release(j, rec, "", "pull request "+holder.Key+" was not applied"); err != nil {
			return err
		}
		rec.Reserved = 0
	}
	revision, ok := o.judged[rec.Base]
	if !ok && rec.Base != "" {
		w.dirty.Store(true) // it changed since it was looked at
		return nil
	}
	want := wish{digest: digest, tree: o.tree, revision: revision, reviewed: o.mergedAt[ws.ID]}
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
	} else if rec.AppliedDigest == digest {
		settledSync(ws, &rec, newest)
	}
	return putIfChanged(j, rec)
}

// trackedApplies are the newest runs that apply what the tracked branch says to a workspace, and those of pull requests that
// are at work on it, or ended nobody knows how.
func trackedApplies(tx Tx, id workspaces.ID) ([]Run, error) {
	applies := []Purpose{PurposeApply}
	runs, err := tx.Runs(RunFilter{Workspace: id, Tracked: true, Purposes: applies, Limit: 50})
	if err != nil {
		return nil, err
	}
	more, err := tx.Runs(RunFilter{Workspace: id, Purposes: applies, Statuses: []Status{Applying, Interrupted}})
	for _, run := range more {
		if run.PullID != 0 {
			runs = append(runs, run)
		}
	}
	return runs, err
}

// settledSync says how a workspace stands whose target is applied: its last check failed, it drifted, or it is in sync as
// far as it was looked at recently enough.
func settledSync(ws *workspaces.Workspace, rec *Workspace, newest Run) {
	switch {
	case newest.Status == Failed && newest.FinishedAt.After(rec.CheckedAt):
		rec.Sync, rec.Reason = SyncFailed, firstLine(newest.Reason)
	case !rec.DriftSince.IsZero():
		rec.Sync, rec.Reason = Drifted, rec.drifted()
	case ws.Freshness > 0 && now().Sub(rec.CheckedAt) > ws.Freshness:
		rec.Sync, rec.Reason = Unknown, "not checked since "+rec.CheckedAt.Format(time.RFC3339)
	default:
		rec.Sync, rec.Reason = Synced, ""
	}
}

var errBusy = errors.New("is being worked on, or waits for a decision about what was done to it")

// recordOf returns the record of a workspace, carried over from its earlier identity when it was renamed.
func recordOf(j *journal, set *workspaces.Set, ws *workspaces.Workspace) (Workspace, error) {
	rec, err := j.tx.Workspace(ws.ID)
	if errors.Is(err, ErrNotFound) {
		rec, err = Workspace{ID: ws.ID, Repository: ws.Repository, Health: HealthUnknown}, nil
	}
	from := renamedFrom(ws)
	if err != nil || rec.AppliedCommit != "" || from == "" || set.Workspace(from) != nil {
		return rec, err
	}
	if _, err := j.tx.Workspace(from); errors.Is(err, ErrNotFound) {
		return rec, nil
	} else if err != nil {
		return rec, err
	}
	if own, err := newestHeader(j.tx, ws.ID); err != nil || own != nil {
		return rec, err // it has a state of its own, whether that can be read or not
	}
	busy, err := j.tx.Runs(RunFilter{Workspace: from, Purposes: trackedPurposes, Statuses: []Status{Planning, Planned, Ready, Applying, Interrupted}})
	if err != nil {
		return rec, err
	} else if len(busy) > 0 {
		return rec, errBusy
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
func (w *watcher) writeOrphans(o *observation, j *journal, stop *[]int64) error {
	all, err := j.tx.Workspaces(WorkspaceFilter{Repository: o.repo.Name})
	if err != nil {
		return err
	}
	for _, rec := range all {
		if rec.Orphan || o.set.Workspace(rec.ID) != nil {
			continue
		}
		if _, reserved, err := reservedBy(j, &rec); err != nil || reserved {
			if err != nil {
				return err
			}
			continue // a pull request that adds it was applied before its merge
		}
		pending, err := j.tx.Runs(RunFilter{Workspace: rec.ID, Purposes: []Purpose{PurposeApply, PurposeDrift}, Statuses: []Status{Queued, Planning, Planned, Ready, Held, Blocked}})
		if err != nil {
			return err
		}
		if err := supersede(j, pending, fmt.Sprintf("by %.8s, which removed its directory", o.head), stop); err != nil {
			return err
		}
		rec.Orphan, rec.Sync, rec.TargetDigest, rec.TargetCommit = true, Unknown, "", ""
		rec.Health, rec.HealthAt, rec.Failing = HealthUnknown, zeroTime, nil
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
