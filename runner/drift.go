package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
)

var zeroTime time.Time

// finishDrift ends a drift check: the world is what was applied, or it has drifted and the run waits for an approval of
// the repair.
func (j *job) finishDrift(ctx context.Context, plan *planner.Plan, verdict policy.Verdict) error {
	plan.Changes = lasting(plan.Changes)
	if len(plan.Changes) == 0 {
		j.run.Reason = ""
		return j.to(ctx, Unchanged, "no drift", "", func(tx Tx, jr *journal, run *Run) error {
			if err := tx.DeleteBlobs(BlobKey(run.ID, "plan")); err != nil { // nothing in it; and there is one every few hours
				return err
			}
			return j.checked(jr, *run, nil)
		})
	}
	status := Held
	j.run.Reason = driftReason(plan.Changes, j.run.ID)
	broken := j.broken(plan)
	if broken != "" {
		j.run.Unreviewed = []string{StateMark + broken} // an approval of the repair is one of this state
		j.run.Reason = fmt.Sprintf("%s. A plan from this state has %s. Where it creates what is there already, an approval builds that twice: %s. Else `driftless approve %d` applies it",
			broken, count(len(plan.Changes), "change", "changes"), j.rightState(), j.run.ID)
	}
	if j.waits != "" {
		j.run.Reason = fmt.Sprintf("%s. A plan from the newest one has %s: check again then (`driftless drift --check %s`)", j.waits, count(len(plan.Changes), "change", "changes"), j.run.Workspace)
	}
	if !verdict.Passed() {
		status, j.run.Reason = Blocked, "drift; its repair is not allowed: "+verdictReason(verdict)
	}
	repair := status == Held && broken == "" && j.ws.Reconcile && repairable(plan)
	return j.to(ctx, status, "drift found", driftMessage(plan), func(tx Tx, jr *journal, run *Run) error {
		if err := j.checked(jr, *run, plan.Changes); err != nil {
			return err
		}
		rec, err := tx.Workspace(run.Workspace)
		if err != nil || !repair || rec.Reserved != 0 || rec.TargetDigest != rec.AppliedDigest || rec.AppliedDigest != run.InputDigest {
			return err
		}
		_, err = approveIn(jr, *run, "driftless (reconcile = true)", "")
		return err
	})
}

// driftReason says what a person can do about drift.
func driftReason(changes []planner.Change, runID int64) string {
	text := fmt.Sprintf("the world is not what was applied: %s. `driftless approve %d` repairs it; or adopt it by changing the code",
		count(len(changes), "change", "changes"), runID)
	if slices.ContainsFunc(changes, func(c planner.Change) bool { return c.Cause == planner.Unknown }) {
		text += ". A value that differs at every plan, such as timestamp(), belongs into `volatile`"
	}
	return text
}

// lasting leaves out updates of nothing but volatile paths: they are proposed at every plan, and say nothing of the world.
func lasting(changes []planner.Change) []planner.Change {
	return slices.DeleteFunc(slices.Clone(changes), func(c planner.Change) bool {
		return c.Action == planner.Update && len(c.Paths) > 0 &&
			!slices.ContainsFunc(c.Paths, func(p planner.PathChange) bool { return !p.Volatile })
	})
}

// repairable reports whether drift may be repaired without a person: it came from outside, and nothing is lost by it.
func repairable(plan *planner.Plan) bool {
	for _, change := range plan.Changes {
		if change.Cause != planner.External {
			return false
		}
		switch change.Action {
		case planner.Delete, planner.Replace, planner.Forget:
			return false
		}
	}
	return true
}

// checked records the outcome of a drift check; earlier drift runs of the workspace are settled by it.
func (j *job) checked(jr *journal, run Run, drift []planner.Change) error {
	if err := settleDrift(jr, run); err != nil {
		return err
	}
	rec, err := jr.tx.Workspace(run.Workspace)
	if err != nil {
		return err
	}
	if rec.AppliedDigest != run.InputDigest {
		return nil // an apply came in between: this says nothing about the world of now
	}
	if err := j.assess(jr, &rec, run, j.checks); err != nil {
		return err
	}
	rec.CheckedAt, rec.UpdatedAt = now(), now()
	if len(drift) == 0 {
		rec.Prior = j.follows(rec.Prior)
		if !rec.DriftSince.IsZero() {
			if err := jr.run("drift gone", run, "in sync again since it was "+rec.Reason); err != nil {
				return err
			}
		}
		rec.DriftSince, rec.Drift = zeroTime, nil
		rec.Sync, rec.Reason = rec.orPending(Synced, "")
		return jr.tx.PutWorkspace(rec)
	}
	if rec.DriftSince.IsZero() {
		rec.DriftSince = now()
	}
	if rec.Drift, err = json.Marshal(drift); err != nil {
		return err
	}
	rec.Sync, rec.Reason = rec.orPending(Drifted, rec.drifted())
	return jr.tx.PutWorkspace(rec)
}

// changes are the changes of the last drift check.
func (rec Workspace) changes() *planner.Plan {
	plan := &planner.Plan{}
	_ = json.Unmarshal(rec.Drift, &plan.Changes) // what cannot be read is shown as nothing in particular
	return plan
}

// drifted says what the last drift check found, and whether its state was one that a person put there.
func (rec Workspace) drifted() string {
	text := driftMessage(rec.changes())
	if rec.Prior.Replaced != "" {
		return rec.Prior.Replaced + "; " + text
	}
	return text
}

// settleDrift ends the drift runs that wait for a person: a newer run says how the world is.
func settleDrift(jr *journal, run Run) error {
	waiting, err := jr.tx.Runs(RunFilter{Workspace: run.Workspace, Purposes: []Purpose{PurposeDrift}, Statuses: []Status{Held, Blocked}})
	if err != nil {
		return err
	}
	waiting = slices.DeleteFunc(waiting, func(r Run) bool { return r.ID == run.ID })
	return supersede(jr, waiting, fmt.Sprintf("by run %d", run.ID), nil)
}

// orPending is how a workspace stands after a check: what is merged and not applied goes before what the check found, and
// keeps the reason for which it waits.
func (rec Workspace) orPending(found Sync, reason string) (Sync, string) {
	switch {
	case rec.TargetDigest == rec.AppliedDigest:
		return found, reason
	case rec.Sync == Pending || rec.Sync == SyncFailed:
		return rec.Sync, rec.Reason
	}
	return Pending, "merged changes wait to be applied"
}

// driftMessage is one line that names what drifted, and why as far as it is known.
func driftMessage(plan *planner.Plan) string {
	const most = 3
	text := ""
	for i, c := range plan.Changes {
		if i == most {
			return text + fmt.Sprintf(" and %d more", len(plan.Changes)-most)
		}
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s (%s, %s)", c.Address, c.Action, c.Cause)
	}
	return "drifted: " + text
}
