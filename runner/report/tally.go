package report

import (
	"fmt"

	"github.com/driftlessops/driftless/planner"
)

// tally counts what the rows of a document say.
type tally struct {
	rows, changed, failed, interrupted, denied, unjudged, blocked, held, warned, over, underway, applying, applied int
	sum                                                                                                            planner.Summary
}

func count(doc *Document) tally {
	t := tally{rows: len(doc.Rows)}
	for i := range doc.Rows {
		r := &doc.Rows[i]
		switch {
		case r.failed():
			t.failed++
			if r.Status == "interrupted" {
				t.interrupted++
			}
		case r.verdict() == "deny":
			t.denied++
		case r.verdict() == "error":
			t.unjudged++
		case r.Status == "blocked":
			t.blocked++
		case r.Status == "held":
			t.held++
		case r.over():
			t.over++
		case r.verdict() == "warn":
			t.warned++
		}
		if r.pending(doc) {
			t.underway++
		}
		if r.Status == "applying" {
			t.applying++
		}
		if r.Applied {
			t.applied++
		}
		if r.changes() && !r.failed() && (doc.Merged && r.Status == "applied" || !doc.Merged && !r.Applied) {
			t.changed++
			t.add(r.Plan.Summary)
		}
	}
	return t
}

func (t *tally) add(s planner.Summary) {
	t.sum.Create += s.Create
	t.sum.Update += s.Update
	t.sum.Replace += s.Replace
	t.sum.Delete += s.Delete
	t.sum.Import += s.Import
	t.sum.Move += s.Move
	t.sum.Forget += s.Forget
	t.sum.Outputs += s.Outputs
	t.sum.Invoke += s.Invoke
}

// progress is how many of the rows are done.
func (t *tally) progress() string { return fmt.Sprintf("%d of %d", t.rows-t.underway, t.rows) }

// planning is how many of the rows of an open pull request still get a plan.
func (t *tally) planning() int { return t.underway - t.applying }
