package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/policy"
)

// openBudget is how many bytes of sections one document shows unfolded, and openSection how many one section may have for that.
const (
	openBudget  = 8 << 10
	openSection = 4 << 10
)

// writeSections writes what is to be known of each workspace, riskiest first.
func writeSections(p *pager, doc *Document) {
	budget := openBudget
	for _, r := range byRisk(doc.Rows) {
		s := newSection(doc, r)
		if s.empty() {
			continue
		}
		open := (r.risky() || doc.Merged && r.Status == "held") && s.size <= min(budget, openSection)
		if open {
			budget -= s.size
		}
		p.details(s.summary(), htmlCode(s.name, 100), open, func() { s.write(p) }, s.size)
	}
}

// section is what is to be known of one workspace.
type section struct {
	row     *Row
	name    string
	merged  bool
	forge   bool // it is read there, and not on the machine of driftless
	failure string
	diffs   []excerpt
	drift   []excerpt
	size    int // bytes, about
}

func newSection(doc *Document, r *Row) *section {
	s := &section{row: r, name: shortName(doc, r.Workspace), merged: doc.Merged, forge: doc.Commands, failure: plainOutput(r.Failure)}
	s.size = len(s.failure) + len(r.Reason)
	if r.Plan == nil {
		return s
	}
	planned := map[string]bool{}
	for _, c := range r.Plan.Changes {
		s.diffs = append(s.diffs, excerpt{name: c.Address, text: c.Diff()})
		planned[c.Address] = true
	}
	for _, d := range r.Plan.Drift {
		if !planned[d.Address] {
			s.drift = append(s.drift, excerpt{name: d.Address, text: d.Diff()})
		}
	}
	for _, e := range append(s.diffs[:len(s.diffs):len(s.diffs)], s.drift...) {
		s.size += len(e.text)
	}
	return s
}

// empty reports whether there is nothing to say that the table does not say.
func (s *section) empty() bool {
	r := s.row
	quiet := r.Plan == nil || len(r.Plan.Volatile)+len(r.Plan.Warnings) == 0
	judged := r.Verdict != nil && len(r.Verdict.Results) > 0
	return s.size == 0 && quiet && !judged && (r.unchanged() || r.underway() && r.RunID == 0)
}

// summary is the section's line when it is folded, in HTML.
func (s *section) summary() string {
	r := s.row
	parts := []string{r.noPlan("failed")}
	if r.changes() {
		parts = []string{strings.Join(counts(r.Plan.Summary), ", ")}
	}
	switch r.verdict() {
	case policy.Deny:
		parts = append(parts, "policy denies")
	case policy.Warn:
		parts = append(parts, "policy warns")
	case policy.Error:
		parts = append(parts, "policy could not judge")
	}
	switch status := shorten(htmlEscapes.Replace(oneLine(cut(r.Status, 16))), 40); status {
	case "unchanged", "queued", "planning", "planned", "canceled", "superseded", "interrupted", "":
	case parts[0]:
	default:
		parts = append(parts, status)
	}
	return htmlCode(s.name, 100) + ": " + strings.ReplaceAll(strings.Join(parts, " · "), "**", "")
}

func (s *section) write(p *pager) {
	r := s.row
	if len(s.name) > 80 || strings.ContainsAny(s.name, "|`<>&\n") {
		p.names("Workspace", []string{s.name})
	}
	if r.Reason != "" && !s.repeats(r.Reason) {
		p.text(r.Reason)
	}
	if r.Command != "" && r.waits() && !strings.Contains(r.Reason, r.Command) {
		p.paragraph("**To do:** comment " + code(shorten(oneLine(r.Command), p.atom/4)))
	}
	if r.Approvers != "" && r.waits() {
		p.text("Who may approve it by a comment: " + oneLine(r.Approvers) + ".")
	}
	if r.OnMerge != "" && !s.merged && len(r.OnMerge) > 100 {
		p.text("On merge: " + r.OnMerge)
	}
	if s.failure != "" {
		p.fence("text", excerpt{text: s.failure})
	}
	writeVerdict(p, r.Verdict)
	if len(s.diffs) > 0 {
		p.fence("diff", s.diffs...)
	}
	s.writeReviewed(p)
	s.writeNotes(p)
	if facts := s.facts(); len(facts) <= p.atom {
		p.paragraph(facts)
	} else {
		p.fence("text", excerpt{text: facts})
	}
}

// repeats reports whether a reason says no more than the policy's first message, which stands right below it.
func (s *section) repeats(reason string) bool {
	if !s.row.refused() || len(s.row.Verdict.Results) == 0 {
		return false
	}
	before, after, found := strings.Cut(reason, s.row.Verdict.Results[0].Message)
	return found && !severalLines(before+after)
}

// writeVerdict writes what the policies said, most severe first.
func writeVerdict(p *pager, v *policy.Verdict) {
	if v == nil || len(v.Results) == 0 {
		return
	}
	switch v.Status {
	case policy.Deny:
		p.paragraph("**Policy denies this plan:**")
	case policy.Error:
		p.paragraph("**Policy could not judge this plan, so it is blocked:**")
	default:
		p.paragraph("Policy warns:")
	}
	var blocking, warnings []entry
	for _, result := range v.Results {
		if result.Level == "warn" {
			warnings = append(warnings, resultEntry(result))
		} else {
			blocking = append(blocking, resultEntry(result))
		}
	}
	p.list(append(blocking, warnings...))
}

func resultEntry(r policy.Result) entry {
	line, text := "**"+prose(r.Level)+"** ", oneLine(r.Level)
	if r.Resource != "" && !begins(r.Message, r.Resource) {
		line, text = line+code(r.Resource)+": ", text+" "+oneLine(r.Resource)
	}
	line += prose(r.Message)
	if r.Policy != "" {
		line, text = line+" ("+code(r.Policy)+")", text+" ("+oneLine(r.Policy)+")"
	}
	return entry{line: line, text: text + ":\n" + strings.Trim(r.Message, "\r\n"), block: severalLines(r.Message)}
}

// begins reports whether a message begins with the address that it is about.
func begins(message, address string) bool {
	rest, ok := strings.CutPrefix(strings.TrimLeft(message, " `'\""), address)
	return ok && (rest == "" || strings.IndexByte(" `'\",:;)", rest[0]) >= 0)
}

// writeNotes writes what stands beside the plan.
func (s *section) writeNotes(p *pager) {
	plan := s.row.Plan
	if plan == nil {
		return
	}
	if len(plan.Volatile) > 0 {
		p.names("Volatile, so not compared with what was reviewed:", plan.Volatile)
	}
	if len(s.drift) > 0 {
		p.paragraph("Changed outside of the code, and not part of this plan:")
		p.fence("diff", s.drift...)
	}
	if len(plan.Warnings) > 0 {
		p.paragraph("Warnings of the engine:")
		entries := make([]entry, len(plan.Warnings))
		for i, w := range plan.Warnings {
			entries[i] = remark(w)
		}
		p.list(entries)
	}
}

// facts is the small print of a section.
func (s *section) facts() string {
	r := s.row
	var facts []string
	if r.RunID != 0 {
		facts = append(facts, pick(s.forge, "", "on the server: ")+fmt.Sprintf("`driftless show %d`", r.RunID))
	}
	switch {
	case r.Reused:
		facts = append(facts, "plan of an earlier commit, which still holds")
	case r.Duration > 0:
		facts = append(facts, "took "+duration(r.Duration))
	}
	if r.Plan != nil && r.Plan.Engine != "" {
		facts = append(facts, prose(r.Plan.Engine))
	}
	if r.Owner != "" {
		facts = append(facts, "owner "+code(r.Owner))
	}
	if len(r.Labels) > 0 {
		facts = append(facts, codes(labels(r.Labels)))
	}
	return strings.Join(facts, " · ")
}

func labels(m map[string]string) []string {
	var pairs []string
	for k, v := range m {
		pairs = append(pairs, k+"="+v)
	}
	slices.Sort(pairs)
	return pairs
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// plainOutput is what an engine printed, without its colours.
func plainOutput(s string) string {
	if strings.Contains(s, "\x1b[") {
		s = colours.ReplaceAllString(s, "")
	}
	return strings.Trim(s, "\r\n")
}
