package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/runner/supervisor"
)

// errMoved ends an apply whose reason went away between planning and applying.
var errMoved = errors.New("the tracked branch moved on")

// errNewPolicies sends an apply back: the tracked branch moved after its policies judged and before it began.
var errNewPolicies = errors.New("the tracked branch moved: it is planned and judged again")

// errNewDoubt sends an apply back: how an earlier one ended became known after this one was judged.
var errNewDoubt = errors.New("more is known of its state: it is planned and judged again")

// finishApply judges a plan of the tracked branch and applies it if it may be.
func (j *job) finishApply(ctx context.Context, plan *planner.Plan, said judgement) error {
	status, reason, beyond := judgeApply(facts{
		plan: plan, verdict: *said.now, before: said.before, mode: j.ws.Apply, cover: j.cover, first: j.rec.AppliedCommit == "",
		waits: j.waits, broken: j.broken(plan), mend: j.rightState(), approved: j.cover.approved != nil, named: j.cover.named, settle: settling(j.run),
	})
	j.run.Reason, j.run.Unreviewed, j.run.Reviewers = reason, beyond, j.cover.pulls
	switch status {
	case Ready:
		return j.apply(ctx, plan)
	case Unchanged:
		return j.to(ctx, Unchanged, "unchanged", "nothing to apply", func(tx Tx, jr *journal, run *Run) error {
			return errors.Join(j.settle(jr, *run), j.assessed(jr, *run, j.checks))
		})
	}
	if j.run.PullID != 0 && status == Held {
		return j.planShown(ctx, j.broken(plan))
	}
	return j.to(ctx, status, string(status), reason, func(tx Tx, jr *journal, run *Run) error {
		sync := Pending
		switch {
		case status == Failed:
			sync = SyncFailed
		case run.InputDigest == j.rec.AppliedDigest:
			sync = Drifted // a repair that goes beyond its approval
		}
		return setSync(jr, *run, sync, reason)
	})
}

// apply applies the saved plan. The intent is on record before the engine starts, and the result after it.
func (j *job) apply(ctx context.Context, plan *planner.Plan) error {
	if err := j.stillAllowed(ctx); err != nil {
		return j.orLater(ctx, err)
	}
	next := j.run
	next.Status = Ready
	j.later(next, "ready", "", nil)
	j.r.uncancel(j.run.ID) // from here on neither a newer commit nor a shutdown stops it
	if err := context.Cause(ctx); err != nil {
		return err
	}
	// The directory is there before the intent: without it there is no telling whether an engine was started.
	if err := os.MkdirAll(j.applyDir(), 0o700); err != nil {
		return err
	}
	order := j.order()
	err := j.to(ctx, Applying, "apply started", j.run.Summary.String(), func(tx Tx, jr *journal, run *Run) error {
		rec, err := j.mayBegin(tx, *run, plan)
		if err != nil {
			return err
		}
		rec.AppliedDigest = ""
		rec.Sync, rec.Reason = Pending, "is being applied"
		return errors.Join(putIfChanged(jr, rec), j.holdState(tx, *run, &order), j.keepTraits(tx))
	})
	switch {
	case errors.Is(err, errMoved):
		return j.to(ctx, Superseded, "superseded", errMoved.Error(), nil)
	case errors.Is(err, errNewPolicies), errors.Is(err, errNewDoubt):
		return j.to(ctx, Queued, "run queued", err.Error(), nil)
	case err != nil:
		return err
	}
	var told sync.WaitGroup // while the engine works
	defer told.Wait()
	begun := j.run
	told.Go(func() {
		if err := j.guarded(ctx, func(ctx context.Context) error { return j.r.reportBegun(ctx, begun) }); err != nil {
			j.log.Error("report", "error", err) // the next one says it
		}
	})
	return j.phase(ctx, "apply", func(ctx context.Context) error {
		if err := j.stillOurs(ctx); err != nil { // it hung, and somebody may have decided about the run
			return j.conclude(ctx, aftermath{status: Queued, reason: "nothing was applied: " + err.Error()})
		}
		order.Until = j.r.members.until()
		apply, err := supervisor.Start(j.applyDir(), order)
		if err != nil {
			return j.conclude(ctx, unstarted(err))
		}
		return j.follow(ctx, apply)
	})
}

// mayBegin looks whether what an apply was judged by is still so, in the transaction that begins it.
func (j *job) mayBegin(tx Tx, run Run, plan *planner.Plan) (rec Workspace, err error) {
	if err := j.r.members.holding(tx); err != nil {
		return rec, err
	}
	if rec, err = tx.Workspace(run.Workspace); err != nil {
		return rec, err
	}
	repo, err := tx.Repository(run.Repository)
	if err != nil {
		return rec, err
	}
	waits, err := j.r.stateWaits(tx, run.Workspace)
	switch {
	case err != nil:
	case !wantedOf(rec, run), repo.Diverged != "":
		err = errMoved
	case repo.Head != j.head:
		err = errNewPolicies
	case waits != "" || j.doubt(rec, plan) != j.broken(plan):
		err = errNewDoubt
	}
	return rec, err
}

// unstarted is the end of an apply whose supervisor could not be started. One that finds no room waits until there is some.
func unstarted(err error) aftermath {
	o := aftermath{status: Failed, reason: "nothing was applied: " + err.Error()}
	if o.noRoom = supervisor.Full(err); o.noRoom {
		o.status = Queued
	}
	return o
}

// stillOurs fails when the apply that is about to be started is not this process's any more.
func (j *job) stillOurs(ctx context.Context) error {
	var run Run
	err := j.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		run, err = tx.Run(j.run.ID)
		return err
	})
	if err == nil && (run.Status != Applying || run.Attempt != j.run.Attempt || !j.r.members.alive()) {
		err = errLost
	}
	return err
}

// wantedOf reports whether a run would make of a workspace what is wanted of it: by the tracked branch, or, before a merge, by
// the pull request that it is reserved by.
func wantedOf(rec Workspace, run Run) bool {
	if run.PullID != 0 {
		return rec.Reserved == run.PullID
	}
	return rec.Reserved == 0 && !rec.Orphan && rec.TargetDigest != "" && (run.InputDigest == rec.TargetDigest || run.InputDigest == rec.AppliedDigest)
}

// planAgain queues another try for a plan that the state had overtaken: nothing of it was applied.
func (j *job) planAgain(tx Tx, jr *journal, failed Run) error {
	run := Run{
		Repository: failed.Repository, Workspace: failed.Workspace, Purpose: PurposeApply, Status: Queued, PullID: failed.PullID, Commit: failed.Commit, Tree: failed.Tree,
		Base: failed.Base, Labels: failed.Labels, InputDigest: failed.InputDigest, Approves: failed.Approves, Actor: failed.Actor, Stale: failed.Stale + 1,
		Trigger: fmt.Sprintf("the saved plan of run %d was stale", failed.ID), CreatedAt: now(),
	}
	if err := tx.InsertRun(&run); err != nil {
		return err
	}
	return jr.run("run queued", run, run.Trigger)
}

// settle records that the world is what the run's commit says.
func (j *job) settle(jr *journal, run Run) error {
	if err := settleDrift(jr, run); err != nil {
		return err
	}
	rec, err := jr.tx.Workspace(run.Workspace)
	if err != nil {
		return err
	}
	rec.AppliedDigest, rec.AppliedCommit, rec.AppliedTree = run.InputDigest, run.Commit, run.Tree
	rec.AppliedAt, rec.AppliedRun, rec.CheckedAt, rec.Prior = now(), run.ID, now(), j.follows(rec.Prior)
	rec.Sync, rec.Reason, rec.Base = Synced, "", ""
	switch {
	case rec.TargetDigest == run.InputDigest:
	case run.PullID != 0:
		rec.Sync, rec.Reason, rec.Base = Pending, "is applied from a pull request before its merge", run.Base
	default:
		rec.Sync, rec.Reason, rec.Base = Pending, "a newer commit waits to be planned", run.Commit
	}
	rec.DriftSince, rec.Drift, rec.UpdatedAt = zeroTime, nil, now()
	return jr.tx.PutWorkspace(rec)
}

// setSync sets what people see of the workspace of a run.
func setSync(jr *journal, run Run, sync Sync, reason string) error {
	rec, err := jr.tx.Workspace(run.Workspace)
	if errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	rec.Sync, rec.Reason = sync, reason
	return putIfChanged(jr, rec)
}

// uncancel makes a run immune: its apply is about to start.
func (r *Runner) uncancel(id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.cancels, id)
}
