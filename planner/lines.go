package planner

import (
	"fmt"
	"strconv"
	"strings"

	linediff "github.com/rogpeppe/go-internal/diff"
)

// writeLines writes the difference of two texts by line, with a little context.
func writeLines(d *diff, before, after []string) {
	hunks := linediff.Diff("", joinLines(before), "", joinLines(after))
	if hunks == nil {
		d.line(' ', "  # only whitespace differs")
		return
	}
	shown := 0 // lines of before
	hidden := func(until int) {
		if n := until - shown; n > 0 {
			d.line(' ', fmt.Sprintf("  # (%d unchanged %s hidden)", n, plural(n, "line")))
		}
		shown = until
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(hunks), "\n"), "\n") {
		switch {
		case i < 3: // names of files
		case line[0] == '@':
			hidden(hunkStart(line))
		default:
			d.line(line[0], "  "+line[1:])
			if line[0] != '+' {
				shown++
			}
		}
	}
	hidden(len(before))
}

// hunkStart is the number of old lines before a hunk "@@ -first,count +first,count @@".
func hunkStart(header string) int {
	position, _, _ := strings.Cut(strings.TrimPrefix(header, "@@ -"), " ")
	first, count, _ := strings.Cut(position, ",")
	n, _ := strconv.Atoi(first) // linediff wrote it
	if count != "0" {
		n--
	}
	return n
}

// joinLines is the text of lines, which hold no line ends.
func joinLines(lines []string) []byte {
	if len(lines) == 0 {
		return nil
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}
