package report

import (
	"fmt"
	"regexp"
	"time"
)

// UncheckedDocument is what is said about a workspace whose drift could not be checked.
type UncheckedDocument struct {
	Workspace string
	Owner     string
	RunID     int64     // the run that failed; 0: none
	Since     time.Time // of the first check that failed; zero = not known
	CheckedAt time.Time // of the last one that did not; zero = never
	Error     string    // masked
	Metadata  string
}

// UncheckedIssue writes an issue about a workspace of which nobody knows whether it has drifted.
func UncheckedIssue(doc UncheckedDocument, limit int) (title, body string) {
	is := newIssue(limit, doc.Metadata)
	last := " It was never checked before."
	if !doc.CheckedAt.IsZero() {
		last = checked(doc.CheckedAt)
	}
	is.paragraph("**" + briefCode(doc.Workspace, 150) + " could not be checked for drift**" + since(doc.Since) + "." + last + " Until it can, nobody knows whether it has drifted.")
	is.tail = "The check is tried again by itself, and this issue is closed when it succeeds. Now: " + checkNow(doc.Workspace) + ".\n\n" + owner(doc.Owner)
	whole := ""
	if doc.RunID != 0 {
		whole = fmt.Sprintf("On the server, `driftless show %d` has the whole of it.\n\n", doc.RunID)
	}
	is.tail = whole + is.tail
	if doc.Error != "" {
		text := plainOutput(visible(plainOutput(doc.Error)))
		p := newPager(0)
		p.fence("text", excerpt{text: shorten(text, max(min(is.room()*3/4, len(text)), 16))})
		is.fits(p.finish()[0]+"\n\n", 0)
	}
	name := briefCode(doc.Workspace, 150)
	return "Drift of " + name + " could not be checked", is.text("the check failed")
}

var shellSafe = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]{1,150}$`)

// checkNow is the command that checks a workspace, or all if its name is nothing to type.
func checkNow(workspace string) string {
	if !shellSafe.MatchString(workspace) {
		return "`driftless drift --check`"
	}
	return code("driftless drift --check " + workspace)
}

// UncheckedGone is the comment with which such an issue is closed.
func UncheckedGone(doc UncheckedDocument) string {
	return "**Checked again:** " + briefCode(doc.Workspace, 150) + " could be compared with what was applied." + checked(doc.CheckedAt) + "\n"
}

// UncheckedBack is the comment with which it is opened again.
func UncheckedBack(doc UncheckedDocument) string {
	return "**It could not be checked again**" + since(doc.Since) + ". The description above says why.\n"
}

// UncheckedNow is the comment on an issue about drift that says that nobody knows any more.
func UncheckedNow(doc UncheckedDocument) string {
	return "**It could not be checked**" + since(doc.Since) + ", so nobody knows whether it is still so. The description above says why.\n"
}

// DriftSummary is what is said about the workspaces beyond the cap on issues.
type DriftSummary struct {
	Rows     []DriftRow
	Metadata string
}

// DriftRow is one workspace of a summary.
type DriftRow struct {
	Workspace string
	RunID     int64 // 0: none
	Objects   int   // that differ
	Since     time.Time
	Unchecked bool // it is not known whether it has drifted
}

// DriftSummaryIssue writes the one issue that stands for all for which there is no issue of their own.
func DriftSummaryIssue(doc DriftSummary, limit int) (title, body string) {
	const name = "Drift in further workspaces"
	is := newIssue(limit, doc.Metadata)
	lead := plural(len(doc.Rows), "further workspace has", "further workspaces have") + " drifted or could not be checked"
	is.paragraph("**" + lead + ".** There are as many issues about drift as may be open at once, so the rest is here. `driftless drift` lists all.")
	is.write("| workspace | differs | since | to repair it |\n|---|---|---|---|\n")
	left := 0
	for _, r := range doc.Rows {
		if !is.fits(r.line(), 100) {
			left++
		}
	}
	if left > 0 {
		is.write(fmt.Sprintf("\nand %d more: `driftless drift`\n", left))
	}
	return name, is.text(lead)
}

func (r *DriftRow) line() string {
	differs, repair, when := plural(r.Objects, "object", "objects"), "–", "–"
	if r.RunID != 0 {
		repair = fmt.Sprintf("`driftless approve %d`", r.RunID)
	}
	if r.Unchecked {
		differs, repair = "could not be checked", "–"
		if r.RunID != 0 {
			repair = fmt.Sprintf("on the server: `driftless show %d`", r.RunID)
		}
	}
	if !r.Since.IsZero() {
		when = moment(r.Since)
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", briefCode(r.Workspace, 100), differs, when, repair)
}
