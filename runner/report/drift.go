package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/driftlessops/driftless/planner"
)

// DriftDocument is everything that is said about the drift of one workspace.
type DriftDocument struct {
	Workspace     string
	Owner         string           // called by name where it is logins or teams ("@acme/platform")
	RunID         int64            // the drift run that found it: what an approval names; 0: none
	Refused       string           // why an approval would not repair it; "" = it would
	First         string           // what is to be settled before a repair, and how; "" = nothing
	Unwell        string           // which checks of the code fail; "" = none
	Commit        string           // the applied commit that the world was compared with
	AppliedAuthor string           // author of that commit
	AppliedBy     string           // who asked for the apply or approved it; "" = nobody
	AppliedAt     time.Time        // zero = not known
	Since         time.Time        // when the drift was first seen; zero = with this run
	Changes       []planner.Change // of the drift plan: what a repair would do
	Metadata      string           // hidden at the end, for Metadata; "" = none
}

// DriftIssue writes an issue about drift: what differs, why, since when, and how to repair or to adopt it. The title is the
// same as long as the workspace has its name. The body has at most limit bytes (0 = no limit): whole changes are left out.
func DriftIssue(doc DriftDocument, limit int) (title, body string) {
	is := newIssue(limit, doc.Metadata)
	is.paragraph("**" + briefCode(doc.Workspace, 150) + " has drifted:** " + doc.differ() + since(doc.Since) + ".")
	is.paragraph(lastApplied(doc))
	is.tail = remedies(doc)
	if doc.Unwell != "" {
		is.fits("Its health is **Degraded:** "+briefProse(strings.TrimSuffix(doc.Unwell, "."), 300)+".\n\n", len(moreChanges(len(doc.Changes), doc.RunID)))
	}
	shown, left := []planner.Change(nil), 0
	for _, c := range doc.Changes {
		if is.fits(drifted(c), len(moreChanges(len(doc.Changes), doc.RunID))) {
			shown = append(shown, c)
		} else {
			left++
		}
	}
	if left > 0 {
		is.write(moreChanges(left, doc.RunID))
	}
	is.write("\n")
	is.details = repairs(shown, is.room())
	return "Drift in " + briefCode(doc.Workspace, 150), is.text(doc.differ())
}

func (doc *DriftDocument) differ() string {
	return plural(len(doc.Changes), "object differs", "objects differ") + " from what was applied"
}

// DriftGone is the comment with which an issue about drift is closed.
func DriftGone(doc DriftDocument) string {
	return "**No drift any more:** " + briefCode(doc.Workspace, 150) + " is as " + appliedCommit(doc.Commit) + " says. If it drifts again, this issue is opened again.\n"
}

// DriftBack is the comment with which it is opened again.
func DriftBack(doc DriftDocument) string {
	return "**Drifted again:** " + doc.differ() + since(doc.Since) + ". The description above says which.\n"
}

// DriftOther is the comment that says that it is other drift than before.
func DriftOther(doc DriftDocument) string {
	return "**Other drift than before:** " + doc.differ() + since(doc.Since) + ". The description above says which.\n"
}

// DriftMoot is the comment with which an issue is closed that is about nothing any more: why says what became of the workspace.
func DriftMoot(workspace, why string) string {
	return "**Closed:** " + briefCode(workspace, 150) + ": " + briefProse(why, 500) + "\n"
}

func appliedCommit(commit string) string {
	if commit == "" {
		return "the applied commit"
	}
	return "the applied commit " + briefCode(shortCommit(commit), 20)
}

// lastApplied says what was applied last, when and by whom.
func lastApplied(doc DriftDocument) string {
	if doc.Commit == "" {
		return ""
	}
	text := "Last applied: commit " + briefCode(shortCommit(doc.Commit), 20)
	if doc.AppliedAuthor != "" {
		text += " of " + briefCode(doc.AppliedAuthor, 60)
	}
	if !doc.AppliedAt.IsZero() {
		text += ", " + moment(doc.AppliedAt)
	}
	if doc.AppliedBy != "" {
		text += ", by " + briefCode(doc.AppliedBy, 60)
	}
	return text + "."
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", since " + moment(t)
}

func checked(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " Last checked " + moment(t) + "."
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func moreChanges(n int, runID int64) string {
	text := fmt.Sprintf("- and %d more", n)
	if runID != 0 {
		text += fmt.Sprintf("; on the server: `driftless show %d`", runID)
	}
	return text + "\n"
}

// remedies says what a person can do about drift.
func remedies(doc DriftDocument) string {
	var b strings.Builder
	switch {
	case doc.Refused != "":
		b.WriteString("**It cannot be repaired as it is:** " + briefProse(doc.Refused, 600) + "\n\n")
	case doc.First != "":
		b.WriteString("**It cannot be repaired yet:** " + briefProse(doc.First, 600) + ".\n\n")
	case doc.RunID != 0:
		fmt.Fprintf(&b, "**To repair it**, so that the world is as the code says: comment `driftless approve` here, or run `driftless approve %d`.\n\n", doc.RunID)
	}
	b.WriteString("**To adopt it**, so that the code says what is there: change the code and merge it. The check after that closes this issue.\n\n")
	if slices.ContainsFunc(doc.Changes, func(c planner.Change) bool { return c.Cause == planner.Unknown }) {
		b.WriteString("A value that differs at every plan, such as `timestamp()`, belongs into `volatile` of the workspace.\n\n")
	}
	return b.String() + owner(doc.Owner)
}

// owner calls the owners of a workspace, as far as they are logins or teams.
func owner(owners string) string {
	const most = 5
	var names []string
	for _, name := range strings.Fields(strings.ReplaceAll(owners, ",", " ")) {
		if len(names) == most {
			break
		}
		if strings.HasPrefix(name, "@") && login.MatchString(name) {
			names = append(names, name)
		} else {
			names = append(names, briefCode(name, 60))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "Owner: " + strings.Join(names, ", ") + "\n\n"
}
