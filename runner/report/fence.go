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

// fenceLine writes one line of a code block.
func (p *pager) fenceLine(line string, mark int) {
	if end := closingRun(line, mark); end > 0 { // only possible for fences of maxFence
		p.split("", line[:end])
		p.split(continuation(line), line[end:])
		return
	}
	p.split("", line)
}

// split writes a line, in pieces if it is longer than a page. prefix begins its first piece.
func (p *pager) split(prefix, line string) {
	next := continuation(line)
	for len(prefix)+len(line)+1 > p.room() {
		if !p.fresh && (len(prefix)+len(line)+1 <= p.fullRoom() || p.room() < p.atom/2) {
			p.turn()
			continue
		}
		piece := cut(line, max(p.room()-len(prefix)-1, utf8.UTFMax))
		p.page.WriteString(prefix + piece + "\n")
		p.fresh = false
		line, prefix = line[len(piece):], next
	}
	p.page.WriteString(prefix)
	p.page.WriteString(line)
	p.page.WriteByte('\n')
	p.fresh = false
}

// continuation begins the rest of a line: with the line's first character, which colours it in a diff.
func continuation(line string) string {
	if line != "" && strings.IndexByte("+-!#", line[0]) >= 0 {
		return line[:1] + continued
	}
	return " " + continued
}

// closingRun returns where to split a line that would close a fence of mark backticks; 0 if it would not.
func closingRun(line string, mark int) int {
	body := strings.TrimLeft(line, " ")
	indent := len(line) - len(body)
	if indent > 3 || strings.Trim(body, "`") != "" && strings.TrimRight(strings.TrimLeft(body, "`"), " \t") != "" {
		return 0
	}
	if longestRun(body) < mark {
		return 0
	}
	return indent + mark - 1
}
