package runner

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/driftlessops/driftless/runner/command"
	"github.com/driftlessops/driftless/runner/report"
	"github.com/driftlessops/driftless/workspaces"
)

// document puts together everything that the report of a pull request says, and which finished plans it shows.
func (r *Runner) document(tx Tx, pull Pull) (report.Document, map[workspaces.ID]int64, error) {
	repo, err := tx.Repository(pull.Repository)
	if err != nil {
		return report.Document{}, nil, err
	}
	doc := report.Document{
		Repository: pull.Repository, Title: orElse(pull.Title, pull.Key), Head: pull.Head, Branch: repo.Branch,
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
	if len(pull.Conflicts) > 0 || pull.Error != "" {
		doc.Base = pull.Base
	}
	for _, id := range pull.Orphans {
		doc.Orphans = append(doc.Orphans, string(id))
	}
	s, err := standingOf(tx, pull)
	if err != nil {
		return doc, nil, err
	}
	if pull.State == Open {
		if doc.Caution, err = s.cautions(tx, repo.Branch); err != nil {
			return doc, nil, err
		}
		if doc.Unshown, err = unshown(tx, pull); err != nil {
			return doc, nil, err
		}
	}
	shown := map[workspaces.ID]int64{}
	last := int64(0)
	for _, id := range s.touched() {
		run, ok := newest(s.plans[id], id, pull.State)
		if ok && run.ID > last { // what older plans read is the same there
			last, doc.Base = run.ID, run.Base
		}
		planned := run
		applied, found, err := s.apply(tx, id, run)
		if err != nil {
			return doc, nil, err
		} else if found {
			run, ok = applied, true
			if pull.State == Open && planned.Status.reported() {
				shown[id] = planned.ID
			}
		}
		if !ok {
			doc.Rows = append(doc.Rows, report.Row{Workspace: string(id), Status: string(Queued)})
			continue
		}
		if pull.State == Merged && !found {
			run = afterMerge(run, s.known[id])
		}
		row, err := r.reportRow(tx, s, run)
		if err == nil {
			err = r.addReviewed(tx, &row, run, planned)
		}
		if err != nil {
			return doc, nil, err
		}
		if found && row.Plan == nil && pull.State == Merged && (run.Status == Queued || run.Status == Planning) {
			if row.Plan, err = r.plans.read(tx, planned); err != nil && !errors.Is(err, ErrNotFound) { // what was reviewed, until it is planned again
				return doc, nil, err
			}
		}
		if pull.State == Merged && run.Status == Applied && run.PullID == 0 && run.Commit != pull.MergedCommit && row.Reason == run.Reason {
			row.Reason = joined(fmt.Sprintf("together with what was merged later, at `%.7s`", run.Commit), run.Reason)
		}
		doc.Rows = append(doc.Rows, row)
		if pull.State == Closed && row.Applied && s.known[id].Orphan {
			doc.Caution = append(doc.Caution, fmt.Sprintf("`%s` was applied from here and is not on `%s`: what it made stays, and its state is kept. Open this pull request again; or propose the directory without the resources, which plans their end.", plainWord(afterRepository(id)), plainWord(repo.Branch)))
		}
		if row.Plan != nil && run.Purpose == PurposePlan && run.Status.reported() {
			shown[id] = run.ID
		}
	}
	return doc, shown, nil
}

// cautions are what a reviewer must know before reading the plans of an open pull request.
func (s *standing) cautions(tx Tx, branch string) (all []string, err error) {
	refused, err := mergeRefused(tx, s.pull)
	if err != nil {
		return nil, err
	} else if refused != "" {
		all = append(all, refused)
	}
	unseen, err := s.notMerged(tx)
	if err != nil {
		return nil, err
	} else if unseen != "" {
		all = append(all, unseen)
	}
	for _, id := range s.pull.Affected {
		rec := s.known[id] // zero: it comes with this pull request
		if rec.AppliedCommit != "" || rec.TargetDigest == "" || rec.Reserved != 0 {
			continue
		}
		if bare, err := stateless(tx, rec); err != nil {
			return nil, err
		} else if bare {
			all = append(all, fmt.Sprintf("driftless has never applied `%s`: this is a plan of all of it, not only of what changes here. If it exists already, its state is missing, and a merge would build it a second time: settle that first (`driftless workspaces` says what waits).", plainWord(afterRepository(id))))
		}
	}
	return append(all, s.stillHeld(branch)...), nil
}

// stateless reports whether no state of a workspace is known: an apply that failed half way left one.
func stateless(tx Tx, rec Workspace) (bool, error) {
	kept, err := tx.States(rec.ID)
	return len(kept) == 0 && !rec.Prior.Exists && rec.Prior.Lineage == "", err
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
	case pull.Draft:
		return report.LeftDraft
	}
	return report.LeftMends
}

// reported reports whether a plan with this status shows what would be applied.
func (s Status) reported() bool { return s == Ready || s == Unchanged || s == Blocked }

// applyBeforeMerge is the newest apply that a comment on an open pull request asked for, as long as no newer plan shows what
// is left to do.
func applyBeforeMerge(runs []Run, pull Pull, plan Run) (found Run, ok bool) {
	for _, run := range runs {
		if run.PullID == pull.ID && run.Status != Superseded && run.Status != Canceled {
			return run, covers(run, plan)
		}
	}
	return found, false
}

// covers reports whether an apply before the merge is what became of a plan: no newer one shows that something is left to do.
func covers(run, plan Run) bool {
	done := run.Status == Applied && (plan.Status == Unchanged || plan.Status == Queued || plan.Status.Active())
	return run.InputDigest == plan.InputDigest && (run.ID > plan.ID || done)
}

// afterMerge is a plan of a merged pull request that no run applies: it waits for one, or was taken back before any began.
func afterMerge(plan Run, rec Workspace) Run {
	if rec.ID == "" || plan.Status != Ready {
		return plan
	}
	plan.Status = Queued
	if rec.AppliedDigest != "" && rec.AppliedDigest == rec.TargetDigest {
		plan.Status, plan.Reason = Unchanged, "it was taken back before it was applied"
	}
	return plan
}

// applyAfterMerge is the first run at a pull request's merge or since that became known, and what took that one's place or, when it failed, tried the
// same again with what was merged later; or the apply before the merge, where that left nothing to do.
func applyAfterMerge(runs []Run, pull Pull, plan Run) (found Run, ok bool) {
	for i := len(runs) - 1; i >= 0; i-- {
		run := runs[i]
		before := run.PullID == pull.ID && run.Status == Applied && covers(run, plan)
		its := run.PullID == 0 && run.ID > plan.ID && (run.Commit == pull.MergedCommit || slices.Contains(run.Reviewers, pull.Key) || !run.CreatedAt.Before(pull.UpdatedAt))
		if ok && found.Status == Applied && run.InputDigest == found.InputDigest {
			continue // a repair of drift, later
		}
		if ok && run.Approves == found.ID || (before || its) && (!ok || found.Status == Superseded || found.Status == Failed || found.PullID != 0) {
			found, ok = run, true
		}
	}
	return found, ok && found.Status != Superseded
}

func (r *Runner) reportRow(tx Tx, s *standing, run Run) (report.Row, error) {
	pull, rec := s.pull, s.known[run.Workspace]
	row := report.Row{
		Workspace: string(run.Workspace), RunID: run.ID, Status: string(run.Status), Verdict: run.Verdict,
		Reused: run.Purpose == PurposePlan && run.Commit != pull.Head, Labels: rec.Labels, Owner: rec.Owner,
	}
	if !run.FinishedAt.IsZero() && !run.StartedAt.IsZero() {
		row.Duration = run.FinishedAt.Sub(run.StartedAt).Round(100 * time.Millisecond)
	}
	if run.Status == Failed {
		row.Failure = run.Reason
	} else {
		row.Reason = run.Reason
	}
	switch {
	case run.Status == Applied && run.PullID != 0:
		row.Reason = joined("asked for by "+run.Actor, run.Reason)
	case run.Status == Unchanged && run.Approves != 0:
		row.Reason = fmt.Sprintf("nothing was left to do when run %d was approved by %s", run.Approves, run.Actor)
	case run.Status == Applied && run.Approves != 0:
		row.Reason = joined("approved by "+run.Actor, run.Reason)
	}
	for _, beyond := range run.Unreviewed {
		row.Reason += "\n- `" + beyond + "`"
	}
	plan, err := r.plans.read(tx, run)
	if err == nil {
		row.Plan = plan
	} else if !errors.Is(err, ErrNotFound) {
		return row, err
	}
	row.Manual, row.BeforeMerge = slices.Contains(pull.Manual, run.Workspace), slices.Contains(pull.Before, run.Workspace)
	row.OnMerge = onMerge(run, inDoubt(rec, plan), row.Manual, row.BeforeMerge)
	if row.OnMerge != "" && rec.Reserved != 0 && rec.Reserved != pull.ID {
		other, err := tx.Pull(rec.Reserved)
		if err != nil {
			return row, err
		}
		row.OnMerge = "waits for #" + other.Key + ", which was applied here before its merge"
	}
	row.Applied = run.Purpose == PurposeApply && run.Status == Applied
	row.Reserved = rec.Reserved == pull.ID && pull.State == Open
	row.Command = nextCommand(run)
	if approvers, known := r.approvers(pull, run.Workspace); known {
		r.addApprovers(&row, approvers)
	}
	if pull.State == Closed && run.Purpose == PurposeApply {
		row.Applied = true
		row.TakenBack = run.PullID == 0 && (run.Status == Applied || run.Status == Unchanged)
		if run.PullID == 0 && run.Status == Held {
			row.Reason = "it was applied, and closed without a merge: this plan takes it back"
		}
	}
	return row, nil
}

// approvers are those who may approve an apply by a comment, where comments are read.
func (r *Runner) approvers(pull Pull, id workspaces.ID) (words []string, known bool) {
	w := r.watcher(pull.Repository)
	if w == nil || w.host == nil {
		return nil, false
	}
	ws := w.known(nil, id)
	if ws == nil {
		return nil, false
	}
	return ws.Permissions.Approve, true
}

// addApprovers says who may approve what waits for that. Where nobody may, no comment is asked for.
func (r *Runner) addApprovers(row *report.Row, approvers []string) {
	waits := strings.HasPrefix(row.Command, "driftless approve")
	switch {
	case waits && len(approvers) == 0:
		row.Approvers, row.Command = "nobody (on the server: `"+row.Command+"`)", ""
	case waits:
		row.Approvers = whoMay(approvers)
	case len(approvers) == 0:
		row.OnMerge = strings.TrimSuffix(row.OnMerge, approvesIt)
	}
}

// addReviewed adds to a row whose apply goes beyond what was reviewed what that was.
func (r *Runner) addReviewed(tx Tx, row *report.Row, run, planned Run) error {
	if run.Status != Held || planned.ID == 0 || planned.ID == run.ID || !slices.ContainsFunc(run.Unreviewed, isChange) {
		return nil
	}
	plan, err := r.plans.read(tx, planned)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	row.Reviewed, row.ReviewRun = plan, planned.ID
	return err
}

// nextCommand is the comment that settles an apply that did not end well, or "".
func nextCommand(run Run) string {
	switch {
	case run.Purpose != PurposeApply:
		return ""
	case run.Status == Failed:
		return applyOne(run)
	case run.Status == Held, run.Status == Blocked && (run.PullID != 0 || named(run.Unreviewed, policyMark)):
		return settling(run)
	case run.Status == Interrupted:
		return fmt.Sprintf("driftless resume %d", run.ID)
	}
	return ""
}

// settling is the comment that lets an apply go on which is held or blocked: nobody approves one before the merge.
func settling(run Run) string {
	if run.PullID != 0 {
		return applyOne(run)
	}
	return fmt.Sprintf("driftless approve %d", run.ID)
}

func applyOne(run Run) string {
	return "driftless apply -w " + command.Quote(afterRepository(run.Workspace))
}
