package runner

import "github.com/driftlessops/driftless/planner"

// approvesIt is how what is held is applied, where somebody may do that.
const approvesIt = ": `driftless approve` applies it"

// inDoubt says why whatever a merge changes in a workspace is held, as far as that is certain now: what it knows of its state does
// not let a plan from it be applied without a word of a person. Otherwise it is "".
func inDoubt(rec Workspace, plan *planner.Plan) string {
	if rec.Prior.Replaced != "" || plan == nil {
		return rec.Prior.Replaced
	}
	return rec.Prior.Twice(plan)
}

// onMerge says what a merge will do for a workspace, whose state may be in doubt.
func onMerge(run Run, doubt string, manual, before bool) string {
	if run.Purpose != PurposePlan {
		return ""
	}
	switch run.Status {
	case Ready:
		switch {
		case doubt != "" && before:
			return "not applied before the merge, and held after it (" + doubt + ")" + approvesIt
		case doubt != "":
			return "held (" + doubt + ")" + approvesIt
		case before:
			return "applied before the merge: `driftless apply`"
		case manual:
			return "held: apply = \"manual\"" + approvesIt
		}
		return "applies these changes"
	case Unchanged:
		return "nothing to apply"
	case Blocked:
		return "nothing is applied: policy blocks it"
	case Failed:
		return "held: there is no plan that anyone could review"
	case Canceled:
		return "held: its plan was canceled, and nobody could review it"
	}
	return "held until the plan is done"
}
