package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
)

// agreedBefore is the plan that the report on the pull request showed when somebody asked for the apply: what its reviewers
// agreed to.
func (j *job) agreedBefore(ctx context.Context) (*coverage, error) {
	cover := &coverage{}
	err := j.r.opts.Store.View(ctx, func(tx Tx) error {
		pull, err := tx.Pull(j.run.PullID)
		if err != nil {
			return err
		}
		run, err := tx.Run(j.run.Approves)
		if err != nil || run.Verdict == nil || !run.Verdict.Passed() {
			return err
		}
		plan, err := loadPlan(tx, run.ID)
		if err != nil {
			return err
		}
		cover.add(plan, 1, 0)
		cover.pulls, cover.ids = []string{pull.Key}, []int64{pull.ID}
		return nil
	})
	return cover, err
}

// planShown ends an apply before the merge that would do something else than the report shows: the world has moved since it
// was planned. The pull request is planned again, and somebody who has read that asks again. Of a state that cannot be the
// one that was seen before (broken says why), only the tracked branch is planned and approved.
func (j *job) planShown(ctx context.Context, broken string) error {
	reason := fmt.Sprintf("%s beyond what the report shows, because something has changed since it was planned. It is planned again: read the new report, then comment `%s` again",
		count(len(j.run.Unreviewed), "change goes", "changes go"), settling(j.run))
	if j.waits != "" {
		reason = fmt.Sprintf("%s. Then comment `%s` again", j.waits, settling(j.run))
	} else if broken != "" {
		reason = fmt.Sprintf("%s. If the plan is right all the same, merge this, and approve the plan that is held then. Otherwise %s; and comment `%s` again", broken, j.rightState(), settling(j.run))
	}
	j.run.Reason = reason
	return j.to(ctx, Held, string(Held), reason, func(tx Tx, jr *journal, run *Run) error {
		shown, err := tx.Runs(RunFilter{Workspace: run.Workspace, PullID: run.PullID, Purposes: []Purpose{PurposePlan}, Statuses: []Status{Ready, Unchanged}})
		if err != nil {
			return err
		}
		if err := supersede(jr, shown, fmt.Sprintf("because run %d planned something else", run.ID), nil); err != nil {
			return err
		}
		return setSync(jr, *run, Pending, reason)
	})
}

// stillAllowed asks the forge once more, right before an apply before the merge: a review may have been withdrawn while it
// was planned.
func (j *job) stillAllowed(ctx context.Context) error {
	if j.run.PullID == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var pull Pull
	if err := j.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		pull, err = tx.Pull(j.run.PullID)
		return err
	}); err != nil {
		return err
	}
	if pull.State != Open || j.w.host == nil {
		return userError("the pull request is not open any more")
	}
	state, err := j.w.host.State(ctx, pull.Key)
	if err != nil {
		return err
	}
	if err := j.w.provide(ctx, Run{PullID: pull.ID, Commit: pull.Head, Base: pull.Base, Tree: pull.Tree}, pull.Head, pull.Base); err != nil {
		return err
	}
	b, err := j.w.inputs(ctx, pull, j.run.Workspace)
	if err != nil {
		return err
	}
	switch {
	case b.digest != j.run.InputDigest:
		return userError("what it reads has changed since it was planned")
	case b.ws.Apply != workspaces.BeforeMerge:
		return userError("the tracked branch does not let it be applied before the merge any more")
	}
	return j.w.requirements(ctx, pull, b, state)
}

// orLater lets an apply wait of which the forge does not say now whether it may be: it is planned again then. Any other reason
// not to apply ends it.
func (j *job) orLater(ctx context.Context, err error) error {
	var later *forge.Later
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		later = &forge.Later{Reason: "it did not answer within a minute"}
	case !errors.As(err, &later):
		return err
	}
	j.r.leave(j.run.ID, nextTry(later, j.run.Attempt)) // a restart, or another replica, may ask the forge at once
	j.run.Reason = "waits for the forge to say whether it may be applied: " + later.Reason
	return j.to(ctx, Queued, "run queued", j.run.Reason, nil)
}
