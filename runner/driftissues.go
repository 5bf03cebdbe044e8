package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
	"github.com/driftlessops/driftless/workspaces"
)

// The labels of issues about drift.
const (
	labelOurs      = "driftless"
	labelDrift     = "drift"
	labelUnchecked = "drift-unchecked"
)

// trouble is what an issue about a workspace has to tell.
type trouble struct {
	rec   Workspace
	run   Run    // the drift run that found it, or that failed
	check string // why the world could not be compared; "" = it was, and has drifted
	since time.Time
}

// fingerprint changes when an issue has something new to tell. What an engine or a provider says differently every time is
// no news.
func (t trouble) fingerprint() string {
	if t.check != "" {
		return "unchecked"
	}
	return report.DriftFingerprint(t.rec.changes().Changes)
}

// issueState is what is kept in the wish of an issue's post besides what the forge shows.
type issueState struct {
	issueWish
	Fingerprint string
	Turn        int // counts openings and closings
}

// syncIssues brings the issues about drift up to what is on record: one per workspace that drifted or could not be checked,
// as many as the operator allows, and one for the rest.
func (w *watcher) syncIssues(ctx context.Context) error {
	if w.host == nil || w.conf.DriftIssues <= 0 {
		return nil
	}
	w.issues.Lock()
	defer w.issues.Unlock()
	var troubles []trouble
	posts := map[string]Post{}
	err := w.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		if troubles, err = w.troubles(tx); err != nil {
			return err
		}
		all, err := tx.Posts(PostFilter{Repository: w.conf.Name, Kind: PostIssue})
		for _, post := range all {
			posts[post.Key] = post
		}
		return err
	})
	if err != nil {
		return err
	}
	drafts := w.issueDrafts(ctx, troubles, posts)
	if len(drafts) == 0 {
		return nil
	}
	err = w.r.opts.Store.Update(ctx, func(tx Tx) error {
		for _, d := range drafts {
			if err := d.record(tx, w.conf.Name); err != nil {
				return err
			}
		}
		return nil
	})
	w.posts.wake()
	return err
}

// troubles are the workspaces that drifted or could not be checked, the oldest first.
func (w *watcher) troubles(tx Tx) (all []trouble, err error) {
	records, err := tx.Workspaces(WorkspaceFilter{Repository: w.conf.Name})
	if err != nil {
		return nil, err
	}
	for _, rec := range records {
		if rec.Orphan || rec.AppliedCommit == "" {
			continue
		}
		runs, err := tx.Runs(RunFilter{Workspace: rec.ID, Purposes: []Purpose{PurposeDrift}, Limit: 20})
		if err != nil {
			return nil, err
		}
		if t, ok := troubleOf(rec, runs); ok {
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b trouble) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.rec.ID, b.rec.ID)) })
	return all, nil
}

// troubleOf reads a workspace's trouble from its record and its drift runs, newest first.
func troubleOf(rec Workspace, runs []Run) (t trouble, ok bool) {
	t = trouble{rec: rec, since: rec.DriftSince}
	runs = slices.DeleteFunc(runs, func(r Run) bool {
		return r.Status == Superseded && r.Verdict == nil || r.Status == Queued || r.Status.Active()
	})
	if len(runs) > 0 {
		t.run = runs[0]
	}
	if t.run.Status == Failed && t.run.FinishedAt.After(rec.CheckedAt) {
		t.check = t.run.Reason
		for _, r := range runs {
			if r.Status != Failed {
				break
			}
			t.since = r.FinishedAt
		}
		return t, true
	}
	return t, !rec.DriftSince.IsZero()
}

// issueDrafts are the issues that have something new to tell.
func (w *watcher) issueDrafts(ctx context.Context, troubles []trouble, posts map[string]Post) (drafts []draft) {
	shown := map[string]issueState{}
	open := 0
	for key, post := range posts {
		var state issueState
		_ = json.Unmarshal(post.Want, &state) // one that cannot be read is written anew
		if shown[key] = state; key != "" && state.Issue.Open {
			open++
		}
	}
	standing := map[string]bool{}
	for _, t := range troubles {
		standing[string(t.rec.ID)] = true
	}
	for key, state := range shown {
		if key != "" && state.Issue.Open && !standing[key] {
			drafts = append(drafts, newDraft(PostIssue, key, state.closed(w.gone(workspaces.ID(key), state))))
			open--
		}
	}
	var rest []trouble
	for _, t := range troubles {
		key := string(t.rec.ID)
		state := shown[key]
		if !state.Issue.Open && open >= w.conf.DriftIssues {
			rest = append(rest, t)
			continue
		}
		if !state.Issue.Open {
			open++
		}
		if next, changed := w.opened(ctx, t, state); changed {
			drafts = append(drafts, newDraft(PostIssue, key, next))
		}
	}
	if d, ok := w.summaryDraft(rest, shown[""]); ok {
		drafts = append(drafts, d)
	}
	return drafts
}

// opened is the issue of a trouble, given what its post wants now.
func (w *watcher) opened(ctx context.Context, t trouble, state issueState) (next issueState, changed bool) {
	print := t.fingerprint()
	if state.Issue.Open && state.Fingerprint == print {
		return state, false
	}
	next = issueState{Fingerprint: print, Turn: state.Turn}
	next.Issue = w.troubleIssue(ctx, t)
	if !state.Issue.Open {
		next.Turn++
		if next.Turn > 1 {
			next.Remarks = []remark{turnRemark(next.Turn, t.back())}
		}
	}
	return next, true
}

// back is what is said when an issue is opened again.
func (t trouble) back() string {
	if t.check != "" {
		return report.UncheckedBack(report.UncheckedDocument{Workspace: string(t.rec.ID), Since: t.since})
	}
	return report.DriftBack(report.DriftDocument{Workspace: string(t.rec.ID), Since: t.since, Changes: t.rec.changes().Changes})
}

// closed is an issue whose trouble is over, for a reason.
func (s issueState) closed(why string) issueState {
	s.Issue.Open, s.Fingerprint = false, ""
	s.Turn++
	s.Remarks = []remark{turnRemark(s.Turn, why)}
	return s
}

// gone is what is said when an issue is closed.
func (w *watcher) gone(id workspaces.ID, state issueState) string {
	if set := w.tracked.Load(); set != nil && set.Workspace(id) == nil {
		return report.DriftMoot(string(id), "its directory is gone from the tracked branch")
	}
	if state.Fingerprint == "unchecked" {
		return report.UncheckedGone(report.UncheckedDocument{Workspace: string(id)})
	}
	return report.DriftGone(report.DriftDocument{Workspace: string(id)})
}

func turnRemark(turn int, text string) remark {
	mark := fmt.Sprintf("driftless turn=%d", turn)
	return remark{Mark: mark, Body: report.Mark(text, mark+" ")}
}

// troubleIssue renders the issue of a trouble.
func (w *watcher) troubleIssue(ctx context.Context, t trouble) forge.Issue {
	limit, mark := w.host.BodyLimit(), issueMark(string(t.rec.ID))
	issue := forge.Issue{Open: true, Labels: []string{labelOurs, labelDrift}}
	doc := report.DriftDocument{
		Workspace: string(t.rec.ID), Owner: t.rec.Owner, RunID: t.run.ID, Commit: t.rec.AppliedCommit, Since: t.since,
		AppliedAt: t.rec.AppliedAt, Changes: t.rec.changes().Changes, Metadata: mark,
	}
	if t.run.Status == Blocked {
		doc.Refused = t.run.Reason
	}
	if commit, err := w.mirror.Commit(ctx, t.rec.AppliedCommit); err == nil {
		doc.AppliedAuthor = commit.Author
	}
	if t.check != "" {
		issue.Labels = []string{labelOurs, labelUnchecked}
		issue.Title, issue.Body = report.UncheckedIssue(report.UncheckedDocument{
			Workspace: doc.Workspace, Owner: doc.Owner, RunID: t.run.ID, Since: t.since, CheckedAt: t.rec.CheckedAt, Error: t.check, Metadata: mark,
		}, limit)
	} else {
		issue.Title, issue.Body = report.DriftIssue(doc, limit)
	}
	return issue
}

// summaryDraft is the one issue for the workspaces that have none of their own.
func (w *watcher) summaryDraft(rest []trouble, state issueState) (d draft, changed bool) {
	if len(rest) == 0 {
		if !state.Issue.Open {
			return d, false
		}
		return newDraft(PostIssue, "", state.closed("Every workspace with drift has an issue of its own again, or none is left.")), true
	}
	doc := report.DriftSummary{Metadata: issueMark("")}
	print := ""
	for _, t := range rest {
		doc.Rows = append(doc.Rows, report.DriftRow{Workspace: string(t.rec.ID), RunID: t.run.ID, Objects: len(t.rec.changes().Changes), Since: t.since, Unchecked: t.check != ""})
		print += string(t.rec.ID) + "\n"
	}
	if state.Issue.Open && state.Fingerprint == print {
		return d, false
	}
	next := issueState{Fingerprint: print, Turn: state.Turn}
	next.Issue = forge.Issue{Open: true, Labels: []string{labelOurs, labelDrift}}
	next.Issue.Title, next.Issue.Body = report.DriftSummaryIssue(doc, w.host.BodyLimit())
	if !state.Issue.Open {
		if next.Turn++; next.Turn > 1 {
			next.Remarks = []remark{turnRemark(next.Turn, "There are more workspaces with drift than issues again.")}
		}
	}
	return newDraft(PostIssue, "", next), true
}

// issuesOf brings the issue about a run's workspace up to date.
func (r *Runner) issuesOf(ctx context.Context, run Run) error {
	w := r.watcher(run.Repository)
	if w == nil || run.Purpose == PurposePlan {
		return nil
	}
	err := w.syncIssues(ctx)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
