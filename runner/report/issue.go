package report

import (
	"math"
	"strings"
	"time"
)

// minIssue is the smallest limit that an issue is written for, in bytes. Below it there is one sentence.
const minIssue = 2048

// issue is the body of an issue under construction: what was written, what may follow it, and what always does.
type issue struct {
	limit    int
	body     strings.Builder
	tail     string // what a person can do
	details  string
	metadata string
}

func newIssue(limit int, metadata string) *issue {
	is := &issue{limit: limit}
	if limit <= 0 {
		is.limit = math.MaxInt
	}
	if metadata != "" {
		is.metadata = "\n" + metadataComment(metadata, max(limit, 0)) + "\n"
	}
	return is
}

func (is *issue) write(s string) { is.body.WriteString(s) }

func (is *issue) paragraph(s string) {
	if s != "" {
		is.write(s + "\n\n")
	}
}

// Over is the body of an issue whose trouble is over: since when and by what, and, folded away, what body said of it before.
func Over(why string, at time.Time, body string, limit int) string {
	text, mark := body, ""
	if i := strings.LastIndex(body, "\n"+commentOpen); i >= 0 {
		text, mark = body[:i], body[i:]
	}
	head := "**This is over**" + since(at) + ": " + briefProse(why, 500) + ".\n"
	fold := "\n<details><summary>What it said before</summary>\n\n" + strings.TrimRight(text, "\n") + "\n\n</details>\n"
	if limit > 0 && len(head)+len(fold)+len(mark) > limit {
		fold = ""
	}
	if limit > 0 && len(head)+len(mark) > limit {
		return cut(head, limit)
	}
	return head + fold + mark
}

// room is how many bytes still fit.
func (is *issue) room() int {
	return is.limit - is.body.Len() - len(is.tail) - len(is.details) - len(is.metadata) - len("\n")
}

// fits writes s if reserve more bytes fit after it.
func (is *issue) fits(s string, reserve int) bool {
	if len(s)+reserve > is.room() {
		return false
	}
	is.write(s)
	return true
}

// text is the whole body; brief, a text of our own, stands for it where there is no room.
func (is *issue) text(brief string) string {
	if is.limit < minIssue {
		return cut(brief, is.limit)
	}
	if is.room() < 0 {
		is.details = "" // a fence took more than its text
	}
	return strings.TrimRight(is.body.String()+is.tail+is.details, "\n") + "\n" + is.metadata
}
