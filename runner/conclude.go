package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/planner/engine"
)

// conclude writes down how an apply ended, with everything that it left, and releases the lock of its state. It tries again for
// as long as the store does not take it. A run that was given up meanwhile, because its replica was silent, takes its end
// all the same, unless a person decided about it.
func (j *job) conclude(ctx context.Context, o aftermath) error {
	if j.run.Status != Applying && j.run.Status != Interrupted {
		return j.recordLost(ctx, o)
	}
	if o.status == Queued {
		return j.again(ctx, o)
	}
	if o.broken {
		if err := j.keep(); err != nil {
			return err
		}
		o.reason += " What its supervisor wrote is kept in " + j.kept + "."
	}
	if foreign, err := j.overtaken(ctx, o); err != nil {
		return err
	} else if foreign && o.status == Applied {
		o.status = Failed
		o.reason = "the engine applied the plan, and somebody changed the state meanwhile, so the engine's could not become the newest one: it is kept with the run as " + lateState + ". Compare the two, and put right what is missing: `driftless state push` makes a state the newest one"
	}
	j.run.Reason = j.mask.String(o.reason)
	kinds := map[Status]string{Applied: "applied", Failed: "apply failed", Interrupted: "apply interrupted"}
	if o.status == Applied {
		j.keepApplied(ctx)
	}
	for {
		if o.status == Interrupted {
			j.run.Reason = j.interruption(ctx, o)
		}
		message := firstLine(j.run.Reason)
		if o.status == Applied {
			message = j.run.Summary.String()
		}
		err := j.insist(ctx, o.status, func() error {
			return j.move(ctx, o.status, func(tx Tx, jr *journal, run *Run) error {
				if err := jr.ended(kinds[o.status], *run, message, o); err != nil {
					return err
				}
				return j.write(tx, jr, *run, o)
			})
		})
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if open, err := j.stillOpen(ctx); err != nil || !open {
			return err
		} else if j.run.Status != Applying && j.run.Status != Interrupted {
			return j.recordLost(ctx, o)
		}
	}
}

// overtaken reports whether somebody wrote another state while the engine worked: its lock was taken away.
func (j *job) overtaken(ctx context.Context, o aftermath) (foreign bool, err error) {
	if len(o.versions) == 0 {
		return false, nil
	}
	err = j.insist(ctx, o.status, func() error {
		return j.r.opts.Store.View(ctx, func(tx Tx) error {
			newest, err := newestHeader(tx, j.run.Workspace)
			last := o.versions[len(o.versions)-1].Header
			if err == nil && newest != nil {
				foreign = newest.Lineage != last.Lineage || newest.Serial > last.Serial
			}
			return err
		})
	})
	return foreign, err
}

// keep keeps what an apply left that could not be read: its directory goes when its end is on record.
func (j *job) keep() error {
	if j.kept != "" {
		return nil
	}
	kept, err := KeepApply(j.r.opts.DataDir, filepath.Base(j.dir))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		j.kept, err = kept, nil
	}
	return err
}

// stillOpen takes up what became of the run on record meanwhile, and reports whether the end of this apply is not on record yet.
// It is, when the answer to the transaction that recorded it was lost.
func (j *job) stillOpen(ctx context.Context) (open bool, err error) {
	var run Run
	err = j.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		run, err = tx.Run(j.run.ID)
		open = run.Attempt != j.run.Attempt || !ended(tx, run)
		return err
	})
	switch {
	case err != nil:
	case !open:
		j.run = run
	case run.Attempt != j.run.Attempt:
		j.run.Status = Superseded // by another attempt
	default:
		j.run.Status = run.Status
	}
	return open, err
}

// again puts an apply back into the queue of which nothing was started, unless somebody decided about it. For room on the disk it
// waits ever longer, as often as it takes.
func (j *job) again(ctx context.Context, o aftermath) error {
	why := j.mask.String(o.reason)
	kind, then := runTakenUp, why+": it is planned again"
	if o.noRoom {
		why = "waits for room on the disk: it is planned again by itself. " + why
		kind, then = runPutOff, why
	}
	var run Run
	err := j.insist(ctx, Queued, func() error {
		return j.r.update(ctx, func(tx Tx, jr *journal) (err error) {
			run, err = tx.Run(j.run.ID)
			if err != nil || run.Attempt != j.run.Attempt {
				return err
			} else if run.Status != Applying && run.Status != Interrupted {
				return tx.DeleteBlobs(BlobKey(run.ID, traitsBlob))
			}
			if o.noRoom {
				tries, err := putOffs(tx, run.ID)
				if err = errors.Join(err, run.delay(tx, waitAfter(tries))); err != nil {
					return err
				}
			}
			if err := errors.Join(takeUpAgain(jr, run, kind, why), setSync(jr, run, Pending, then)); err != nil {
				return err
			}
			run, err = tx.Run(run.ID)
			return err
		})
	})
	if err == nil {
		j.run = run
	}
	return err
}

// recordLost keeps what an apply left whose run was settled without it.
func (j *job) recordLost(ctx context.Context, o aftermath) error {
	if n := len(o.versions); n > 0 {
		o.rescued[lateState] = o.versions[n-1].Content
	}
	return j.r.update(ctx, func(tx Tx, jr *journal) error {
		for name, data := range o.rescued {
			if err := keepLeftState(tx, j.run.ID, name, data); err != nil {
				return err
			}
		}
		run, err := tx.Run(j.run.ID)
		if err != nil {
			return err
		}
		message := fmt.Sprintf("the apply ended as %s after a person had decided about the run", o.status)
		if len(o.rescued) > 0 {
			message += "; the state that it wrote is kept with the run as " + lateState
		}
		return errors.Join(tx.DeleteBlobs(BlobKey(run.ID, traitsBlob)), jr.ended(lateResult, run, message, o))
	})
}

// write writes all that belongs to the end of an apply.
func (j *job) write(tx Tx, jr *journal, run Run, o aftermath) error {
	err := errors.Join(j.keepLeft(tx, jr, run, o), tx.DeleteBlobs(BlobKey(run.ID, traitsBlob)))
	if err != nil {
		return err
	}
	if o.status != Applied {
		if err := made(jr, run, o.steps); err != nil {
			return err
		}
	}
	if o.status == Interrupted {
		return setSync(jr, run, SyncFailed, run.Reason)
	}
	if err := freeState(tx, run); err != nil {
		return err
	}
	switch {
	case o.status == Applied:
		err = j.settle(jr, run)
	case o.stale:
		return j.planAgain(tx, jr, run)
	default:
		err = setSync(jr, run, SyncFailed, firstLine(run.Reason))
	}
	if err == nil && o.checks != nil {
		err = j.assessed(jr, run, *o.checks)
	}
	return err
}

// made notes what an apply had created that did not end well. Whatever became of its state: none of it is created a second time
// unless a person says so.
func made(jr *journal, run Run, steps []engine.Step) error {
	rec, err := jr.tx.Workspace(run.Workspace)
	if err != nil {
		return ignoreMissing(err)
	}
	for _, s := range steps {
		if s.Ended && !s.Failed && s.Action == string(planner.Create) && !slices.Contains(rec.Prior.Made, s.Address) {
			rec.Prior.Made = append(rec.Prior.Made, s.Address)
		}
	}
	return putIfChanged(jr, rec)
}

// keepLeft keeps the states that the engine wrote, those that it left in files, and why others were refused.
func (j *job) keepLeft(tx Tx, jr *journal, run Run, o aftermath) error {
	for _, why := range o.refused {
		if err := jr.add(Event{Kind: StateRefused, Repository: run.Repository, Workspace: run.Workspace, RunID: run.ID, Message: why}); err != nil {
			return err
		}
	}
	files := maps.Clone(o.rescued)
	for _, v := range o.versions {
		if err := keepVersion(tx, run, v); errors.Is(err, errForeignState) {
			files[lateState] = v.Content
		} else if err != nil {
			return err
		}
	}
	_, late := files[lateState]
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := keepLeftState(tx, run.ID, name, files[name]); err != nil {
			return err
		}
		message := "the engine could not write its state; it is kept with the run as " + name
		switch {
		case name == lateState:
			message = "the state was changed by somebody else during the apply; the engine's is kept with the run as " + name
		case o.taken:
			message = "the engine could not write its state; the one it left behind was taken over"
		}
		err := jr.add(Event{
			Kind: stateRescued, Repository: run.Repository, Workspace: run.Workspace, RunID: run.ID, PullID: run.PullID, Commit: run.Commit, Message: message,
		})
		if err != nil {
			return err
		}
	}
	if o.taken && !late {
		return takenOver(tx, run.ID, "taken over when the run ended")
	}
	return nil
}

// lateResult is the kind of an event that says how an apply ended about which a person had decided.
const lateResult = "late result"

// lateState is a state that an apply wrote and that did not become the newest one.
const lateState = "late.tfstate"
