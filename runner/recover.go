package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	for _, run := range applies {
		follow, err := r.adopt(ctx, run)
		if err != nil && (ctx.Err() != nil || passes(err)) {
			return err
		} else if err != nil { // it is interrupted, and stops no other
			r.log.Error("an apply could not be taken up", "run", run.ID, "error", err)
			if err := r.await(ctx, func() error { return r.unreadable(ctx, run, err) }); err != nil {
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
		return nil
	})
}

// unreadable interrupts an apply that cannot be gone along with.
func (r *Runner) unreadable(ctx context.Context, run Run, why error) error {
	if run.Status != Applying {
		return nil
	}
	return r.update(ctx, func(tx Tx, j *journal) error {
		return errors.Join(interrupt(j, run, "What its apply did cannot be read: "+why.Error()), tx.DeleteBlobs(blobKey(run.ID, traitsBlob)))
	})
}

// clearRuns removes what earlier runs left: plan files, with values in clear. It returns the applies that have begun and whose
// end is not on record: their directories stay until it is.
func (r *Runner) clearRuns(ctx context.Context) (applies map[int64]Run, err error) {
	dirs, err := os.ReadDir(filepath.Join(r.opts.DataDir, "runs"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	applies = map[int64]Run{}
	for _, dir := range dirs {
		id, _ := strconv.ParseInt(dir.Name(), 10, 64)
		path := filepath.Join(r.opts.DataDir, "runs", dir.Name())
		run, what, failed := r.leftIn(ctx, path, id)
		switch {
		case failed != nil:
			err = errors.Join(err, failed)
		case what == toFollow:
			applies[id] = run
		case what == toKeep:
			kept := filepath.Join(r.opts.DataDir, "rescued", "run-"+dir.Name())
			r.log.Error("an apply that is not on record left this behind; its states may be the only ones there are", "run", id, "kept", kept)
			err = errors.Join(err, os.MkdirAll(filepath.Dir(kept), 0o700), os.Rename(path, kept))
		case what == toRemove:
			err = errors.Join(err, os.RemoveAll(path))
		}
	}
	return applies, err
}

// What is to become of a run's directory that an earlier process left.
const (
	toRemove = iota
	toLeave  // somebody works in it, or it says what became of an apply
	toFollow // its apply has begun, and its end is not on record
	toKeep   // its apply has begun, and nothing of it is on record
)

// leftIn looks what a run's directory is.
func (r *Runner) leftIn(ctx context.Context, path string, id int64) (run Run, what int, err error) {
	err = r.opts.Store.View(ctx, func(tx Tx) error {
		apply, failed := supervisor.Find(filepath.Join(path, "apply"))
		begun := failed == nil && (apply.Alive() || apply.Begun())
		run, err = tx.Run(id)
		switch {
		case errors.Is(err, ErrNotFound) && begun && apply.Alive():
			what, err = toLeave, nil
		case errors.Is(err, ErrNotFound) && begun:
			what, err = toKeep, nil
		case errors.Is(err, ErrNotFound):
			err = nil
		case err != nil:
		case begun:
			if _, missing := traitsOf(tx, run); !errors.Is(missing, ErrNotFound) {
				what = toFollow
			}
		case run.Status == Applying || failed != nil && !errors.Is(failed, fs.ErrNotExist):
			what = toLeave
		case processIn(r.workDir(run.Workspace)) != "":
			what = toLeave
		}
		return err
	})
	return run, what, err
}

func (r *Runner) recoverRun(j *journal, run Run) error {
	from := run.Status
	if from == Applying {
		if unbegun, err := r.unbegun(j.tx, run); err != nil {
			return err
		} else if !unbegun { // and nobody here reports its end any more
			return errors.Join(interrupt(j, run, "driftless or its machine stopped during the apply."), j.tx.DeleteBlobs(blobKey(run.ID, traitsBlob)))
		}
		if err := errors.Join(freeState(j.tx, run), j.tx.DeleteBlobs(blobKey(run.ID, traitsBlob))); err != nil {
			return err
		}
		run.AppliedAt = zeroTime
	}
	run.Status, run.Owner = Queued, ""
	if err := j.tx.UpdateRun(run, from); err != nil {
		return err
	}
	return j.run("run taken up again", run, "driftless stopped while it was "+string(from))
}

// takeAdopted are the applies of an earlier process that are to be gone along with.
func (r *Runner) takeAdopted() []func() {
	all := r.adopted
	r.adopted = nil
	return all
}
