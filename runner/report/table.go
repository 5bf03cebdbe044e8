package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
)

// writeTable writes a line for each workspace that asks for attention, riskiest first, and one for all that do not.
func writeTable(p *pager, doc *Document) {
	var quiet []string
	rows := byRisk(doc.Rows)
	for len(rows) > 0 && rows[len(rows)-1].unchanged() {
		quiet = append(quiet, shortName(doc, rows[len(rows)-1].Workspace))
		rows = rows[:len(rows)-1]
	}
	if len(rows) > 0 {
		head := "| workspace | plan | policy | " + pick(doc.Merged, "on merge", "result") + " |\n|---|---|---|---|\n"
		p.push(container{open: head, again: head, close: "\n"}, 0)
		for _, r := range rows {
			last := r.onMerge()
			switch {
			case doc.Merged || r.Applied:
				last = r.result()
			case doc.Closed:
				last = "nothing: it was closed"
			}
			p.write(fmt.Sprintf("| %s | %s | %s | %s |\n", briefCode(shortName(doc, r.Workspace), 80), r.planCell(), r.policyCell(), last))
		}
		p.pop()
	}
	slices.Sort(quiet)
	writeQuiet(p, quiet)
}

// writeQuiet folds the workspaces that do not change into one line.
func writeQuiet(p *pager, names []string) {
	if len(names) == 0 {
		return
	}
	title := plural(len(names), "workspace", "workspaces") + " unchanged"
	if all := codes(names); len(all) <= min(p.atom, 200)-len(title)-2 {
		p.paragraph(title + ": " + all)
		return
	}
	p.details(title+": "+htmlCode(names[0], 60)+", …", title, false, func() { p.names("", names) }, 100)
}

// shortName is a workspace's identity without the repository that the whole document is about.
func shortName(doc *Document, workspace string) string {
	short, ok := strings.CutPrefix(workspace, doc.Repository+"//")
	switch {
	case !ok || doc.Repository == "":
		return workspace
	case short == "" || short[0] == '@':
		return "." + short
	}
	return short
}

// counts are what a plan does, in Terraform's symbols and in words.
func counts(s planner.Summary) []string {
	var parts []string
	for _, c := range []struct {
		n            int
		symbol, word string
	}{
		{s.Delete, "-", "delete"}, {s.Replace, "-/+", "replace"}, {s.Forget, "", "forget"}, {s.Update, "~", "update"},
		{s.Create, "+", "create"}, {s.Import, "", "import"}, {s.Move, "", "move"},
	} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%s%d %s", c.symbol, c.n, c.word))
		}
	}
	if s.Outputs > 0 {
		parts = append(parts, plural(s.Outputs, "output", "outputs"))
	}
	if s.Invoke > 0 {
		parts = append(parts, plural(s.Invoke, "action", "actions"))
	}
	return parts
}

func (r *Row) planCell() string {
	if r.Plan == nil || !r.changes() {
		return r.noPlan("**failed**")
	}
	parts := counts(r.Plan.Summary)
	for i := range min(len(parts), r.risks()) {
		parts[i] = "**" + parts[i] + "**"
	}
	if r.failed() && r.Status != "failed" {
		parts = append(parts, "incomplete")
	}
	return strings.Join(parts, ", ")
}

// noPlan says why there are no counts to show.
func (r *Row) noPlan(failed string) string {
	switch {
	case r.failed() && r.Status == "interrupted":
		return "**interrupted**"
	case r.failed():
		return failed
	case r.Plan != nil || r.Status == "unchanged":
		return "no changes"
	case r.Status == "":
		return "–"
	}
	return briefProse(r.Status, 30)
}

// risks is how many of the row's counts are of destroyed resources; they come first.
func (r *Row) risks() int {
	n := 0
	if r.Plan.Summary.Delete > 0 {
		n++
	}
	if r.Plan.Summary.Replace > 0 {
		n++
	}
	return n
}

func (r *Row) policyCell() string {
	switch r.verdict() {
	case "":
		return "–"
	case policy.Pass:
		return r.Verdict.Word()
	case policy.Warn:
		return fmt.Sprintf("warns (%d)", len(r.Verdict.Results))
	case policy.Deny:
		return fmt.Sprintf("**denies** (%d)", len(r.Verdict.Results)-r.warnings())
	}
	return "**could not judge**"
}

func (r *Row) warnings() int {
	n := 0
	for _, result := range r.Verdict.Results {
		if result.Level == "warn" {
			n++
		}
	}
	return n
}

// onMerge is what a merge would do.
func (r *Row) onMerge() string {
	if r.OnMerge != "" {
		return briefProse(r.OnMerge, 160)
	}
	switch {
	case r.failed():
		return "nothing until its plan succeeds"
	case r.refused() || r.Status == "blocked":
		return "nothing: it is blocked"
	case r.Status == "held":
		return "waits for approval"
	case r.Status == "ready":
		return "is applied"
	}
	return "–"
}

// result is what became of it after the merge.
func (r *Row) result() string {
	result := briefProse(r.Status, 30)
	if r.waits() {
		result = "**" + result + "**"
	}
	if r.Status == "applied" && r.Duration > 0 {
		result += " in " + duration(r.Duration)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(r.Reason), "\n")
	if first != "" {
		result += ": " + briefProse(first, 160)
	}
	if short := briefCode(r.Command, 60); r.Command != "" && r.waits() && !strings.Contains(first, r.Command) && short == code(r.Command) {
		result += " → " + short // one that a table cannot hold stands below
	}
	return result
}

func duration(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
