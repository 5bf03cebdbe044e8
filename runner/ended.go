package runner

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
)

// endedDrafts end what the head of a pull request that left still shows as under way, but for what lines say now: nothing is
// under way any more, and a status that waits would wait for ever. It says again what people saw when they merged, if that is
// known; else it is no success, as another pull request may ask for the same commit. What was said of it before stands.
func (w *watcher) endedDrafts(tx Tx, pull Pull, doc report.Document, lines []report.Status) (drafts []draft, err error) {
	others, err := tx.Pulls(PullFilter{Repository: pull.Repository, Head: pull.Head, State: Open})
	if err != nil || len(others) > 0 {
		return nil, err // their word counts
	}
	names, check, err := underWay(tx, pull)
	names = slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(lines, func(l report.Status) bool { return l.Context == name })
	})
	if err != nil || len(names) == 0 && check == nil {
		return nil, err
	}
	saw, known, err := w.r.asMerged(tx, pull, doc)
	if err != nil {
		return nil, err
	}
	var said []report.Status
	if known {
		said = report.Statuses(saw, fewWorkspaces)
	}
	for _, name := range names {
		end := report.Ended(name, pull.State == Merged)
		for _, s := range said {
			if s.Context == name && s.State != report.Pending && name != report.ApplyContext {
				end = s
			}
		}
		drafts = append(drafts, statusDrafts(pull, pull.Head, []report.Status{end})...)
	}
	if check == nil {
		return drafts, nil
	}
	end := report.Ended(report.PlanContext, pull.State == Merged)
	check.Check.State, check.Check.Title = forge.StatusState(end.State), strings.ToUpper(end.Description[:1])+end.Description[1:]
	if state := checkState(said); known && state != forge.Pending {
		check.Check.State = state
		check.Check.Title, check.Check.Summary = report.Check(saw)
	}
	return append(drafts, newDraft(PostCheck, pull.Head+" "+checkName, *check)), nil
}

// underWay are the contexts of the statuses that wait on the head of a pull request, and the check run if that does.
func underWay(tx Tx, pull Pull) (names []string, check *checkWish, err error) {
	posts, err := tx.Posts(PostFilter{Repository: pull.Repository, Kind: PostStatus, KeyPrefix: pull.Head + " "})
	if err != nil {
		return nil, nil, err
	}
	for _, post := range posts {
		var now statusWish
		if json.Unmarshal(post.Want, &now) == nil && now.Status.State == forge.Pending {
			names = append(names, strings.TrimPrefix(post.Key, pull.Head+" "))
		}
	}
	post, err := tx.Post(pull.Repository, PostCheck, pull.Head+" "+checkName)
	if errors.Is(err, ErrNotFound) {
		return names, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	var now checkWish
	if json.Unmarshal(post.Want, &now) != nil || now.Check.State != forge.Pending {
		return names, nil, nil
	}
	return names, &now, nil
}

// asMerged is the document of a pull request as people saw it when they merged, given the one of now; known if they saw any plan.
// What was planned again just then stands there with the plan that was reviewed.
func (r *Runner) asMerged(tx Tx, pull Pull, doc report.Document) (saw report.Document, known bool, err error) {
	if pull.State != Merged || len(pull.Affected) == 0 {
		return saw, false, nil
	}
	shown, known, err := shownAtMerge(tx, pull, time.Time{})
	if err != nil || !known {
		return saw, false, err
	}
	s, err := standingOf(tx, pull)
	if err != nil {
		return saw, false, err
	}
	saw, saw.Merged, saw.Rows = doc, false, nil
	for _, id := range pull.Affected {
		row := report.Row{Workspace: string(id), Status: string(Queued)}
		run, err := tx.Run(shown.Runs[id])
		if err == nil {
			if run.Status == Superseded && run.Verdict != nil {
				run.Status, run.Reason = planStatus(run)
			}
			row, err = r.reportRow(tx, s, run)
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return saw, false, err
		}
		saw.Rows = append(saw.Rows, row)
	}
	return saw, true, nil
}
