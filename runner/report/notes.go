package report

import (
	"regexp"
	"strings"
)

// writeNotes writes what is not about one workspace: conflicts, errors, removed directories, notices.
func writeNotes(p *pager, doc *Document) {
	if doc.Error != "" {
		p.text(doc.Error)
	}
	if len(doc.Conflicts) > 0 {
		p.paragraph("Merge or rebase the tracked branch, resolve these files and push:")
		entries := make([]entry, len(doc.Conflicts))
		for i, path := range doc.Conflicts {
			entries[i] = name(path)
		}
		p.list(entries)
	}
	if !doc.Closed {
		writeOrphans(p, doc.Orphans)
	}
	if len(doc.Notices) > 0 {
		entries := make([]entry, len(doc.Notices))
		for i, notice := range doc.Notices {
			entries[i] = remark(wholeValues(strings.TrimPrefix(notice, doc.Repository+"//")))
		}
		p.paragraph("**To note:**")
		p.list(entries)
	}
}

// writeCaution writes what a reader must know before the table.
func writeCaution(p *pager, caution []string) {
	if len(caution) == 0 {
		return
	}
	entries := make([]entry, len(caution))
	for i, text := range caution {
		entries[i] = remark(text)
	}
	p.list(entries)
}

// assignment is an attribute and its value, as notices quote them from a configuration.
var assignment = regexp.MustCompile(`(^|\s)([a-z][a-z_.]* = (?:"(?:[^"\\]|\\.)*"|[\[{](?:[^]}"]|"(?:[^"\\]|\\.)*")*[]}]|\w+))`)

// wholeValues puts each attribute with its value between backticks, so that it is shown as one piece.
func wholeValues(s string) string {
	if strings.Contains(s, "`") {
		return s
	}
	return assignment.ReplaceAllString(s, "${1}`${2}`")
}

// writeOrphans says what becomes of workspaces whose directories are removed.
func writeOrphans(p *pager, orphans []string) {
	if len(orphans) == 0 {
		return
	}
	p.paragraph("**" + plural(len(orphans), "workspace directory is", "workspace directories are") + " removed: nothing is destroyed.** " +
		"What was built stays, and so does its state. To destroy it, remove its resources in one pull request, and the directory in the next:")
	entries := make([]entry, len(orphans))
	for i, orphan := range orphans {
		entries[i] = name(orphan)
	}
	p.list(entries)
}
