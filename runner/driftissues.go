package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
	"github.com/driftlessops/driftless/workspaces"
)

// The labels of issues about drift. By how they begin drivers know them from others'.
const (
	labelOurs      = "driftless"
	labelDrift     = "driftless:drift"
	labelUnchecked = "driftless:unchecked"
)

// issueState is what is kept in the wish of an issue's post besides what the forge shows.
type issueState struct {
	issueWish
	Fingerprint string // of the trouble: people are told when it changes
	Says        told   // what the body says that may change without that
	Turn        int    // counts openings, closings and other trouble in between
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
	posts, ends := map[string]Post{}, map[string]ending{}
	err := w.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		if troubles, err = w.troubles(tx); err != nil {
			return err
		}
		all, err := tx.Posts(PostFilter{Repository: w.conf.Name, Kind: PostIssue})
		for _, post := range all {
			posts[post.Key] = post
			if ends[post.Key], err = endingOf(tx, workspaces.ID(post.Key)); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	drafts := w.issueDrafts(ctx, troubles, posts, ends)
	if len(drafts) == 0 {
		return nil
	}
	err = w.update(ctx, func(tx Tx, _ *journal) error {
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

// issueDrafts are the issues that have something new to tell.
func (w *watcher) issueDrafts(ctx context.Context, troubles []trouble, posts map[string]Post, ends map[string]ending) (drafts []draft) {
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
			drafts = append(drafts, newDraft(PostIssue, key, w.over(workspaces.ID(key), state, ends[key])))
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
	next = issueState{Fingerprint: t.fingerprint(), Says: t.says(), Turn: state.Turn}
	next.Remarks = state.Remarks
	other := !state.Issue.Open || state.Fingerprint != next.Fingerprint
	if !other && state.Says == next.Says {
		return state, false
	}
	next.Issue = w.troubleIssue(ctx, t)
	if !other {
		return next, true // an edit, of which nobody is notified
	}
	text := t.back()
	if state.Issue.Open {
		text = t.other()
	}
	if next.Turn++; next.Turn > 1 {
		next.Remarks = []remark{turnRemark(next.Turn, text)}
	}
	return next, true
}

// over is an issue whose trouble is over, with what is said then: in a comment, and at the head of its text.
func (w *watcher) over(id workspaces.ID, state issueState, end ending) issueState {
	text := report.DriftGone(report.DriftDocument{Workspace: string(id)})
	if set := w.tracked.Load(); set != nil && set.Workspace(id) == nil {
		end = ending{why: "its directory is gone from the tracked branch", at: now()}
		text = report.DriftMoot(string(id), end.why)
	} else if state.Fingerprint == "unchecked" {
		end.why = "it could be checked again"
		text = report.UncheckedGone(report.UncheckedDocument{Workspace: string(id)})
	}
	return state.closed(text, end, w.host.BodyLimit())
}

func (s issueState) closed(text string, end ending, limit int) issueState {
	s.Issue.Open, s.Fingerprint, s.Says = false, "", told{}
	s.Issue.Body = report.Over(end.why, end.at, s.Issue.Body, limit)
	s.Turn++
	s.Remarks = []remark{turnRemark(s.Turn, text)}
	return s
}

func turnRemark(turn int, text string) remark {
	mark := fmt.Sprintf("driftless turn=%d", turn)
	return remark{Mark: mark, Body: report.Mark(text, mark+" ")}
}

// summaryDraft is the one issue for the workspaces that have none of their own.
func (w *watcher) summaryDraft(rest []trouble, state issueState) (d draft, changed bool) {
	if len(rest) == 0 {
		if !state.Issue.Open {
			return d, false
		}
		return newDraft(PostIssue, "", state.closed("Every workspace with drift has an issue of its own again, or none is left.", ending{"no workspace is left here", now()}, w.host.BodyLimit())), true
	}
	doc := report.DriftSummary{Metadata: issueMark("")}
	print := ""
	for _, t := range rest {
		doc.Rows = append(doc.Rows, report.DriftRow{Workspace: string(t.rec.ID), RunID: t.run.ID, Objects: len(t.rec.changes().Changes), Since: t.since, Unchecked: t.check != ""})
		print += string(t.rec.ID) + " " + t.says().Repair + "\n"
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

// aroundOf brings up to date what the forge shows around a run's workspace: the head's status, and the issue about drift.
func (r *Runner) aroundOf(ctx context.Context, run Run) error {
	w := r.watcher(run.Repository)
	if w == nil || run.Purpose == PurposePlan {
		return nil
	}
	return errors.Join(w.showHead(ctx), w.syncIssues(ctx))
}
