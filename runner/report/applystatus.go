package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// beforeStatus says, before the merge, what a merge has to wait for.
func beforeStatus(doc *Document, t tally) Status {
	s := Status{Context: ApplyContext, State: Pending}
	failed := countRows(doc, func(r *Row) bool { return r.applyFailed(doc) })
	applying := countRows(doc, func(r *Row) bool { return r.Status == "applying" })
	waiting := countRows(doc, (*Row).waitsForApply)
	applied := countRows(doc, func(r *Row) bool { return r.Applied })
	held := countRows(doc, func(r *Row) bool { return r.Status == "held" && !r.refused() })
	stuck := countRows(doc, func(r *Row) bool { return r.waits() || r.over() || r.refused() })
	later := countRows(doc, func(r *Row) bool { return r.changes() && !r.BeforeMerge })
	manual := countRows(doc, func(r *Row) bool { return r.changes() && r.Manual && !r.BeforeMerge })
	switch {
	case failed > 0:
		s.State, s.Description = Failure, fmt.Sprintf("%d of %d failed", failed, t.rows)
	case applying > 0:
		s.Description = "applying"
	case doc.unplannable():
		s.State, s.Description = Failure, unplanned
	case t.underway > 0:
		s.Description, s.Follows = "waits for the plan", true
	case stuck > 0:
		s.State = pick(stuck > held, Pending, Failure) // only what is held waits for a command
		s.Description = fmt.Sprintf("%d of %d cannot be applied as planned", stuck, t.rows)
	case waiting > 0:
		s.Description = fmt.Sprintf("%d of %d %s for `driftless apply`", waiting, t.rows, pick(waiting > 1, "waits", "wait"))
	case later > 0 && doc.Unshown != "":
		s.Description = "its report cannot be shown: " + ascii(doc.Unshown)
	case later > 0:
		s.State, s.Description = Success, fmt.Sprintf("%d of %d after the merge", later, t.rows)+some(manual, " only when approved")+some(applied, " applied")
	case applied > 0:
		s.State, s.Description = Success, fmt.Sprintf("applied %d of %d", applied, t.rows)
	default:
		s.State, s.Description = Success, "nothing to apply"
	}
	return s.fit()
}

// applyStatus says what became of a merge.
func applyStatus(doc *Document, t tally) Status {
	s := Status{Context: ApplyContext, State: Pending}
	held := countRows(doc, func(r *Row) bool { return r.Status == "held" })
	blocked := countRows(doc, func(r *Row) bool { return r.Status == "blocked" })
	over := countRows(doc, (*Row).over)
	applied := countRows(doc, func(r *Row) bool { return r.Status == "applied" })
	waiting := some(held, " held for approval") + some(blocked, " blocked") + some(over, " canceled") + owners(doc)
	switch {
	case t.rows == 0 && doc.Error != "":
		s.State, s.Description = Errored, "nothing was planned: the report says why"
	case t.rows == 0:
		s.State, s.Description = Success, "no workspace is touched"
	case t.failed > 0:
		s.State, s.Description = Failure, fmt.Sprintf("%d of %d failed", t.failed, t.rows)+waiting
	case t.underway > 0:
		s.Description = "applying " + plural(t.rows, "workspace", "workspaces") + waiting
	case held+blocked+over > 0:
		s.Description = strings.TrimPrefix(waiting, ", ")
	case applied > 0:
		s.State, s.Description = Success, "applied "+plural(applied, "workspace", "workspaces")
	default:
		s.State, s.Description = Success, "nothing to apply"
	}
	return s.fit()
}

// closedStatus says what became of what was applied from a pull request that was closed. It is never green: the commit does not
// say what there is.
func closedStatus(doc *Document, t tally) []Status {
	if t.applied == 0 {
		return nil
	}
	s := Status{Context: ApplyContext, State: Failure, Description: "closed: what was applied is taken back"}
	if left := t.applied - countRows(doc, func(r *Row) bool { return r.TakenBack }); left > 0 {
		s.Description = fmt.Sprintf("closed after an apply: %d of %d not taken back yet", left, t.applied)
	}
	return []Status{s.fit()}
}

// applyFailed reports whether it is the row's apply that failed, and not its plan.
func (r *Row) applyFailed(doc *Document) bool {
	return r.Status == "interrupted" || r.Status == "failed" && (doc.Merged || r.BeforeMerge) && r.Plan != nil && !r.Plan.Errored
}

// login is the name of a person or a team, as forges have them.
var login = regexp.MustCompile(`^@?[A-Za-z0-9][A-Za-z0-9_.-]{0,38}(/[A-Za-z0-9_.-]{1,50})?$`)

// owners says for whom it waits, where the owners are few and are people or teams.
func owners(doc *Document) string {
	var names []string
	for i := range doc.Rows {
		if r := &doc.Rows[i]; (r.waits() || r.over()) && login.MatchString(r.Owner) {
			names = append(names, strings.TrimPrefix(r.Owner, "@"))
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 || len(names) > 2 {
		return ""
	}
	return " (" + pick(len(names) > 1, "owner ", "owners ") + strings.Join(names, ", ") + ")"
}
