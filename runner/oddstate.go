package runner

import (
	"fmt"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/workspaces"
)

// broken says why the state that a plan was made from cannot be the one that there should be, or "".
func (j *job) broken(plan *planner.Plan) string {
	return orElse(j.prior.Follows(j.rec.Prior), j.rec.Prior.Twice(plan))
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
