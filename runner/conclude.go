package runner

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
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
		kind, then = runNoRoom, why
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
				tries, err := roomWaits(tx, run.ID)
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
