package runner

import (
	"errors"
	"fmt"
	"slices"
)

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
	switch {
	case len(runs) > 0 && runs[0].Status == Interrupted:
		return userError(fmt.Sprintf("Run %d of `%s` was interrupted, and what it did is not known: look at the resources and the state, comment `driftless resume %[1]d`, and then this again.", runs[0].ID, name))
	case len(runs) > 0:
		return userError(fmt.Sprintf("Run %d of `%s` is %s: wait for its end, and say it again.", runs[0].ID, name, runs[0].Status))
	case rec.Reserved == 0 && rec.TargetDigest != rec.AppliedDigest:
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

// ShownCommit is the commit by which people find what a run is of: an apply before a merge is of a merge that only driftless
// has made, and stands for the pull request's head.
func ShownCommit(tx Tx, run Run) string {
	if run.Purpose == PurposeApply && run.PullID != 0 {
		if plan, err := tx.Run(run.Approves); err == nil {
			return plan.Commit
		}
	}
	return run.Commit
}

// ShownApplied is ShownCommit of what was applied to a workspace last.
func ShownApplied(tx Tx, rec Workspace) string {
	if run, err := tx.Run(rec.AppliedRun); err == nil && run.Commit == rec.AppliedCommit {
		return ShownCommit(tx, run)
	}
	return rec.AppliedCommit
}

// underway reports whether an apply before a merge is on its way.
func underway(runs []Run) bool {
	return slices.ContainsFunc(runs, func(r Run) bool {
		return r.Status == Queued || r.Status == Ready || r.Status.Active() || r.Status == Interrupted
	})
}

// reservedSync is how a workspace stands that a pull request was applied to, given that pull request's applies, newest first.
func reservedSync(holder Pull, runs []Run) (Sync, string) {
	for _, r := range runs {
		if r.Status == Failed || r.Status == Interrupted {
			return SyncFailed, fmt.Sprintf("the apply of pull request %s before its merge is %s: %s", holder.Key, r.Status, firstLine(r.Reason))
		} else if r.Status != Superseded && r.Status != Canceled {
			break
		}
	}
	return Pending, fmt.Sprintf("is reserved by pull request %s, which is applied before its merge", holder.Key)
}

// appliedFor reports whether a workspace that a pull request reserved has what was asked for last.
func appliedFor(tx Tx, pull int64, rec Workspace) (bool, error) {
	runs, err := tx.Runs(RunFilter{Workspace: rec.ID, PullID: pull, Purposes: []Purpose{PurposeApply}, Limit: 1})
	return err == nil && len(runs) > 0 && rec.AppliedDigest == runs[0].InputDigest, err
}
