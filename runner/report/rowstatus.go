package report

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode"

	"github.com/driftlessops/driftless/policy"
)

// rowStatus says how the plan of one workspace stands.
func rowStatus(doc *Document, r *Row) Status {
	s := Status{Context: rowContext(doc, r.Workspace), State: Success, Description: "no changes"}
	if r.changes() {
		s.Description = cmp.Or(strings.Join(counts(r.Plan.Summary), ", "), "changes")
	}
	switch {
	case r.Status == "applying":
		s.Description = "applying: " + s.Description
	case r.pending(doc):
		s.State, s.Description, s.Follows = Pending, "not planned yet", true
	case r.failed():
		s.State, s.Description = Failure, pick(r.applyFailed(doc), "failed", "planned, its apply "+pick(r.Status == "interrupted", "failed", "was interrupted"))
	case r.over():
		s.State, s.Description = Failure, known(r.Status)
	case r.verdict() == policy.Deny:
		s.State, s.Description = Failure, "policy denies: "+s.Description
	case r.verdict() == policy.Error:
		s.State, s.Description = Errored, "policy could not judge: "+s.Description
	case r.Status == "held":
		s.Description = "held: " + s.Description
	case r.Applied:
		s.Description = "applied: " + s.Description
	}
	return s.fit()
}

// known is a status of a run that is over, if it is one.
func known(status string) string { return pick(status == "superseded", "canceled", "superseded") }

// rowContext is the context of one workspace: the same as long as it has its name, and no other's. GitHub takes upper and
// lower case for the same, and not every character, so a name that is not plain ends in its hash.
func rowContext(doc *Document, workspace string) string {
	const prefix = PlanContext + ": "
	name := shortName(doc, workspace)
	plain := strings.Map(func(r rune) rune {
		if r >= '~' || r < '!' || strings.ContainsRune("\"'<>&`\\", r) {
			return '_'
		}
		return unicode.ToLower(r)
	}, name)
	if name != "" && plain == name && len(prefix)+len(name) <= maxContext {
		return prefix + name
	}
	sum := fmt.Sprintf("~%x", sha256.Sum256([]byte(workspace)))[:13]
	return prefix + cut(plain, maxContext-len(prefix)-len(sum)) + sum
}
