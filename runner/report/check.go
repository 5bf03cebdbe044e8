package report

import "strings"

// MaxSummary is the most that the summary of a check run may have, in bytes.
const MaxSummary = 65_535

const restInComment = "\n\nThe rest is in the comment on the pull request.\n"

// Check writes a document for a check run: the headline as its title, and as its summary what stands below the headline, as
// far as it fits in MaxSummary bytes.
func Check(doc Document) (title, summary string) {
	p := newPager(MaxSummary - len(restInComment))
	writeContent(p, &doc)
	pages := p.finish()
	summary = strings.TrimRight(pages[0], "\n")
	if len(pages) > 1 {
		summary += restInComment
	}
	return shortenEnd(headline(&doc), 200), summary
}
