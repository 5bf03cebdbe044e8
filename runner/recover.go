package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/driftlessops/driftless/runner/supervisor"
)

// recover takes up what an earlier process left: plans go back into the queue, and applies are gone along with to their end.
// The data directory is held by this process alone.
func (r *Runner) recover(ctx context.Context) error {
	r.endOrphans()
	var applies map[int64]Run
	err := r.await(ctx, func() (err error) {
		applies, err = r.clearRuns(ctx)
		return err
	})
	if err = errors.Join(r.checkouts.clear(), err); err != nil {
		return err
	}
	if err = r.await(ctx, func() error { return r.takeUpRuns(ctx, applies) }); err != nil {
		return err
	}
	err = r.await(ctx, func() (err error) { // what was put back left something as well
		applies, err = r.clearRuns(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, run := range applies {
		follow, err := r.adopt(ctx, run)
		if err != nil && (ctx.Err() != nil || passes(err)) {
			return err
		} else if err != nil { // it is interrupted, and stops no other
			r.log.Error("an apply could not be taken up", "run", run.ID, "error", err)
			if err := r.await(ctx, func() error { return r.unadopted(ctx, run, err) }); err != nil {
				return err
			}
			continue
		}
		r.adopted = append(r.adopted, follow)
	}
	return nil
}

// takeUpRuns puts what an earlier process worked on back into the queue, except for applies that go on.
func (r *Runner) takeUpRuns(ctx context.Context, applies map[int64]Run) error {
	return r.update(ctx, func(tx Tx, j *journal) error {
		runs, err := tx.Runs(RunFilter{Statuses: []Status{Planning, Planned, Ready, Applying}})
		if err != nil {
			return err
		}
		for _, run := range runs {
			if run.Purpose == PurposePlan && run.Status == Ready || applies[run.ID].ID != 0 || !r.members.own(run) {
				continue // final for a pull request, goes on, or another replica's
			}
			if err := r.recoverRun(j, run); err != nil {
				return fmt.Errorf("recover run %d: %w", run.ID, err)
			}
		}
		return r.leaveUnknown(j, applies)
	})
}

// leaveUnknown ends the wait of the others for word of the applies of this replica that were interrupted when it did not answer, and that
// do not go on: one that never began goes back into the queue, one of which nothing is here any more is left to a person.
func (r *Runner) leaveUnknown(j *journal, applies map[int64]Run) error {
	waiting, err := j.tx.Runs(RunFilter{Statuses: []Status{Interrupted}, Purposes: []Purpose{PurposeApply}})
	if err != nil {
		return err
	}
	for _, run := range waiting {
		if applies[run.ID].ID != 0 || run.Owner != r.members.self.ID || ended(j.tx, run) {
			continue
		}
		if apply, _ := supervisor.Find(filepath.Join(r.runDir(run.ID), applySubdir)); apply.AtWork() {
			continue
		}
		unbegun, err := r.unbegun(j.tx, run)
		if err == nil && unbegun {
			why := "driftless stopped before its apply began"
			err = errors.Join(takeUpAgain(j, run, runTakenUp, why), setSync(j, run, Pending, why+": it is planned again"))
		} else if err == nil {
			err = leaveOpen(j, run, "Where it was applied nothing of it is left that tells.")
		}
		if err != nil {
			return fmt.Errorf("recover run %d: %w", run.ID, err)
		}
	}
	return nil
}

// unadopted leaves an apply to a person that cannot be gone along with. It stops no other.
func (r *Runner) unadopted(ctx context.Context, run Run, why error) error {
	if run.Status == Applying {
		err := r.update(ctx, func(_ Tx, j *journal) error {
			return interrupt(j, run, unsettledText(j.tx, run, "What its apply did cannot be read: "+why.Error()))
		})
		if err != nil && !errors.Is(err, ErrConflict) {
			return err
		}
	}
	if apply, _ := supervisor.Find(filepath.Join(r.runDir(run.ID), applySubdir)); apply.AtWork() {
		return nil // the next start tries again
	}
	if err := r.keepLeftover(strconv.FormatInt(run.ID, 10)); err != nil {
		return nil // it stays where it is
	}
	return r.update(ctx, func(tx Tx, j *journal) error {
		return errors.Join(lost(j, run), tx.DeleteBlobs(BlobKey(run.ID, traitsBlob)))
	})
}

// keepLeftover keeps what an apply left and no record has.
func (r *Runner) keepLeftover(name string) error {
	kept, err := KeepApply(r.opts.DataDir, name)
	if err != nil {
		r.log.Error("what an apply left is not on record, and cannot be kept", "run", name, "error", err)
		return err
	}
	r.log.Warn("an apply left this behind, and it is not on record; its states may be the only ones there are: see driftless state rescued", "run", name, "kept", kept)
	return nil
}

// clearRuns removes what earlier runs left: plan files, with values in clear. It returns the applies that have begun and whose
// end is not on record: their directories stay until it is.
func (r *Runner) clearRuns(ctx context.Context) (applies map[int64]Run, err error) {
	dirs, err := os.ReadDir(runsDir(r.opts.DataDir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	applies = map[int64]Run{}
	for _, dir := range dirs {
		path := filepath.Join(runsDir(r.opts.DataDir), dir.Name())
		var run Run
		var what Leftover
		failed := r.opts.Store.View(ctx, func(tx Tx) (err error) {
			run, what, err = LeftIn(tx, path)
			return err
		})
		switch {
		case failed != nil:
		case what == toFollow:
			applies[run.ID] = run
		case what == Keep:
			if r.keepLeftover(dir.Name()) == nil {
				failed = os.RemoveAll(path)
			}
		case what == Remove:
			failed = os.RemoveAll(path)
		}
		err = errors.Join(err, failed)
	}
	return applies, err
}

func (r *Runner) recoverRun(j *journal, run Run) error {
	if run.Status == Applying {
		if unbegun, err := r.unbegun(j.tx, run); err != nil {
			return err
		} else if _, err := supervisor.Find(filepath.Join(r.runDir(run.ID), applySubdir)); err == nil && !unbegun {
			return interrupt(j, run, unsettledText(j.tx, run, "How it ended could not be recorded yet: driftless does that when it starts the next time with this data directory."))
		} else if !unbegun { // and nobody here reports its end any more
			return leaveOpen(j, run, "driftless or its machine stopped during the apply.")
		}
	}
	return takeUpAgain(j, run, runTakenUp, "driftless stopped while it was "+string(run.Status))
}

// leaveOpen leaves an apply to a person about whose end nobody will ever report.
func leaveOpen(j *journal, run Run, why string) error {
	return errors.Join(interrupt(j, run, unsettledText(j.tx, run, why)), lost(j, run), j.tx.DeleteBlobs(BlobKey(run.ID, traitsBlob)))
}

// runTakenUp is the kind of an event: a run is back in the queue on which somebody worked.
const runTakenUp = "run taken up again"

// takeUpAgain puts a run back into the queue. One whose apply was about to begin is as if it never had been.
func takeUpAgain(j *journal, run Run, kind, why string) error {
	from := run.Status
	if from == Applying || from == Interrupted {
		if err := errors.Join(freeState(j.tx, run), j.tx.DeleteBlobs(BlobKey(run.ID, traitsBlob))); err != nil {
			return err
		}
		run.FinishedAt, run.Reason = zeroTime, ""
	}
	if kind == runNoRoom {
		run.Reason = why
	}
	run = run.back()
	if err := j.tx.UpdateRun(run, from); err != nil {
		return err
	}
	return j.run(kind, run, why)
}

// takeAdopted are the applies of an earlier process that are to be gone along with.
func (r *Runner) takeAdopted() []func() {
	all := r.adopted
	r.adopted = nil
	return all
}
