package report

import (
	"fmt"

	"github.com/driftlessops/driftless/planner"
)

// writeReviewed writes, below a plan that goes beyond what was reviewed, what the reviewers saw of the same things.
func (s *section) writeReviewed(p *pager) {
	r := s.row
	if r.Reviewed == nil || r.Plan == nil {
		return
	}
	at := fmt.Sprintf("%s`driftless show %d`", pick(s.forge, "", "on the server: "), r.ReviewRun)
	diffs := reviewedOf(r.Plan, r.Reviewed)
	if len(diffs) == 0 {
		p.paragraph("The plan that was reviewed here changes none of what goes beyond it (" + at + ").")
		return
	}
	p.paragraph("What was reviewed here of that (" + at + "):")
	p.fence("diff", diffs...)
}

// reviewedOf are the changes of a reviewed plan that differ from those of the same things in the plan of now.
func reviewedOf(now, reviewed *planner.Plan) (diffs []excerpt) {
	digests := map[string]string{}
	for _, c := range now.Changes {
		digests[c.Key()] = c.Digest
	}
	for _, c := range reviewed.Changes {
		if digest, both := digests[c.Key()]; both && digest != c.Digest {
			diffs = append(diffs, excerpt{name: c.Address, text: c.Diff()})
		}
	}
	return diffs
}
