package report

import "strings"

// MaxSummary is the most that the summary of a check run may have, in bytes.
const MaxSummary = 65_535

const restInComment = "\n\nThe rest is in the comment on the pull request.\n"

// Check writes a document for a check run: the headline as its title, and as its summary what stands below the headline, as
// far as it fits in MaxSummary bytes. While plans are made it says only that: a check run with annotations is not updated but
// has a successor, and there would be one for each workspace.
func Check(doc Document) (title, summary string) {
	if t := count(&doc); t.planning() > 0 && !doc.Merged {
		return "Planning " + plural(t.rows, "workspace", "workspaces"), "The comment on the pull request shows how far it is.\n"
	}
	p := newPager(MaxSummary - len(restInComment))
	writeContent(p, &doc)
	pages := p.finish()
	summary = strings.TrimRight(pages[0], "\n")
	if len(pages) > 1 {
		summary += restInComment
	}
	return shortenEnd(headline(&doc), 200), summary
}
