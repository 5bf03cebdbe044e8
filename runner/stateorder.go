package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// stateOrder is what a person asked to be done to a state that a foreign backend keeps: the engine does it, as a run of its own.
type stateOrder struct {
	Lock  string `json:"lock,omitempty"` // to be taken away
	Force bool   `json:"force,omitempty"`
}

// Blobs of a run that is an order.
const (
	orderBlob = "order"
	pushBlob  = "push.tfstate"
)

// order reports whether a run does what a person asked for to a state, and plans nothing.
func (p Purpose) order() bool { return p == PurposePush || p == PurposeUnlock }

// writes reports whether a run changes the world or its state: it gets what an apply is granted.
func (p Purpose) writes() bool { return p == PurposeApply || p.order() }

// queueOrder queues what a person asked for, at the commit that was applied last, or, before there is one, that was tried last.
func queueOrder(j *journal, rec Workspace, run Run, o stateOrder) (Run, error) {
	at, err := orderAt(j.tx, rec, run.Approves)
	if err != nil {
		return run, err
	}
	run.Repository, run.Workspace, run.Status, run.CreatedAt = rec.Repository, rec.ID, Queued, now()
	run.Commit, run.Tree, run.Base, run.InputDigest = at.Commit, at.Tree, at.Base, at.InputDigest
	if err := j.tx.InsertRun(&run); err != nil {
		return run, err
	}
	data, err := json.Marshal(o)
	if err != nil {
		return run, err
	}
	if err := j.tx.PutBlob(BlobKey(run.ID, orderBlob), data); err != nil {
		return run, err
	}
	return run, j.run("run queued", run, fmt.Sprintf("%s: %s", run.Purpose, run.Trigger))
}

// orderAt finds the code that knows the backend: that of a run, or of the newest apply.
func orderAt(tx Tx, rec Workspace, runID int64) (Run, error) {
	if runID != 0 {
		return tx.Run(runID)
	}
	runs, err := tx.Runs(RunFilter{Workspace: rec.ID, Purposes: []Purpose{PurposeApply}, Limit: 1})
	if err == nil && len(runs) == 0 {
		err = userError(fmt.Sprintf("nothing of %s was ever applied: there is no state to work on", rec.ID))
	}
	if err != nil {
		return Run{}, err
	}
	return runs[0], nil
}

// carryOut does what a person asked for. Done twice it does no harm: a run that was stopped is taken up again.
func (j *job) carryOut(ctx context.Context) error {
	var o stateOrder
	var state []byte
	err := j.r.opts.Store.View(ctx, func(tx Tx) error {
		data, err := tx.Blob(BlobKey(j.run.ID, orderBlob))
		if err != nil {
			return err
		}
		if j.run.Purpose == PurposePush {
			if state, err = tx.Blob(BlobKey(j.run.ID, pushBlob)); err != nil {
				return err
			}
		}
		return json.Unmarshal(data, &o)
	})
	if err != nil {
		return err
	}
	if j.ws.Backend.Managed() {
		return j.keptHere()
	}
	if j.run.Purpose == PurposeUnlock {
		return j.takeLock(ctx, o)
	}
	file := filepath.Join(j.dir, pushBlob)
	if err := os.WriteFile(file, state, 0o600); err != nil {
		return err
	}
	if err := j.root.PushState(ctx, file, o.Force); err != nil {
		return err
	}
	return j.to(ctx, Applied, "state pushed", j.run.Trigger, func(tx Tx, jr *journal, run *Run) error {
		return errors.Join(tx.DeleteBlobs(BlobKey(run.ID, pushBlob)), tx.DeleteBlobs(BlobKey(run.ID, orderBlob)), markPushed(jr, *run, o), j.noteTaken(tx, jr, *run))
	})
}

// keptHere says that the code of an order keeps its state with driftless, while the tracked branch has a backend by now.
func (j *job) keptHere() error {
	if j.run.Approves == 0 {
		return userError("driftless keeps the state of this workspace at this commit: ask for it again when a plan of the commit with the backend was made")
	}
	return userError(fmt.Sprintf("when run %d was made, driftless kept the state of this workspace, and its code knows no backend. `driftless state pull --run %[1]d` prints what it left behind; `driftless state push %[2]s FILE` pushes that with the newest code", j.run.Approves, j.run.Workspace))
}

// markPushed holds what a plan from a pushed state would change, unless a run left that state behind and the backend took it as what
// comes next. It is done when the state is there: an order that fails replaces nothing.
func markPushed(j *journal, run Run, o stateOrder) error {
	if run.Approves != 0 && !o.Force {
		return nil
	}
	rec, err := j.tx.Workspace(run.Workspace)
	if err != nil {
		return err
	}
	if err := rec.distrust(j.tx, fmt.Sprintf("its state was replaced by %s: run %d pushed one", run.Actor, run.ID)); err != nil {
		return err
	}
	return putIfChanged(j, rec)
}

// noteTaken notes that the backend has what a run left behind.
func (j *job) noteTaken(tx Tx, jr *journal, run Run) error {
	if run.Approves == 0 {
		return nil
	}
	return errors.Join(planHeldAnew(jr, run.Workspace), takenOver(tx, run.Approves, fmt.Sprintf("pushed to its backend %q by run %d", j.ws.Backend.Type, run.ID)))
}

// takeLock takes the lock away in the foreign backend, and forgets whom it kept from work.
func (j *job) takeLock(ctx context.Context, o stateOrder) error {
	if err := j.root.ForceUnlock(ctx, o.Lock); err != nil {
		return err
	}
	return j.to(ctx, Applied, "state unlocked", j.run.Trigger, func(tx Tx, jr *journal, run *Run) error {
		kept, err := tx.Runs(RunFilter{Workspace: run.Workspace, Purposes: []Purpose{PurposeApply}, Limit: 1})
		if err != nil || len(kept) == 0 {
			return err
		}
		return errors.Join(tx.DeleteBlobs(BlobKey(kept[0].ID, lockedBlob)), lockGone(jr, run.Workspace, run.Actor))
	})
}
