package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/planner"
)

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
}

// alarming reports whether the headline deserves an alarm. Where forges do not know alerts it reads as a quotation.
func alarming(doc *Document) bool {
	if doc.Closed || doc.aside() {
		return false
	}
	t := count(doc)
	destroys := t.sum.Delete+t.sum.Replace > 0 && !doc.Merged
	waits := t.held > 0 && doc.Merged
	return doc.Error != "" || len(doc.Conflicts) > 0 || t.failed+t.denied+t.unjudged+t.blocked > 0 || destroys || waits
}

// headline is the sentence in plain words. It holds no text of others.
func headline(doc *Document) string {
	t := count(doc)
	if doc.Closed || doc.aside() {
		return t.lead(doc)
	}
	done := t.applied
	if doc.Merged {
		done = 0 // that is what the report is about
	}
	var parts []string
	for _, part := range []struct {
		n      int
		before string
		after  string
	}{
		{t.failed, "", " failed"}, {t.denied, "policy denies ", ""}, {t.unjudged, "policy could not judge ", ""}, {t.blocked, "", " blocked"},
		{t.held, "", " held"}, {t.over, "", " canceled"}, {t.warned, "policy warns of ", ""}, {done, "", " applied already"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%s%d%s", part.before, part.n, part.after))
		}
	}
	if effects := effects(t.sum, doc.Merged); effects != "" {
		parts = append([]string{effects}, parts...)
	}
	if t.underway > 0 {
		parts = append([]string{t.progress() + " done"}, parts...)
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
	change := pick(doc.Merged, "would change", "was changed")
	switch {
	case doc.Closed:
		return "Closed without a merge" + pick(t.applied > 0, "", " after an apply")
	case doc.aside():
		return "Not planned"
	case len(doc.Conflicts) > 0:
		return "Not planned, because this branch conflicts with the tracked one in " + plural(len(doc.Conflicts), "file", "files")
	case doc.Error != "" && t.rows == 0:
		return "Nothing could be planned"
	case doc.Error != "":
		return "Not everything could be planned"
	case t.rows == 0:
		return "No workspace is touched"
	case t.underway > 0:
		return pick(doc.Merged || t.planning() == 0, "Planning", "Applying")
	case t.changed == 0 && t.failed+t.applied+t.blocked+t.denied+t.unjudged+t.held+t.over > 0:
		return plural(t.rows, "workspace is", "workspaces are") + " touched"
	case t.changed == 0:
		return "No changes in " + plural(t.rows, "workspace", "workspaces")
	case t.rows == 1:
		return "1 workspace " + change
	case t.changed > 1:
		change = pick(doc.Merged, "would change", "were changed")
	}
	return fmt.Sprintf("%d of %d workspaces %s", t.changed, t.rows, change)
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
func pick[S ~string](so bool, no, yes S) S {
	if so {
		return yes
	}
	return no
}
