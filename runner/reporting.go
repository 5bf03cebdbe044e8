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

// pageLimit is the size of a report's pages: GitHub's limit for a comment, 65,536 characters, with room to spare.
const pageLimit = 65_000

// report renders what is known of a pull request, records it, and shows it on the forge when it changed.
func (r *Runner) report(ctx context.Context, pullID int64) error {
	defer r.reports.lock(fmt.Sprint(pullID))()
	var pull Pull
	var old Report
	var doc report.Document
	var runs map[workspaces.ID]int64
	err := r.opts.Store.View(ctx, func(tx Tx) (err error) {
		if pull, err = tx.Pull(pullID); err != nil {
			return err
		}
		if old, err = tx.Report(pullID); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		doc, runs, err = Document(tx, pull)
		return err
	})
	if err != nil {
		return err
	}
	if pull.State != Open {
		runs = old.Runs // what was reviewed is what stood there before the merge
	} else if old.Head == pull.Head {
		keepShown(runs, old.Runs, pull.Affected)
	}
	pages := report.Render(doc, pageLimit)
	if old.Head == pull.Head && slices.Equal(old.Pages, pages) && maps.Equal(old.Runs, runs) {
		return nil
	}
	next := Report{PullID: pullID, Head: pull.Head, Runs: runs, Pages: pages, At: now()}
	if pull.State != Open && old.Head != pull.Head {
		next.Runs = nil // merged before its last head was reported
	}
	if old.Head == next.Head && maps.Equal(old.Runs, next.Runs) {
		next.At = old.At // what reviewers agree to stands there since then
	}
	return r.opts.Store.Update(ctx, func(tx Tx) error { return tx.PutReport(next) })
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
		Metadata: fmt.Sprintf("driftless pull=%s/%s head=%s", pull.Repository, pull.Key, pull.Head),
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
		if pull.State == Merged {
			if applied, found, err := applyOf(tx, pull, id, run.ID); err != nil {
				return doc, nil, err
			} else if found {
				run, ok = applied, true
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
		if row.Plan != nil && (run.Status == Ready || run.Status == Unchanged || run.Status == Blocked) {
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

// applyOf finds the run that applied a merged pull request's changes to a workspace: the first one at its merge, and what
// took that one's place.
func applyOf(tx Tx, pull Pull, id workspaces.ID, planID int64) (found Run, ok bool, err error) {
	runs, err := tx.Runs(RunFilter{Workspace: id, Purposes: []Purpose{PurposeApply}, Limit: 200})
	for i := len(runs) - 1; err == nil && i >= 0; i-- {
		run := runs[i]
		its := run.Commit == pull.MergedCommit || slices.Contains(run.Reviewers, pull.Key)
		if run.ID > planID && (ok && run.Approves == found.ID || its && (!ok || found.Status == Superseded)) {
			found, ok = run, true
		}
	}
	return found, ok && found.Status != Superseded, err
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
	row.OnMerge = onMerge(run, slices.Contains(pull.Manual, run.Workspace))
	return row, nil
}

// onMerge says what a merge will do for a workspace.
func onMerge(run Run, manual bool) string {
	if run.Purpose != PurposePlan {
		return ""
	}
	switch run.Status {
	case Ready:
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
