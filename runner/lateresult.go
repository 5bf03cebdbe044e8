package runner

import (
	"context"
	"errors"
	"fmt"
)

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

// recordLost keeps what an apply left whose run was settled without it. What comes next is held: whoever decided did not know this.
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
		if len(o.steps)+len(o.versions) > 0 {
			if err := lateMade(jr, run, o); err != nil {
				return err
			}
		}
		message := fmt.Sprintf("the apply ended as %s after a person had decided about the run", o.status)
		if len(o.rescued) > 0 {
			message += "; the state that it wrote is kept with the run as " + lateState
		}
		return errors.Join(tx.DeleteBlobs(BlobKey(run.ID, traitsBlob)), planHeldAnew(jr, run.Workspace), jr.ended(lateResult, run, message, o))
	})
}

// lateMade takes note of what such an apply did.
func lateMade(jr *journal, run Run, o aftermath) error {
	if err := made(jr, run, o.steps); err != nil {
		return err
	}
	rec, err := jr.tx.Workspace(run.Workspace)
	if err != nil {
		return ignoreMissing(err)
	}
	if err := rec.distrust(jr.tx, fmt.Sprintf("run %d ended as %s after a person had decided about it, and the state may not know what it made", run.ID, o.status)); err != nil {
		return err
	}
	return putIfChanged(jr, rec)
}

// lateResult is the kind of an event that says how an apply ended about which a person had decided.
const lateResult = "late result"

// lateState is a state that an apply wrote and that did not become the newest one.
const lateState = "late.tfstate"
