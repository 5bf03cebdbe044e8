package report

import (
	"fmt"
	"strings"

	"github.com/driftlessops/driftless/policy"
)

// State is how a status stands, by the names that forges use.
type State string

// The states.
const (
	Pending State = "pending"
	Success State = "success"
	Failure State = "failure"
	Errored State = "error"
)

// Status is a commit status.
type Status struct {
	Context     string // at most 100 bytes of ASCII
	State       State
	Description string // at most 140 bytes of ASCII; no text of others
	Follows     bool   // it waits for the plan and says no more than PlanContext does
}

// The contexts of the statuses that speak of all workspaces, for branch protection to require.
const (
	PlanContext   = "driftless/plan"
	PolicyContext = "driftless/policy"
	ApplyContext  = "driftless/apply"
)

const (
	maxContext     = 100
	maxDescription = 140
)

// Statuses are the commit statuses of a document: plan, policy and apply, and if there are at most most workspaces, one for
// the plan of each, which a policy that denies it fails as well. What was said of plan and policy before a merge stands:
// after it there is only apply, to be shown on the head and on the merge's commit. A closed pull request has one if it was applied;
// otherwise see Ended.
//
// How far the work is stands in the report alone: a status that counted along would be written anew for each workspace, and
// GitHub takes only so many statuses of a context on one commit.
func Statuses(doc Document, most int) []Status {
	t := count(&doc)
	if doc.Closed {
		return closedStatus(&doc, t)
	}
	if doc.Merged {
		return []Status{applyStatus(&doc, t)}
	}
	if state, why := leftAlone(&doc); why != "" {
		return []Status{
			{Context: PlanContext, State: state, Description: why}, {Context: PolicyContext, State: state, Description: why},
			{Context: ApplyContext, State: state, Description: why},
		}
	}
	all := []Status{planStatus(&doc, t), policyStatus(&doc, t), beforeStatus(&doc, t)}
	for i := range doc.Rows {
		if len(doc.Rows) <= most {
			all = append(all, rowStatus(&doc, &doc.Rows[i]))
		}
	}
	return all
}

// Ended is what a status says of a pull request that left before people could see what the status speaks of. It is no success,
// whatever it would have become.
func Ended(context string, merged bool) Status {
	before := "planned"
	switch context {
	case PolicyContext:
		before = "judged"
	case ApplyContext:
		before = "applied"
	}
	return Status{Context: context, State: Failure, Description: pick(merged, "closed", "merged") + " before it was " + before}
}

// leftAlone is what all statuses say of a pull request of which nothing is planned.
func leftAlone(doc *Document) (State, string) {
	switch {
	case doc.aside() && doc.Left == LeftBase:
		return Success, "not based on the tracked branch: driftless leaves it alone"
	case doc.aside() && doc.Left == LeftMends:
		return Success, "mends the configuration: planned after the merge"
	case doc.aside() && doc.Left == LeftFork:
		return Pending, "from a fork: not planned until somebody who may asks for it"
	case doc.aside() && doc.Left == LeftDraft:
		return Pending, "a draft: planned when it is ready for review"
	case doc.aside():
		return Pending, "not planned: the report says why"
	case doc.Error != "" || len(doc.Conflicts) > 0 || len(doc.Rows) > 0:
		return "", ""
	case len(doc.Orphans) > 0:
		return Success, plural(len(doc.Orphans), "workspace directory is", "workspace directories are") + " removed, and nothing is destroyed by that"
	}
	return Success, "no workspace is touched"
}

// planStatus says whether everything that can be planned is.
func planStatus(doc *Document, t tally) Status {
	s := Status{Context: PlanContext, State: Failure}
	over := countRows(doc, (*Row).over)
	failed := countRows(doc, func(r *Row) bool { return r.failed() && !r.applyFailed(doc) })
	switch {
	case doc.Error != "":
		s.State, s.Description = Errored, strings.ToLower(t.lead(doc)[:1])+t.lead(doc)[1:]+": the report says why"
	case len(doc.Conflicts) > 0:
		s.Description = "conflicts with the tracked branch in " + plural(len(doc.Conflicts), "file", "files")
	case t.planning() > 0:
		s.State, s.Description = Pending, planningAll(t)+pick(failed > 0, "", ", not all succeed")
	case failed > 0:
		s.Description = fmt.Sprintf("%d of %d failed", failed, t.rows)
	case over > 0:
		s.Description = fmt.Sprintf("%d of %d canceled", over, t.rows)
	case t.changed == 0 && t.applied > 0:
		s.State, s.Description = Success, fmt.Sprintf("applied %d of %d, no changes are left", t.applied, t.rows)
	case t.changed == 0:
		s.State, s.Description = Success, "no changes in "+plural(t.rows, "workspace", "workspaces")
	default:
		s.State, s.Description = Success, strings.TrimSuffix(fmt.Sprintf("%d of %d would change: %s", t.changed, t.rows, effects(t.sum, false)), ": ")
	}
	return s.fit()
}

// unplanned is what policy and apply say of what will not be planned by itself.
const unplanned = "without a plan: see " + PlanContext

// unplannable reports whether somebody must mend something before everything can be planned.
func (d *Document) unplannable() bool { return d.Error != "" || len(d.Conflicts) > 0 }

// planningAll says that work is under way, whatever is done of it.
func planningAll(t tally) string { return "planning " + plural(t.rows, "workspace", "workspaces") }

// policyStatus says what the policies said of all plans.
func policyStatus(doc *Document, t tally) Status {
	s := Status{Context: PolicyContext, State: Pending}
	denied := countRows(doc, func(r *Row) bool { return r.verdict() == policy.Deny })
	unjudged := countRows(doc, func(r *Row) bool { return r.verdict() == policy.Error })
	waiting := countRows(doc, func(r *Row) bool { return r.Verdict == nil && r.Status != "unchanged" })
	lost := countRows(doc, func(r *Row) bool { return r.Verdict == nil && (r.failed() || r.over()) })
	without := countRows(doc, func(r *Row) bool {
		return r.Verdict == nil || r.Verdict.Passed() && r.Verdict.Policies == 0 && r.verdict() == policy.Pass
	})
	warned := countRows(doc, func(r *Row) bool { return r.verdict() == policy.Warn })
	switch {
	case doc.unplannable():
		s.State, s.Description = Failure, unplanned
	case t.planning() > 0:
		s.Description, s.Follows = "waits for the plan"+pick(denied > 0, "", ", denies some"), denied == 0
	case denied > 0:
		s.State, s.Description = Failure, fmt.Sprintf("denies %d of %d", denied, t.rows)+some(unjudged, " could not be judged")
	case unjudged > 0:
		s.State, s.Description = Errored, fmt.Sprintf("could not judge %d of %d", unjudged, t.rows)
	case waiting > 0:
		s.State = pick(lost > 0, Pending, Failure)
		s.Description = fmt.Sprintf("%d of %d without a plan to judge", waiting, t.rows)
	case warned > 0:
		s.State, s.Description = Success, fmt.Sprintf("passes, warns of %d of %d", warned, t.rows)
	case without == t.rows:
		s.State, s.Description = Success, "no policies"
	default:
		s.State, s.Description = Success, fmt.Sprintf("passes %d of %d", t.rows, t.rows)
	}
	return s.fit()
}

// fit makes a description of plain characters that is not too long.
func (s Status) fit() Status {
	if len(s.Description) > maxDescription {
		s.Description = cut(s.Description, maxDescription-3) + "..."
	}
	return s
}

// ascii is a text of others as a description takes it.
func ascii(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}

// some says how many there are besides, if any.
func some(n int, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d%s", n, what)
}

// countRows counts the rows of which something is so.
func countRows(doc *Document, is func(*Row) bool) int {
	n := 0
	for i := range doc.Rows {
		if is(&doc.Rows[i]) {
			n++
		}
	}
	return n
}
