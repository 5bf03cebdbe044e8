package report

import "strings"

// Answer is what is said to a command that was not carried out, or that needs words besides its reaction.
type Answer struct {
	Line     string // of the comment, as written
	Done     string // what was done; "" = nothing
	Refused  string // why it was not done, or not all of it, and what to do; may span lines
	Others   int    // further commands in the comment, which were not looked at
	Help     string // Markdown of our own that follows, such as the table of commands; "" = none
	Metadata string // hidden at the end, for Metadata; "" = none
}

// maxAnswer is the longest text of others in an answer, in bytes.
const maxAnswer = 8 << 10

// Reply writes an answer as a comment, of at most some 20,000 bytes. The command is quoted so that it is none.
func Reply(a Answer) string {
	p := newPager(0)
	p.write("> " + code(shorten(oneLine(a.Line), 300)) + "\n\n")
	if a.Done != "" {
		p.paragraph("**Done:** " + shortProse(oneLine(a.Done), 1000))
	}
	if a.Refused != "" {
		lead := pick(a.Done != "", "**Not done:** ", "**But:** ")
		first, rest, _ := strings.Cut(strings.TrimSpace(a.Refused), "\n")
		p.paragraph(lead + shortProse(oneLine(first), 2000))
		if rest = strings.Trim(rest, "\r\n"); rest != "" {
			p.text(shorten(rest, maxAnswer))
		}
	}
	if a.Others > 0 {
		p.paragraph("A comment is one command: " + plural(a.Others, "further one was", "further ones were") + " not looked at. Write each in a comment of its own.")
	}
	if a.Help != "" {
		p.paragraph(strings.TrimSpace(a.Help))
	}
	text := strings.Join(p.finish(), "\n") + "\n"
	if a.Metadata != "" {
		text += "\n" + metadataComment(a.Metadata, 0) + "\n"
	}
	return text
}
