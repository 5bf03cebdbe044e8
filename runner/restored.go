package runner

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Restored takes note that the record is older than the world, as after a backup was put back: nothing that may have been applied
// since is applied again by itself. Whatever a plan of a workspace changes is held until somebody approves that, once; what was
// queued or asked for is asked for again; and of what a pull request shows nothing counts as reviewed before it is shown anew.
func Restored(tx Tx, actor string) error {
	if err := nobodyWorks(tx); err != nil {
		return err
	}
	last, err := tx.Events(EventFilter{Limit: 1})
	if err != nil {
		return err
	}
	why := "driftless's record was put back from a backup"
	if len(last) > 0 {
		why += fmt.Sprintf(" that ends at %s", last[0].At.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	why += ", and what was applied after it is not in it"
	return errors.Join(holdAll(tx, why), forgetOrders(tx, why), showAnew(tx, why), hearFromNow(tx),
		tx.Append(&Event{Kind: "restored", Actor: actor, Message: why}))
}

// nobodyWorks is an error while a replica holds its lease: it would go on with what it knew before.
func nobodyWorks(tx Tx) error {
	at, err := tx.Clock()
	if err != nil {
		return err
	}
	all, err := tx.Replicas()
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.LeaseUntil.After(at) {
			return UserError(fmt.Sprintf("the driftless on %s works on this database: stop every one, wait until its lease has ended, in a few seconds, and say this again", r.Host))
		}
	}
	return nil
}

// holdAll lets the next plan of each workspace be one of the tracked branch, and holds what it changes.
func holdAll(tx Tx, why string) error {
	all, err := tx.Workspaces(WorkspaceFilter{})
	if err != nil {
		return err
	}
	for _, w := range all {
		if err := w.distrust(tx, why); err != nil {
			return err
		}
		w.Sync, w.Reason, w.AppliedDigest, w.UpdatedAt = Unknown, why, "", now()
		if err := tx.PutWorkspace(w); err != nil {
			return err
		}
	}
	return nil
}

// forgetOrders ends what would be worked on, and what waits for an approval: it is planned again. What was being applied then may have ended in any way since.
func forgetOrders(tx Tx, why string) error {
	runs, err := tx.Runs(RunFilter{Statuses: []Status{Queued, Planning, Planned}})
	if err != nil {
		return err
	}
	ready, err := tx.Runs(RunFilter{Statuses: []Status{Ready}, Purposes: []Purpose{PurposeApply, PurposeDrift, PurposeDestroy}})
	if err != nil {
		return err
	}
	applying, err := tx.Runs(RunFilter{Statuses: []Status{Applying}})
	if err != nil {
		return err
	}
	waiting, err := tx.Runs(RunFilter{Statuses: []Status{Held, Blocked}, Tracked: true, Purposes: []Purpose{PurposeApply, PurposeDrift, PurposeDestroy}})
	if err != nil {
		return err
	}
	return errors.Join(endAll(tx, slices.Concat(runs, ready, waiting), Superseded, why), undecidedAll(tx, applying, why))
}

// undecidedAll leaves what became of applies to a person.
func undecidedAll(tx Tx, runs []Run, why string) error {
	for _, run := range runs {
		text := interruptedText(run) + heldStill(tx, run) + "\n" + why +
			"\nOn another machine than the one that applied it, make sure that no engine and no `driftless supervise` of it runs any more, and add `--force`."
		rec, err := tx.Workspace(run.Workspace)
		if err == nil {
			rec.Sync, rec.Reason = SyncFailed, text
			err = tx.PutWorkspace(rec)
		}
		if err := errors.Join(ignoreMissing(err), endAll(tx, []Run{run}, Interrupted, text)); err != nil {
			return err
		}
	}
	return nil
}

func endAll(tx Tx, runs []Run, as Status, why string) error {
	for _, run := range runs {
		from := run.Status
		run.Status, run.Reason, run.FinishedAt = as, why, now()
		if err := tx.UpdateRun(run, from); err != nil {
			return err
		}
	}
	return nil
}

// showAnew lets open pull requests be planned and reported again: one that was merged since was perhaps applied.
func showAnew(tx Tx, why string) error {
	pulls, err := tx.Pulls(PullFilter{State: Open})
	if err != nil {
		return err
	}
	for _, p := range pulls {
		p.AskedAt = time.Time{}
		if err := tx.PutPull(&p); err != nil {
			return err
		}
		plans, err := tx.Runs(RunFilter{PullID: p.ID, Purposes: []Purpose{PurposePlan}, Statuses: []Status{Ready, Unchanged, Held, Blocked}})
		if err != nil {
			return err
		}
		if err := endAll(tx, plans, Superseded, why); err != nil {
			return err
		}
		report, err := tx.Report(p.ID)
		if errors.Is(err, ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		report.Head, report.Runs, report.Earlier = "", nil, nil
		if err := tx.PutReport(report); err != nil {
			return err
		}
	}
	return nil
}

// hearFromNow leaves comments alone that were written before: they were carried out, perhaps.
func hearFromNow(tx Tx) error {
	all, err := tx.Repositories()
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.HeardAt.IsZero() {
			continue
		}
		r.HeardAt = now()
		if err := tx.PutRepository(r); err != nil {
			return err
		}
	}
	return nil
}
