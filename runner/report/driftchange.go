package report

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/planner"
)

// maxAttributes is how many attributes of one object are listed; the diff has all of them.
const maxAttributes = 30

// drifted writes one object, and each attribute that the code and the world do not agree on.
func drifted(c planner.Change) string {
	text := "- " + briefCode(c.Address, 500) + " " + differs(c) + cause(c.Cause) + "\n"
	if c.Action == planner.Create || c.Action == planner.Delete {
		return text // all of it differs
	}
	for i, path := range c.Paths {
		if i == maxAttributes {
			return text + "  - and " + plural(len(c.Paths)-i, "attribute", "attributes") + " more\n"
		}
		text += "  - " + briefCode(path.Path, 200) + attribute(path) + "\n"
	}
	return text
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

// repairs writes the diffs of changes, folded away, in at most room bytes: whole diffs are left out.
func repairs(changes []planner.Change, room int) string {
	var diffs []excerpt
	for _, c := range changes {
		diff := c.Diff()
		if room -= len(visible(diff)) + len("\n"); room < 200 {
			break
		}
		diffs = append(diffs, excerpt{name: c.Address, text: diff})
	}
	if len(diffs) == 0 {
		return ""
	}
	summary := "What a repair does"
	if len(diffs) < len(changes) {
		summary += fmt.Sprintf(" (the first %d)", len(diffs))
	}
	p := newPager(0)
	p.details(summary, summary, false, func() { p.fence("diff", diffs...) }, 0)
	return strings.Join(p.finish(), "\n") + "\n"
}

// DriftFingerprint tells drift from other drift: by the addresses and actions of the changes and the paths of their
// attributes, in any order; never by a value, and not by volatile paths.
func DriftFingerprint(changes []planner.Change) string {
	lines := make([]string, len(changes))
	for i, c := range changes {
		var paths []string
		for _, p := range c.Paths {
			if !p.Volatile {
				paths = append(paths, p.Path)
			}
		}
		slices.Sort(paths)
		line, _ := json.Marshal([]any{c.Key(), c.Action, slices.Compact(paths)}) // strings: there is no error
		lines[i] = string(line)
	}
	slices.Sort(lines)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(lines, "\n"))))
}
