package report

import (
	"strings"
	"unicode/utf8"
)

// maxFence is the longest fence that is written, in backticks. A line of as many backticks is split instead.
const maxFence = 16

// continued marks the rest of a line that was too long for its page.
const continued = "↪"

// excerpt is one piece of text in a fence, with a name for where it goes on.
type excerpt struct{ name, text string }

// fence writes texts as one code block, split over as many pages as it takes.
func (p *pager) fence(language string, excerpts ...excerpt) {
	run := 2
	for i := range excerpts {
		excerpts[i].text = strings.TrimRight(visible(excerpts[i].text), "\n")
		run = max(run, longestRun(excerpts[i].text))
	}
	mark := strings.Repeat("`", min(run+1, maxFence))
	c := container{open: mark + language + "\n", close: mark + "\n\n"}
	c.again = c.open
	p.push(c, len(excerpts[0].text))
	for i, e := range excerpts {
		p.prefer(len(e.text))
		if i > 0 && !p.fresh {
			p.write("\n")
		}
		if e.name != "" {
			p.open[len(p.open)-1].again = c.open + "@@ " + shorten(oneLine(e.name), 60) + " (continued) @@\n"
		}
		for line := range strings.Lines(e.text) {
			p.fenceLine(strings.TrimSuffix(line, "\n"), len(mark))
		}
		p.open[len(p.open)-1].again = c.open
	}
	p.pop()
}

// fenceLine writes one line of a code block, in pieces if it is longer than a page or would close the block.
func (p *pager) fenceLine(line string, mark int) {
	prefix, next := "", continuation(line)
	for {
		size := len(prefix) + len(line) + 1
		if size > p.room() && !p.fresh && (size <= p.fullRoom() || p.room() < p.atom/2) {
			p.turn()
		}
		piece := line
		if size > p.room() {
			piece = cut(line, max(p.room()-len(prefix)-1, utf8.UTFMax))
		}
		if prefix == "" && closes(piece, mark) {
			piece = piece[:strings.LastIndexByte(piece, '`')-longestRun(piece)+mark]
		}
		p.page.WriteString(prefix)
		p.page.WriteString(piece)
		p.page.WriteByte('\n')
		p.fresh = false
		if line = line[len(piece):]; line == "" {
			return
		}
		prefix = next
	}
}

// continuation begins the rest of a line: with the line's first character, which colours it in a diff.
func continuation(line string) string {
	if line != "" && strings.IndexByte("+-!#", line[0]) >= 0 {
		return line[:1] + continued
	}
	return " " + continued
}

// closes reports whether a line would close a fence of mark backticks; that is only possible for fences of maxFence.
func closes(line string, mark int) bool {
	line = strings.Trim(line, " \t")
	return len(line) >= mark && strings.Trim(line, "`") == ""
}
