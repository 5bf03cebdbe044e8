package report

import (
	"fmt"
	"strings"
)

// about says which commit the document speaks of.
func about(doc *Document) string {
	branch := "the tracked branch"
	if doc.Branch != "" {
		branch = briefCode(doc.Branch, 60)
	}
	line := ""
	if doc.Head != "" {
		line = "commit " + briefCode(shortCommit(doc.Head), 20) + relation(doc, branch)
	}
	if doc.Merged {
		line += people(doc)
	}
	if doc.Repository != "" {
		line = dotted(briefCode(doc.Repository, 60), line)
	}
	if doc.Title != "" {
		line = dotted(briefProse(doc.Title, 120), line)
	}
	return line
}

// relation says what the commit and the tracked branch have to do with each other: only what is planned was merged.
func relation(doc *Document, branch string) string {
	at := ""
	if doc.Base != "" {
		at = " at " + briefCode(shortCommit(doc.Base), 20)
	}
	switch {
	case doc.Merged:
		return " merged into " + branch
	case doc.aside():
		return ""
	case len(doc.Conflicts) > 0 || doc.Error != "" && len(doc.Rows) == 0:
		return " for " + branch + at
	}
	return " merged with " + branch + at
}

// people says who merged and who reviewed. Their names are code: nobody is called by a report.
func people(doc *Document) string {
	text := ""
	if doc.MergedBy != "" {
		text += " by " + briefCode(doc.MergedBy, 50)
	}
	const most = 5
	var names []string
	for _, login := range doc.Reviewers[:min(len(doc.Reviewers), most)] {
		names = append(names, briefCode(login, 50))
	}
	if n := len(doc.Reviewers) - most; n > 0 {
		names = append(names, fmt.Sprintf("%d more", n))
	}
	if len(names) > 0 {
		text += ", reviewed by " + strings.Join(names, ", ")
	}
	return text
}

// shortCommit is a commit as people write it.
func shortCommit(commit string) string { return cut(commit, 7) }
