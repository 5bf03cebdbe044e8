package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/driftlessops/driftless/planner"
)

// DriftDocument is everything that a report says about the drift of one workspace.
type DriftDocument struct {
	Workspace string
	Owner     string
	RunID     int64            // the drift run that found it: what an approval names
	Commit    string           // the applied commit that the world was compared with
	Since     time.Time        // when the drift was first seen; zero = with this run
	CheckedAt time.Time        // when the world was last compared; zero = not said
	Changes   []planner.Change // of the drift plan: what a repair would do
}

// RenderDrift writes a drift report as one Markdown text: what differs, why, since when, and how to repair or adopt it.
func RenderDrift(doc DriftDocument) string {
	p := newPager(0)
	workspace := code(doc.Workspace)
	if len(doc.Changes) == 0 {
		p.paragraph("**No drift:** " + workspace + " is as " + appliedCommit(doc.Commit) + " says." + checked(doc.CheckedAt))
		return strings.Join(p.finish(), "\n") + "\n"
	}
	p.paragraph("**" + workspace + " has drifted:** " + plural(len(doc.Changes), "object differs", "objects differ") + " from what " + appliedCommit(doc.Commit) + " says" + since(doc.Since) + "." + checked(doc.CheckedAt))
	for _, c := range doc.Changes {
		writeDrifted(p, c)
	}
	p.write("\n")
	writeRemedies(p, doc)
	var diffs []excerpt
	for _, c := range doc.Changes {
		diffs = append(diffs, excerpt{name: c.Address, text: c.Diff()})
	}
	p.details("What a repair does", "What a repair does", false, func() { p.fence("diff", diffs...) }, 0)
	return strings.Join(p.finish(), "\n") + "\n"
}

func appliedCommit(commit string) string {
	if commit == "" {
		return "the applied commit"
	}
	return "the applied commit " + briefCode(shortCommit(commit), 20)
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

// writeDrifted writes one object, and each attribute that the code and the world do not agree on.
func writeDrifted(p *pager, c planner.Change) {
	p.write("- " + briefCode(c.Address, 500) + " " + differs(c) + cause(c.Cause) + "\n")
	if c.Action == planner.Create || c.Action == planner.Delete {
		return // all of it differs
	}
	for _, path := range c.Paths {
		p.write("  - " + briefCode(path.Path, 200) + attribute(path) + "\n")
	}
}

// differs says how an object differs, from what a repair would do with it.
func differs(c planner.Change) string {
	if c.Kind == planner.KindOutput {
		return "differs"
	}
	switch c.Action {
	case planner.Create:
		return "**is gone**"
	case planner.Delete, planner.Forget:
		return "**is there**, but the code does not have it"
	case planner.Replace:
		return "differs (**a repair destroys it and creates it anew**)"
	}
	return "differs"
}

// cause is a cause in words.
func cause(c planner.Cause) string {
	switch c {
	case planner.External:
		return ": changed outside of the code"
	case planner.Upstream:
		return ": something that it reads has changed (a data source or an output of another workspace)"
	case planner.Unknown:
		return ": the cause is not known"
	}
	return ""
}

// maxValue is the longest value that is shown beside its attribute, in bytes; the diff below has every value.
const maxValue = 160

func attribute(c planner.PathChange) string {
	switch {
	case c.Sensitive && c.Before == c.After:
		return ": differs (sensitive value)"
	case c.Unknown && c.Before != "" && len(c.Before) <= maxValue:
		return ": found " + value(c.Before) + " (the code leaves it to the provider)"
	case len(c.Before) > maxValue || len(c.After) > maxValue:
		return ": differs (see the end of this report)"
	}
	return ": code says " + value(c.After) + " → found " + value(c.Before)
}

func value(s string) string {
	switch {
	case s == "":
		return "nothing"
	case s[0] == '(': // a marker, not JSON
		return prose(s)
	}
	return code(s)
}

// writeRemedies says what a person can do about drift.
func writeRemedies(p *pager, doc DriftDocument) {
	if doc.RunID != 0 {
		p.paragraph(fmt.Sprintf("**To repair it**, so that the world is as the code says: `driftless approve %d`", doc.RunID))
	}
	p.paragraph("**To adopt it**, so that the code says what is there: change the code and merge it. The next check closes this report.")
	if doc.Owner != "" {
		p.paragraph("Owner: " + code(doc.Owner))
	}
}
