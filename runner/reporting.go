package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/runner/report"
	"github.com/driftlessops/driftless/workspaces"
)

// pageLimit is the size of a report's pages where no forge limits it: room for GitHub's comments, 65,536 characters.
const pageLimit = 65_000

// reported is what a pull request's report becomes.
type reported struct {
	pull   Pull
	old    Report
	next   Report
	drafts []draft // of what the forge is to show of it
	same   bool    // all of it is on record already
}

// report renders what is known of a pull request and records it, with what the forge is to show of it.
func (r *Runner) report(ctx context.Context, pullID int64) error {
	defer r.reports.lock(fmt.Sprint(pullID))()
	var n reported
	err := r.opts.Store.View(ctx, func(tx Tx) (err error) {
		n, err = r.renderReport(tx, pullID)
		return err
	})
	if err != nil || n.same {
		return err
	}
	err = r.opts.Store.Update(ctx, func(tx Tx) error {
		for _, d := range n.drafts {
			if err := d.record(tx, n.pull.Repository); err != nil {
				return err
			}
		}
		return tx.PutReport(n.next)
	})
	if w := r.watcher(n.pull.Repository); err == nil && w != nil && w.host != nil {
		w.posts.wake()
	}
	return err
}

func (r *Runner) renderReport(tx Tx, pullID int64) (n reported, err error) {
	if n.pull, err = tx.Pull(pullID); err != nil {
		return n, err
	}
	if n.old, err = tx.Report(pullID); err != nil && !errors.Is(err, ErrNotFound) {
		return n, err
	}
	doc, runs, err := Document(tx, n.pull)
	if err != nil {
		return n, err
	}
	w, limit := r.watcher(n.pull.Repository), pageLimit
	if w != nil && w.host != nil {
		limit = w.host.BodyLimit()
	}
	n.next = nextReport(n.pull, n.old, runs, report.Render(doc, limit))
	if w != nil && w.host != nil {
		if n.drafts, err = w.drafts(tx, n.pull, doc, n.next.Pages); err != nil {
			return n, err
		}
	}
	unchanged := n.old.Head == n.next.Head && slices.Equal(n.old.Pages, n.next.Pages) && maps.Equal(n.old.Runs, n.next.Runs)
	if unchanged {
		n.same, err = wanted(tx, n.pull.Repository, n.drafts)
	}
	return n, err
}

// nextReport is what is recorded of a report: what people saw there is what they agree to.
func nextReport(pull Pull, old Report, runs map[workspaces.ID]int64, pages []string) Report {
	if pull.State != Open {
		runs = old.Runs // what was reviewed is what stood there before the merge
	} else if old.Head == pull.Head {
		keepShown(runs, old.Runs, pull.Affected)
	}
	next := Report{PullID: pull.ID, Head: pull.Head, Runs: runs, Pages: pages, At: now()}
	if pull.State != Open && old.Head != pull.Head {
		next.Runs = nil // merged before its last head was reported
	}
	if old.Head == next.Head && maps.Equal(old.Runs, next.Runs) {
		next.At = old.At // what reviewers agree to stands there since then
	}
	return next
}

// keepShown keeps what a report on the same head showed of workspaces that are being planned again: a merge meanwhile
// was reviewed by that.
func keepShown(runs, shown map[workspaces.ID]int64, affected []workspaces.ID) {
	for id, run := range shown {
		if runs[id] == 0 && slices.Contains(affected, id) {
			runs[id] = run
		}
	}
}

// reportOf brings the reports up to date that show a run: its pull request's, or those of the merges that it applies.
func (r *Runner) reportOf(ctx context.Context, run Run) error {
	if run.PullID != 0 {
		return r.report(ctx, run.PullID)
	}
	var merged []Pull
	err := r.opts.Store.View(ctx, func(tx Tx) (err error) {
		merged, err = tx.Pulls(PullFilter{Repository: run.Repository, State: Merged, Limit: 50})
		return err
	})
	problems := []error{err}
	for _, p := range merged {
		if slices.Contains(p.Affected, run.Workspace) {
			problems = append(problems, r.report(ctx, p.ID))
		}
	}
	return errors.Join(problems...)
}

// Document puts together everything that the report of a pull request says, and which finished plans it shows.
func Document(tx Tx, pull Pull) (report.Document, map[workspaces.ID]int64, error) {
	repo, err := tx.Repository(pull.Repository)
	if err != nil {
		return report.Document{}, nil, err
	}
	doc := report.Document{
		Repository: pull.Repository, Title: orElse(pull.Title, pull.Key), Head: pull.Head, Branch: repo.Branch, Base: pull.Base,
		Error: pull.Error, Conflicts: pull.Conflicts, Notices: pull.Notices, Merged: pull.State == Merged, Closed: pull.State == Closed,
		MergedBy: pull.MergedBy, Reviewers: pull.ReviewedBy, Commands: pull.URL != "",
		Metadata: pullMark(pull.Repository, pull.Key) + "head=" + pull.Head,
	}
	if pull.State == Open {
		doc.Aside, doc.Left = pull.Aside, left(pull, repo.Branch)
	}
	if doc.Left != report.LeftBase && len(pull.Affected)+len(pull.Orphans) == 0 && pull.Error == "" {
		doc.Aside = "" // nothing would be planned anyway
	}
	if doc.Aside != "" {
		return doc, map[workspaces.ID]int64{}, nil
	}
	for _, id := range pull.Orphans {
		doc.Orphans = append(doc.Orphans, string(id))
	}
	runs, err := tx.Runs(RunFilter{PullID: pull.ID, Purposes: []Purpose{PurposePlan}})
	if err != nil {
		return doc, nil, err
	}
	shown := map[workspaces.ID]int64{}
	for _, id := range pull.Affected {
		run, ok := newest(runs, id, pull.State)
		applied, found, err := applyOf(tx, pull, id, run)
		if err != nil {
			return doc, nil, err
		} else if found {
			planned := run
			run, ok = applied, true
			if pull.State == Open && planned.Status.reported() {
				shown[id] = planned.ID
			}
		}
		if !ok {
			doc.Rows = append(doc.Rows, report.Row{Workspace: string(id), Status: string(Queued)})
			continue
		}
		row, err := reportRow(tx, pull, run)
		if err != nil {
			return doc, nil, err
		}
		doc.Rows = append(doc.Rows, row)
		if row.Plan != nil && run.Purpose == PurposePlan && run.Status.reported() {
			shown[id] = run.ID
		}
	}
	return doc, shown, nil
}

// newest finds the plan of a workspace that stands: of a pull request that left, the one that stood when it did.
func newest(runs []Run, id workspaces.ID, state PullState) (Run, bool) {
	last := ""
	for _, run := range runs {
		if run.Workspace != id {
			continue
		}
		if run.Status != Superseded {
			return run, true
		}
		last = orElse(last, run.InputDigest)
		if state != Open && run.Verdict != nil && run.InputDigest == last {
			run.Status, run.Reason = planStatus(run)
			return run, true
		}
	}
	return Run{}, false
}

// planStatus is what a superseded plan was before.
func planStatus(run Run) (Status, string) {
	switch {
	case !run.Verdict.Passed():
		return Blocked, verdictReason(*run.Verdict)
	case run.Summary.Empty():
		return Unchanged, ""
	}
	return Ready, ""
}

// left is what makes an open pull request be left alone, if anything does.
func left(pull Pull, branch string) report.Left {
	switch {
	case pull.Target != "" && pull.Target != branch:
		return report.LeftBase
	case pull.Fork:
		return report.LeftFork
	}
	return report.LeftDraft
}

// reported reports whether a plan with this status shows what would be applied.
func (s Status) reported() bool { return s == Ready || s == Unchanged || s == Blocked }

// applyOf finds the run that applies a pull request's changes to a workspace, given the plan that stands for it.
func applyOf(tx Tx, pull Pull, id workspaces.ID, plan Run) (found Run, ok bool, err error) {
	runs, err := tx.Runs(RunFilter{Workspace: id, Purposes: []Purpose{PurposeApply}, Limit: 200})
	if err != nil || pull.State == Closed {
		return found, false, err
	}
	if pull.State == Open {
		found, ok = applyBeforeMerge(runs, pull, plan)
		return found, ok, nil
	}
	found, ok = applyAfterMerge(runs, pull, plan.ID)
	return found, ok, nil
}

// applyBeforeMerge is the newest apply that a comment on an open pull request asked for, as long as no newer plan shows what
// is left to do.
func applyBeforeMerge(runs []Run, pull Pull, plan Run) (found Run, ok bool) {
	for _, run := range runs {
		if run.PullID == pull.ID && run.Status != Superseded && run.Status != Canceled {
			return run, run.InputDigest == plan.InputDigest && (run.Status == Applied || run.ID > plan.ID)
		}
	}
	return found, false
}

// applyAfterMerge is the first run at a pull request's merge, and what took that one's place.
func applyAfterMerge(runs []Run, pull Pull, planID int64) (found Run, ok bool) {
	for i := len(runs) - 1; i >= 0; i-- {
		run := runs[i]
		its := run.PullID == 0 && (run.Commit == pull.MergedCommit || slices.Contains(run.Reviewers, pull.Key)) || run.PullID == pull.ID && run.Status == Applied
		if run.ID > planID && (ok && run.Approves == found.ID || its && (!ok || found.Status == Superseded || found.PullID != 0)) {
			found, ok = run, true
		}
	}
	return found, ok && found.Status != Superseded
}

func reportRow(tx Tx, pull Pull, run Run) (report.Row, error) {
	row := report.Row{
		Workspace: string(run.Workspace), RunID: run.ID, Status: string(run.Status), Verdict: run.Verdict,
		Reused: run.PullID != 0 && run.Commit != pull.Head,
	}
	if rec, err := tx.Workspace(run.Workspace); err == nil {
		row.Labels, row.Owner = rec.Labels, rec.Owner
	} else if !errors.Is(err, ErrNotFound) {
		return row, err
	}
	if !run.FinishedAt.IsZero() && !run.StartedAt.IsZero() {
		row.Duration = run.FinishedAt.Sub(run.StartedAt).Round(100 * time.Millisecond)
	}
	if run.Status == Failed {
		row.Failure = run.Reason
	} else {
		row.Reason = run.Reason
	}
	for _, beyond := range run.Unreviewed {
		row.Reason += "\n- `" + beyond + "`"
	}
	plan, err := loadPlan(tx, run.ID)
	if err == nil {
		row.Plan = plan
	} else if !errors.Is(err, ErrNotFound) {
		return row, err
	}
	row.OnMerge = onMerge(run, slices.Contains(pull.Manual, run.Workspace), slices.Contains(pull.Before, run.Workspace))
	row.BeforeMerge = slices.Contains(pull.Before, run.Workspace)
	row.Applied = run.Purpose == PurposeApply && run.Status == Applied
	row.Command = nextCommand(run)
	return row, nil
}

// nextCommand is the comment that settles a run of the tracked branch that did not end well, or "".
func nextCommand(run Run) string {
	if run.Purpose != PurposeApply {
		return ""
	}
	switch {
	case run.PullID != 0 && (run.Status == Failed || run.Status == Held || run.Status == Blocked):
		return "driftless apply -w " + afterRepository(run.Workspace)
	case run.PullID != 0:
		return ""
	case run.Status == Held || run.Status == Interrupted || run.Status == Blocked && named(run.Unreviewed, policyMark):
		return fmt.Sprintf("driftless approve %d", run.ID)
	case run.Status == Failed:
		return "driftless apply -w " + afterRepository(run.Workspace)
	}
	return ""
}

// onMerge says what a merge will do for a workspace.
func onMerge(run Run, manual, before bool) string {
	if run.Purpose != PurposePlan {
		return ""
	}
	switch run.Status {
	case Ready:
		if before {
			return "applied before the merge: `driftless apply`"
		}
		if manual {
			return "held: apply = \"manual\": `driftless approve` applies it"
		}
		return "applies these changes"
	case Unchanged:
		return "nothing to apply"
	case Blocked:
		return "nothing is applied: policy blocks it"
	case Failed:
		return "held: there is no plan that anyone could review"
	}
	return "held until the plan is done"
}

// verdictWord is what the policies said, in a word or two.
func verdictWord(v policy.Verdict) string {
	if v.Policies == 0 && v.Revision == "" && v.Passed() {
		return "no policies"
	}
	return "policy: " + string(v.Status)
}
