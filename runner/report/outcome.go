package report

import (
	"cmp"
	"slices"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
)

// failed reports whether a row has no plan that could be trusted, or an apply that did not end well.
func (r *Row) failed() bool {
	return r.Status == "failed" || r.Status == "interrupted" || r.Plan != nil && r.Plan.Errored
}

// over reports whether a newer commit or a person ended the run.
func (r *Row) over() bool { return r.Status == "canceled" || r.Status == "superseded" }

// underway reports whether the row will still get a plan.
func (r *Row) underway() bool {
	return r.Plan == nil && !r.failed() && !r.over() && r.Status != "unchanged" && r.Status != "blocked" && r.Status != "held"
}

// pending reports whether something is still to come of the row by itself: its plan, or after the merge its apply.
func (r *Row) pending(doc *Document) bool {
	return r.underway() || r.Status == "applying" || doc.Merged && slices.Contains([]string{"queued", "planning", "planned", "ready"}, r.Status)
}

// waitsForApply reports whether the row's changes are to be applied before the merge, can be, and are not.
func (r *Row) waitsForApply() bool {
	return r.BeforeMerge && !r.Applied && r.changes() && !r.failed() && !r.refused() && r.Status != "blocked" && r.Status != "applying"
}

// waits reports whether a person must do something about the row.
func (r *Row) waits() bool { return r.failed() || r.Status == "held" || r.Status == "blocked" }

// changes reports whether the row's plan would do anything.
func (r *Row) changes() bool {
	return r.Plan != nil && (!r.Plan.Summary.Empty() || len(r.Plan.Changes) > 0)
}

// unchanged reports whether there is nothing to do and nothing to decide.
func (r *Row) unchanged() bool {
	return !r.failed() && !r.refused() && !r.changes() && (r.Status == "unchanged" || r.Plan != nil) && r.Status != "blocked" && r.Status != "held" && !r.over()
}

// destroyed is how many resources the row's plan destroys.
func (r *Row) destroyed() int {
	if r.Plan == nil {
		return 0
	}
	return r.Plan.Summary.Delete + r.Plan.Summary.Replace
}

// verdict is what the policies said; "" = nothing.
func (r *Row) verdict() policy.Status {
	if r.Verdict == nil {
		return ""
	}
	return r.Verdict.Status
}

// refused reports whether the policies do not let the plan be applied.
func (r *Row) refused() bool { return r.Verdict != nil && !r.Verdict.Passed() }

// risky reports whether a reviewer must look at the row.
func (r *Row) risky() bool {
	return r.failed() || r.refused() || r.Status == "blocked" || r.destroyed() > 0
}

// rank orders rows: what needs a person's eyes first.
func (r *Row) rank() int {
	var s planner.Summary
	if r.Plan != nil {
		s = r.Plan.Summary
	}
	switch {
	case r.failed():
		return 0
	case r.Status == "blocked" || r.refused():
		return 1
	case r.destroyed() > 0:
		return 2
	case r.Status == "held" || r.over():
		return 3
	case s.Update > 0 || s.Forget > 0:
		return 4
	case r.changes():
		return 5
	case r.unchanged():
		return 7
	}
	return 6
}

// byRisk returns the rows, riskiest first, then by name.
func byRisk(rows []Row) []*Row {
	sorted := make([]*Row, len(rows))
	for i := range rows {
		sorted[i] = &rows[i]
	}
	slices.SortStableFunc(sorted, func(a, b *Row) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(b.destroyed(), a.destroyed()), cmp.Compare(a.Workspace, b.Workspace))
	})
	return sorted
}
