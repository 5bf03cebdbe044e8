package runner

import (
	"context"
	"fmt"
	"slices"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/workspaces"
)

// broken says why the state that a plan was made from cannot be the one that there should be, or "".
func (j *job) broken(plan *planner.Plan) string { return orElse(j.waits, j.doubt(j.rec, plan)) }

// doubt is broken, as it is on record.
func (j *job) doubt(rec Workspace, plan *planner.Plan) string {
	return orElse(j.prior.Follows(rec.Prior), rec.Prior.Twice(plan))
}

// follows is what is known of the state from now on, when it is as its code says: what may have been made is not forgotten before a
// state knows it, however often there is nothing to do without it.
func (j *job) follows(seen planner.Prior) planner.Prior {
	next := j.prior
	next.Made = slices.DeleteFunc(slices.Clone(seen.Made), func(address string) bool { return slices.Contains(j.known, address) })
	return next
}

// lookForWaiting finds out whether a state of the workspace waits for a person.
func (j *job) lookForWaiting(ctx context.Context) error {
	return j.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		j.waits, err = j.r.stateWaits(tx, j.run.Workspace)
		return err
	})
}

// stateWaits says which state of a workspace waits for a person.
func (r *Runner) stateWaits(tx Tx, id workspaces.ID) (string, error) {
	return (&Commander{DataDir: r.opts.DataDir}).stateWaits(tx, id)
}

// rightState says what a person can do about that, who does not want the plan.
func (j *job) rightState() string {
	return rightState(j.run.Workspace, j.traits.managed(), j.rec.Prior.Replaced != "")
}

// rightState says how another state is put in the place of one that driftless keeps, or else a backend; replaced: a person put that one
// there, or nothing is known of it, so that it is no other backend's.
func rightState(id workspaces.ID, managed, replaced bool) string {
	how := fmt.Sprintf("put the right state there first (`driftless state push %s FILE`", id)
	if managed {
		how += fmt.Sprintf(", or `driftless state rollback %s VERSION` to one that `driftless state list %[1]s --versions` lists", id)
	}
	how += "), or add `import` blocks for what it lacks"
	if !replaced {
		how += ", or mend the backend block"
	}
	return how
}
