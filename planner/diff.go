package planner

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Diff writes the change for people as a unified-diff-like text: "#" lines that say what happens, then attribute lines
// with "+", "-" or "!" (changed) in the first column, which is what a Markdown diff fence colours; context lines begin
// with a space. Long strings, JSON and multi-line text are diffed by line. Control characters are escaped. It ends with
// a newline and is linear in the size of the change.
func (c Change) Diff() string {
	var d diff
	for _, line := range c.header() {
		d.line('#', line)
	}
	if c.Action == Forget {
		d.forgets(c.Paths)
	} else {
		d.paths(c.Paths)
	}
	if c.Unchanged > 0 {
		d.line(' ', fmt.Sprintf("# (%d unchanged %s hidden)", c.Unchanged, plural(c.Unchanged, "attribute")))
	}
	return d.String()
}

// Diff writes what changed outside of the engine, as Change.Diff does.
func (o DriftedObject) Diff() string {
	var d diff
	verb := "has changed"
	if o.Action == Delete {
		verb = "has been deleted"
	}
	d.line('#', fmt.Sprintf("%s %s outside of the engine", visible(o.Address), verb))
	d.paths(o.Paths)
	return d.String()
}

// diff is a text under construction.
type diff struct{ strings.Builder }

// maxAligned is the longest path that the equal signs of others are aligned to, in characters.
const maxAligned = 40

// line writes one line. What is in it has been made visible.
func (d *diff) line(sign byte, text string) {
	d.WriteByte(sign)
	d.WriteByte(' ')
	d.WriteString(text)
	d.WriteByte('\n')
}

// paths writes all changed attributes.
func (d *diff) paths(paths []PathChange) {
	width := 0
	entries := make([]entry, len(paths))
	for i, p := range paths {
		entries[i] = newEntry(p)
		if n := utf8.RuneCountInString(entries[i].name); n <= maxAligned && !entries[i].isBlock() {
			width = max(width, n)
		}
	}
	for _, e := range entries {
		e.write(d, width)
	}
}

// forgets writes the id of an object that goes on to exist: lines that begin with "-" would look like its end.
func (d *diff) forgets(paths []PathChange) {
	for _, p := range paths {
		if p.Path == "id" {
			d.line(' ', "id = "+visible(p.Before))
		}
	}
	if len(paths) > 0 {
		d.line(' ', fmt.Sprintf("# (%d %s in all)", len(paths), plural(len(paths), "attribute")))
	}
}

// entry is one changed attribute on its way to the reader.
type entry struct {
	name          string
	before, after literal
	note          string
}

func newEntry(p PathChange) entry {
	e := entry{name: visible(p.Path), before: newLiteral(p.Before), after: newLiteral(p.After)}
	if p.Unknown && e.before.lines != nil {
		e.before = e.before.folded()
	}
	if p.Forces {
		e.note += " # forces replacement"
	}
	if p.Volatile {
		e.note += " # volatile"
	}
	return e
}

// isBlock reports whether the attribute takes more than one line.
func (e entry) isBlock() bool { return e.before.lines != nil || e.after.lines != nil }

// write writes the attribute; width is that of the longest name that is aligned.
func (e entry) write(d *diff, width int) {
	if e.isBlock() {
		e.writeBlock(d)
		return
	}
	name := e.name + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(e.name)))
	switch {
	case e.before.absent():
		d.line('+', name+" = "+e.after.open+e.note)
	case e.after.absent():
		d.line('-', name+" = "+e.before.open+e.note)
	case e.before.open == e.after.open:
		note := e.note
		if e.after.open[0] != '(' { // not hidden on both sides
			note += " # only whitespace differs"
		}
		d.line('!', name+" = "+e.after.open+note)
	default:
		d.line('!', name+" = "+e.before.open+" -> "+e.after.open+e.note)
	}
}

// writeBlock writes an attribute of several lines: what both sides have in common once, if they are of one form.
func (e entry) writeBlock(d *diff) {
	if e.before.lines != nil && e.after.lines != nil && e.before.open == e.after.open {
		d.line('!', e.name+" = "+e.before.open+e.note)
		writeLines(d, e.before.lines, e.after.lines)
		d.line(' ', e.before.closing)
		return
	}
	for _, side := range []struct {
		sign byte
		literal
	}{{'-', e.before}, {'+', e.after}} {
		if side.absent() {
			continue
		}
		d.line(side.sign, e.name+" = "+side.open+e.note)
		for _, line := range side.lines {
			d.line(side.sign, "  "+line)
		}
		if side.closing != "" {
			d.line(side.sign, side.closing)
		}
	}
}
