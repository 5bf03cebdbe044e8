package report

import "strings"

// entry is one item of a list: as one line of Markdown, and as plain text for when that is too long.
type entry struct {
	line, text string
	block      bool // it has several lines: show the text
}

// remark is an entry of somebody's words.
func remark(s string) entry { return entry{line: prose(s), text: s, block: severalLines(s)} }

// name is an entry of a name, before and after which stands a fixed text.
func name(s string) entry { return entry{line: code(s), text: oneLine(s)} }

func severalLines(s string) bool { return strings.ContainsAny(strings.TrimSpace(s), "\r\n") }

// list writes entries as a bulleted list; those that do not fit on a line stand in a fence of their own.
func (p *pager) list(entries []entry) {
	open := false
	for _, e := range entries {
		long := e.block || len(e.line)+3 > p.atom
		if open && long {
			p.pop()
			open = false
		}
		if long {
			p.fence("text", excerpt{text: e.text})
			continue
		}
		if !open {
			p.push(container{close: "\n"}, len(e.line))
			open = true
		}
		p.write("- " + e.line + "\n")
	}
	if open {
		p.pop()
	}
}

// text writes what somebody wrote: as prose, or in a fence where it is long or its lines are laid out.
func (p *pager) text(s string) {
	s = strings.TrimRight(s, " \r\n\t")
	lines := strings.Split(strings.TrimLeft(s, "\r\n"), "\n")
	var entries []string
	for _, line := range lines {
		item, isItem := strings.CutPrefix(line, "- ")
		written := prose(item)
		if isItem {
			written = "- " + written
		}
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") || len(written)+4 > p.atom || len(lines) > 20 {
			p.fence("text", excerpt{text: s})
			return
		}
		entries = append(entries, written)
	}
	p.push(container{close: "\n"}, 0)
	for i, line := range entries {
		if i < len(entries)-1 && line != "" && entries[i+1] != "" && !strings.HasPrefix(entries[i+1], "- ") {
			line += "  " // keeps the line break
		}
		p.write(line + "\n")
	}
	p.pop()
}

// names writes names as a list within text; a name that does not fit on a line stands in a fence of its own.
func (p *pager) names(intro string, names []string) {
	line := intro
	var long []string
	for _, name := range names {
		span := code(name)
		if len(span)+4 > p.atom {
			long = append(long, name)
			continue
		}
		if len(line)+len(span)+4 > p.atom {
			p.write(line + ",\n")
			line = ""
		}
		switch {
		case line != "" && line != intro:
			line += ", "
		case line != "":
			line += " "
		}
		line += span
	}
	if line != "" {
		p.paragraph(line)
	}
	for _, name := range long {
		p.fence("text", excerpt{text: oneLine(name)})
	}
}

// codes are names as code, in a row.
func codes(names []string) string {
	spans := make([]string, len(names))
	for i, name := range names {
		spans[i] = code(name)
	}
	return strings.Join(spans, ", ")
}

// details writes a block that folds away. summary and again (its summary on further pages) are HTML. content is about how many
// bytes it holds.
func (p *pager) details(summary, again string, open bool, write func(), content int) {
	tag := "<details><summary>"
	if open {
		tag = "<details open><summary>"
	}
	p.push(container{
		open:  tag + summary + "</summary>\n\n",
		again: tag + again + " (continued)</summary>\n\n",
		close: "</details>\n\n",
	}, content)
	write()
	p.pop()
}
