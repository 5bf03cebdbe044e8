package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/planner"
)

// tally counts what the rows of a document say.
type tally struct {
	rows, changed, failed, denied, unjudged, blocked, held, warned, underway int
	sum                                                                      planner.Summary
}

func count(doc *Document) tally {
	t := tally{rows: len(doc.Rows)}
	for i := range doc.Rows {
		r := &doc.Rows[i]
		switch {
		case r.failed():
			t.failed++
		case r.verdict() == "deny":
			t.denied++
		case r.verdict() == "error":
			t.unjudged++
		case r.Status == "blocked":
			t.blocked++
		case r.Status == "held":
			t.held++
		case r.verdict() == "warn":
			t.warned++
		}
		if r.underway() || doc.Merged && (r.Status == "ready" || r.Status == "planned" || r.Status == "applying") {
			t.underway++
		}
		if r.changes() && !r.failed() && (!doc.Merged || r.Status == "applied") {
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

// writeHeadline writes the sentence that a reviewer reads if he reads only one, and what it is about.
func writeHeadline(p *pager, doc *Document) {
	lead, rest, _ := strings.Cut(headline(doc), ": ")
	sentence := "**" + lead + ".**"
	if rest != "" {
		sentence = "**" + lead + ":** " + rest
	}
	if alarming(doc) {
		sentence = "> [!CAUTION]\n> " + sentence
	}
	p.paragraph(sentence)
	if about := about(doc); about != "" {
		p.paragraph(about)
	}
}

// alarming reports whether the headline deserves an alarm. Where forges do not know alerts it reads as a quotation.
func alarming(doc *Document) bool {
	if doc.Closed {
		return false
	}
	t := count(doc)
	destroys := t.sum.Delete+t.sum.Replace > 0 && !doc.Merged
	return doc.Error != "" || len(doc.Conflicts) > 0 || t.failed+t.denied+t.unjudged+t.blocked > 0 || destroys
}

// headline is the sentence in plain words. It holds no text of others.
func headline(doc *Document) string {
	if doc.Closed {
		return "Closed without a merge"
	}
	t := count(doc)
	var parts []string
	for _, part := range []struct {
		n      int
		before string
		after  string
	}{
		{t.failed, "", " failed"}, {t.denied, "policy denies ", ""}, {t.unjudged, "policy could not judge ", ""}, {t.blocked, "", " blocked"},
		{t.held, "", " held"}, {t.warned, "policy warns of ", ""}, {t.underway, "", " still under way"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%s%d%s", part.before, part.n, part.after))
		}
	}
	if effects := effects(t.sum, doc.Merged); effects != "" {
		parts = append([]string{effects}, parts...)
	}
	if n := len(doc.Orphans); n > 0 {
		parts = append(parts, plural(n, "workspace directory", "workspace directories")+" removed, nothing destroyed by that")
	}
	if len(parts) == 0 {
		return t.lead(doc)
	}
	return t.lead(doc) + ": " + strings.Join(parts, " · ")
}

// lead says how many workspaces there are to look at.
func (t *tally) lead(doc *Document) string {
	of := " of " + plural(t.rows, "workspace ", "workspaces ")
	switch {
	case len(doc.Conflicts) > 0:
		return "Not planned, because this branch conflicts with the tracked one in " + plural(len(doc.Conflicts), "file", "files")
	case doc.Error != "" && t.rows == 0:
		return "Nothing could be planned"
	case doc.Error != "":
		return "Not everything could be planned"
	case t.rows == 0:
		return "No workspace is touched"
	case t.changed == 0 && t.failed+t.underway+t.blocked+t.denied+t.unjudged+t.held > 0:
		return plural(t.rows, "workspace is", "workspaces are") + " touched"
	case t.changed == 0:
		return "No changes in " + plural(t.rows, "workspace", "workspaces")
	case t.rows == 1:
		return "1 workspace " + pick(doc.Merged, "would change", "was changed")
	case t.changed == 1:
		return "1" + of + pick(doc.Merged, "would change", "was changed")
	}
	return fmt.Sprint(t.changed) + of + pick(doc.Merged, "change", "were changed")
}

// effects says what happens to resources: "1 resource is destroyed, 3 created".
func effects(s planner.Summary, past bool) string {
	var parts []string
	for _, e := range []struct {
		n    int
		verb string
	}{
		{s.Delete, "destroyed"}, {s.Replace, "replaced (destroyed and created anew)"}, {s.Forget, "forgotten (not destroyed)"},
		{s.Update, "updated"}, {s.Create, "created"}, {s.Import, "imported"}, {s.Move, "moved"},
	} {
		switch {
		case e.n > 0 && len(parts) == 0:
			subject := plural(e.n, "resource "+pick(past, "is ", "was "), "resources "+pick(past, "are ", "were "))
			parts = append(parts, subject+e.verb)
		case e.n > 0:
			parts = append(parts, fmt.Sprintf("%d %s", e.n, e.verb))
		}
	}
	if s.Outputs > 0 {
		parts = append(parts, plural(s.Outputs, "output "+pick(past, "changes", "changed"), "outputs "+pick(past, "change", "changed")))
	}
	if s.Invoke > 0 {
		parts = append(parts, plural(s.Invoke, "action "+pick(past, "runs", "ran"), "actions "+pick(past, "run", "ran")))
	}
	return strings.Join(parts, ", ")
}

// about says which commit the document speaks of.
func about(doc *Document) string {
	branch := "the tracked branch"
	if doc.Branch != "" {
		branch = briefCode(doc.Branch, 60)
	}
	line := ""
	if doc.Head != "" {
		line = "commit " + briefCode(shortCommit(doc.Head), 20) + pick(doc.Merged, " merged with ", " merged into ") + branch
		if doc.Base != "" && !doc.Merged {
			line += " at " + briefCode(shortCommit(doc.Base), 20)
		}
	}
	if doc.Repository != "" {
		line = dotted(briefCode(doc.Repository, 60), line)
	}
	if doc.Title != "" {
		line = dotted(briefProse(doc.Title, 120), line)
	}
	return line
}

// shortCommit is a commit as people write it.
func shortCommit(commit string) string { return cut(commit, 7) }

// dotted joins what is not empty.
func dotted(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// plural writes n with the word that goes with it.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// pick returns the second text if it is so.
func pick(so bool, no, yes string) string {
	if so {
		return yes
	}
	return no
}
