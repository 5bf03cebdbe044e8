package report

import (
	"cmp"
	"fmt"
	"slices"
)

// frame is what stands above and below the content of each page.
type frame struct {
	limit    int
	title    string
	whole    string // how to see it whole
	metadata string
}

// maxPages bounds the digits of page numbers.
const maxPages = 9_999_999

func newFrame(doc *Document, limit int) frame {
	f := frame{limit: limit, title: "driftless", metadata: metadataComment(doc.Metadata, limit)}
	if doc.Title != "" {
		f.title = briefProse(doc.Title, 80)
	}
	if doc.Commands {
		f.whole = commands(doc)
	} else if slices.ContainsFunc(doc.Rows, func(r Row) bool { return r.RunID != 0 }) {
		f.whole = "`driftless show RUN` prints a run whole"
	}
	if doc.Head != "" {
		f.whole = dotted(f.whole, "commit "+briefCode(shortCommit(doc.Head), 20))
	}
	return f
}

// commands are the commands that make sense now.
func commands(doc *Document) string {
	t := count(doc)
	waits := slices.ContainsFunc(doc.Rows, func(r Row) bool { return r.waitsForApply() })
	var all, reserved []string
	for i := range doc.Rows {
		if r := &doc.Rows[i]; r.Reserved && r.Applied {
			reserved = append(reserved, shortName(doc, r.Workspace))
		}
	}
	for _, c := range []struct {
		now  bool
		text string
	}{
		{doc.open() && !doc.aside() && len(doc.Conflicts) == 0 && (doc.Error == "" || t.rows > 0), "`driftless plan` plans again"},
		{doc.open() && waits, "`driftless apply` applies before the merge"},
		{doc.open() && t.applied > 0 && !waits && t.underway == 0 && len(reserved) > 0, "now merge it: until then it reserves " + briefly(reserved)},
		{t.interrupted > 0, settleInterrupted(doc)},
		{doc.Merged && t.failed > t.interrupted, "`driftless apply` tries again what failed (what it finds beyond the review waits for `driftless approve`)"},
		{(doc.Merged || doc.Closed && t.applied > 0) && t.held > 0, "`driftless approve` applies what is held"},
		{doc.open() && t.underway > 0, "`driftless cancel` ends it"},
		{true, "`driftless help`"},
	} {
		if c.now {
			all = append(all, c.text)
		}
	}
	return dotted(all...)
}

// briefly names one workspace, and counts several.
func briefly(names []string) string {
	if len(names) == 1 {
		return briefCode(names[0], 60)
	}
	return plural(len(names), "workspace", "workspaces")
}

// settleInterrupted is what settles an interrupted apply, as its row says it.
func settleInterrupted(doc *Document) string {
	command := ""
	for i := range doc.Rows {
		if r := &doc.Rows[i]; r.Status == "interrupted" && command == "" {
			command = r.Command
		} else if r.Status == "interrupted" {
			command = "driftless resume"
		}
	}
	return briefCode(cmp.Or(command, "driftless resume"), 60) + " settles what was interrupted"
}

func (f frame) head(page, pages int) string {
	if page == 1 {
		return ""
	}
	return fmt.Sprintf("### %s (continued, page %d of %d)\n\n", f.title, page, pages)
}

func (f frame) foot(page, pages int) string {
	foot := f.whole
	if pages > 1 {
		foot = dotted(foot, fmt.Sprintf("page %d of %d", page, pages))
	}
	if foot != "" {
		foot = "\n\n---\n" + foot
	}
	return foot + "\n\n" + f.metadata + "\n"
}

// room is how many bytes of content a page may have; 0 = no limit.
func (f frame) room() int {
	if f.limit == 0 {
		return 0
	}
	return f.limit - len(f.head(maxPages, maxPages)) - len(f.foot(maxPages, maxPages))
}

// bind puts the frame around each page.
func (f frame) bind(bodies []string) []string {
	for i, body := range bodies {
		bodies[i] = f.head(i+1, len(bodies)) + body + f.foot(i+1, len(bodies))
	}
	return bodies
}
