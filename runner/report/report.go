// Package report writes what driftless found for the people who review it: one Markdown document per pull request.
// It is pure: a Document in, pages of Markdown out.
package report

import (
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
)

// Document is everything that a report says about one pull request (or one local branch).
type Document struct {
	Repository string
	Title      string   // of the pull request
	Head       string   // commit
	Branch     string   // tracked branch
	Base       string   // tracked commit that it was merged with when it was last planned
	Error      string   // why nothing could be planned (broken configuration, …); with its next step; may span lines
	Caution    []string // what to know before reading the table
	Conflicts  []string // paths in conflict with the tracked branch
	Rows       []Row
	Orphans    []string // workspaces whose directories are removed: nothing is destroyed
	Notices    []string // edits that take effect only after the merge, warnings
	Aside      string   // why the pull request is left alone, and what to do; only before the merge
	Left       Left     // what Aside is about
	Unshown    string   // why the forge does not take this report; "" = it does. What nobody sees is not reviewed
	Merged     bool     // after the merge: rows show what was applied
	MergedBy   string   // login; "" = not known
	Reviewers  []string // logins of those who approved it
	Closed     bool     // without a merge: nothing comes of it
	Commands   bool     // comments are read: say which commands make sense
	Metadata   string   // hidden in a comment at the end of every page ("-->" cannot break out of it)
}

// Left is why a pull request is left alone.
type Left int

// The reasons. The zero value is any other one.
const (
	LeftFork  Left = iota + 1 // it comes from a fork, and nobody has let it be planned
	LeftDraft                 // it is a draft
	LeftMends                 // it mends what it asks to be merged into, which cannot be read: the merge waits for nothing of driftless
	LeftBase                  // it is based on another branch than the tracked one: nothing waits for driftless
)

// Row is one workspace.
type Row struct {
	Workspace string
	RunID     int64  // 0: none
	Status    string // a run status: "queued", "planning", "ready", "unchanged", "blocked", "held", "applied", "failed", …
	Reason    string // why, with the next step; may span lines
	Plan      *planner.Plan
	Verdict   *policy.Verdict
	Failure   string        // what the engine printed, masked, whole
	OnMerge   string        // what happens on merge, one sentence
	Command   string        // what to comment when it is held, blocked or failed: "driftless approve 12"
	Approvers string        // who may approve it by a comment, in words; "" = nothing to approve, or comments are not read
	Reviewed  *planner.Plan // what was reviewed before an apply that goes beyond that; nil = nothing, or it does not
	ReviewRun int64         // the run of Reviewed
	Labels    map[string]string
	Owner     string
	Duration  time.Duration
	Reused    bool // the plan of an earlier commit still holds

	Manual      bool // it is applied after the merge, and only when somebody approves it
	BeforeMerge bool // it is applied before the merge, by a command
	Applied     bool // and that has happened
	Reserved    bool // so nothing else is applied there until the pull request is merged or closed
	TakenBack   bool // it was applied from a pull request that was closed, and is as the tracked branch says again
}

// MinLimit is the smallest limit, in bytes, with which Render loses nothing.
const MinLimit = 1024

// Render writes the document as pages, each at most limit bytes of UTF-8 (0 = no limit, one page). The first page has the table, riskiest
// first. Nothing is lost: what does not fit goes on in further pages; a single block longer than a page is split with its
// fence closed and opened again. No text of a plan can break out of its fence.
//
// A limit between 1 and MinLimit has no room for a report: it gives one page with as much of the headline as fits.
func Render(doc Document, limit int) []string {
	if limit > 0 && limit < MinLimit {
		return []string{cut(headline(&doc), limit)}
	}
	f := newFrame(&doc, limit)
	p := newPager(f.room())
	writeHeadline(p, &doc)
	writeContent(p, &doc)
	return f.bind(p.finish())
}

// writeContent writes what stands below the headline.
func writeContent(p *pager, doc *Document) {
	if about := about(doc); about != "" {
		p.paragraph(about)
	}
	if doc.aside() {
		p.text(doc.Aside)
		return
	}
	writeCaution(p, doc.Caution)
	writeTable(p, doc)
	writeSections(p, doc)
	writeNotes(p, doc)
}

// aside reports whether the pull request is left alone.
func (d *Document) aside() bool { return d.Aside != "" && !d.Merged && !d.Closed }

// open reports whether the pull request is one that is planned.
func (d *Document) open() bool { return !d.Merged && !d.Closed && !d.aside() }
