package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is rows under a header. Columns in which no row has anything are left out. On a terminal words that tell how
// something stands are coloured, and what does not fit into the width is cut; elsewhere everything is printed.
type table struct {
	header []string
	rows   [][]string
	whole  bool // nothing is cut
}

func (t *table) add(cells ...string) {
	for i := range cells {
		cells[i] = oneLine(cells[i])
	}
	t.rows = append(t.rows, cells)
}

func (t *table) print(a *app, w io.Writer) error {
	widths := t.widths()
	lines := append([][]string{t.header}, t.rows...)
	room := width(w)
	for n, row := range lines {
		var b strings.Builder
		used := 0
		for i, cell := range row {
			if widths[i] == 0 {
				continue
			}
			if used > 0 {
				b.WriteString("  ")
				used += 2
			}
			text := cut(cell, room-used, room > 0 && !t.whole)
			b.WriteString(a.paintWord(w, text, n > 0))
			gap := widths[i] - utf8.RuneCountInString(text)
			b.WriteString(strings.Repeat(" ", max(0, gap)))
			used += widths[i]
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// widths are those of the columns; 0 leaves one out.
func (t *table) widths() []int {
	widths := make([]int, len(t.header))
	for _, row := range t.rows {
		for i, cell := range row {
			if cell != "" && cell != "-" {
				widths[i] = max(widths[i], utf8.RuneCountInString(cell), utf8.RuneCountInString(t.header[i]))
			}
		}
	}
	return widths
}

// cut shortens a text to n characters, if it is to be cut.
func cut(s string, n int, limited bool) string {
	if r := []rune(s); limited && len(r) > n {
		return string(r[:max(0, n-1)]) + "…"
	}
	return s
}

// wordColors are the colours of words that tell how something stands.
var wordColors = map[string]string{
	"Synced": "32", "Healthy": "32", "applied": "32", "ready": "32", "unchanged": "32", "pass": "32",
	"Pending": "33", "held": "33", "Drifted": "33", "warn": "33", "interrupted": "31", "planning": "36", "applying": "36",
	"Failed": "31", "Degraded": "31", "failed": "31", "blocked": "31", "deny": "31", "error": "31", "violation": "31",
	"superseded": "2", "canceled": "2",
}

func (a *app) paintWord(w io.Writer, text string, known bool) string {
	if color := wordColors[text]; known && color != "" && a.colored(w) {
		return "\x1b[" + color + "m" + text + "\x1b[0m"
	}
	return text
}
