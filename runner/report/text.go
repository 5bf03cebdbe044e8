package report

import (
	"html"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Text writes pages of Render for a terminal: without tags and fences, tables aligned. It holds nothing that
// acts on a terminal.
func Text(pages []string) string {
	var t terminal
	for _, page := range pages {
		for line := range strings.Lines(page) {
			t.line(strings.TrimRight(line, " \n"))
		}
		t.flush()
		t.emit("")
	}
	return strings.TrimRight(t.out.String(), "\n") + "\n"
}

// terminal is text under construction.
type terminal struct {
	out   strings.Builder
	fence string // what closes the fence that is open
	table [][]string
	blank bool // the last line was empty
}

func (t *terminal) line(line string) {
	if cells, ok := strings.CutPrefix(line, "| "); ok && t.fence == "" {
		t.table = append(t.table, strings.Split(strings.TrimSuffix(cells, " |"), " | "))
		return
	}
	if strings.HasPrefix(line, "|--") && t.fence == "" {
		return
	}
	t.flush()
	mark := line[:len(line)-len(strings.TrimLeft(line, "`"))]
	switch {
	case t.fence != "" && line == t.fence:
		t.fence = ""
	case t.fence != "":
		t.emit("  " + line)
	case len(mark) >= 3 && !strings.Contains(line[len(mark):], "`"):
		t.fence = mark
	case strings.HasPrefix(line, commentOpen), line == "</details>":
	case strings.HasPrefix(line, "<details"):
		_, summary, _ := strings.Cut(line, "<summary>")
		t.emit("▸ " + html.UnescapeString(tags.Replace(summary)))
	case line == "> [!CAUTION]":
		t.emit("CAUTION")
	default:
		t.emit(strings.TrimPrefix(line, "> "))
	}
}

var tags = strings.NewReplacer("<code>", "", "</code>", "", "</summary>", "")

// emit writes one line, and never two empty ones in a row.
func (t *terminal) emit(line string) {
	if line == "" && t.blank {
		return
	}
	t.blank = line == ""
	t.out.WriteString(line + "\n")
}

// flush writes the table that was read, aligned.
func (t *terminal) flush() {
	var widths []int
	for _, row := range t.table {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	for _, row := range t.table {
		for i := range row[:len(row)-1] {
			row[i] = runewidth.FillRight(row[i], widths[i])
		}
		t.emit(strings.Join(row, "   "))
	}
	t.table = nil
}
