package runner

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
)

// fewWorkspaces is how many workspaces a pull request may touch for each to get a status of its own.
const fewWorkspaces = 10

// drafts are what the forge is to show of a pull request: its report as comments, statuses on its commits, a check run.
func (w *watcher) drafts(tx Tx, pull Pull, doc report.Document, pages []string) (drafts []draft, err error) {
	show := worthShowing(pull, doc)
	if !show { // what stands there from before is brought up to date
		if _, err := tx.Post(pull.Repository, PostReport, pull.Key); err == nil {
			show = true
		} else if !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	if show {
		drafts = append(drafts, newDraft(PostReport, pull.Key, reportWish{Pages: pages}))
	}
	if speaks, err := speaksFor(tx, pull, doc); err != nil || !speaks {
		return drafts, err
	}
	lines := report.Statuses(doc, fewWorkspaces)
	switch pull.State {
	case Open:
		if lines, err = worthSaying(tx, pull, lines); err != nil {
			return nil, err
		}
		drafts = append(drafts, statusDrafts(pull, pull.Head, lines)...)
		if queue := w.queue.Load(); queue != nil {
			for _, head := range (*queue)[pull.Key] {
				drafts = append(drafts, statusDrafts(pull, head, lines)...)
			}
		}
		drafts = append(drafts, w.checkDrafts(pull, doc)...)
		stale, err := staleStatuses(tx, pull, lines)
		if err != nil {
			return nil, err
		}
		return append(drafts, stale...), nil
	case Closed:
		if others, err := asked(tx, pull); err != nil || others {
			return drafts, err
		}
		drafts = append(drafts, statusDrafts(pull, pull.Head, lines)...)
	case Merged:
		if len(doc.Rows) == 0 {
			lines = nil // nothing is applied for it
		}
		drafts = append(drafts, statusDrafts(pull, pull.MergedCommit, lines)...)
		drafts = append(drafts, statusDrafts(pull, pull.Head, lines)...)
	}
	ended, err := w.endedDrafts(tx, pull, doc, lines)
	return append(drafts, ended...), err
}

// worthSaying leaves out statuses that only wait for the plan, unless they said something else on this commit before: each costs a
// request, and a status that is missing stops a merge as one that waits does.
func worthSaying(tx Tx, pull Pull, lines []report.Status) (worth []report.Status, err error) {
	for _, line := range lines {
		if line.Follows {
			if _, err := tx.Post(pull.Repository, PostStatus, pull.Head+" "+line.Context); errors.Is(err, ErrNotFound) {
				continue
			} else if err != nil {
				return nil, err
			}
		}
		worth = append(worth, line)
	}
	return worth, nil
}

// asked reports whether another pull request asks, or asked until its merge, for the head of one that was closed: its word counts.
func asked(tx Tx, pull Pull) (bool, error) {
	same, err := tx.Pulls(PullFilter{Repository: pull.Repository, Head: pull.Head})
	return slices.ContainsFunc(same, func(p Pull) bool { return p.State != Closed }), err
}

// staleStatuses take back what the head's statuses say of workspaces that the pull request does not touch any more: its base
// is another, or there are too many for one each.
func staleStatuses(tx Tx, pull Pull, lines []report.Status) (drafts []draft, err error) {
	posts, err := tx.Posts(PostFilter{Repository: pull.Repository, Kind: PostStatus, KeyPrefix: pull.Head + " " + report.PlanContext + ":"})
	if err != nil {
		return nil, err
	}
	for _, post := range posts {
		name := strings.TrimPrefix(post.Key, pull.Head+" ")
		if slices.ContainsFunc(lines, func(l report.Status) bool { return l.Context == name }) {
			continue
		}
		drafts = append(drafts, statusDrafts(pull, pull.Head, []report.Status{{Context: name, State: report.Success, Description: "has no status of its own any more: see " + report.PlanContext}})...)
	}
	return drafts, nil
}

// worthShowing reports whether a pull request needs a comment. One that touches no workspace has its statuses, and is left
// in peace; what one touches that conflicts is not known yet.
func worthShowing(pull Pull, doc report.Document) bool {
	return len(doc.Rows)+len(doc.Orphans)+len(doc.Notices) > 0 || doc.Error != "" || len(doc.Conflicts) > 0 || pull.Aside != "" && len(pull.Affected) > 0
}

// speaksFor reports whether the statuses of a pull request's head are its. A commit has one set of them, and several pull
// requests may ask for it: the one into the tracked branch speaks, and of several the first that is not left alone. Otherwise
// another one into a branch that nobody watches would turn a commit green whose plan is denied.
func speaksFor(tx Tx, pull Pull, doc report.Document) (bool, error) {
	if pull.State != Open {
		return true, nil
	}
	if repo, err := tx.Repository(pull.Repository); err != nil || doc.Left == report.LeftBase && repo.Head == pull.Head {
		return false, err
	}
	same, err := tx.Pulls(PullFilter{Repository: pull.Repository, Head: pull.Head})
	same = slices.DeleteFunc(same, func(p Pull) bool { return p.State == Closed })
	slices.SortFunc(same, func(a, b Pull) int {
		return cmp.Or(cmp.Compare(rank(a, doc.Branch), rank(b, doc.Branch)), cmp.Compare(a.ID, b.ID))
	})
	return len(same) > 0 && same[0].ID == pull.ID, err
}

// rank is how much a pull request has to say of its head; the lowest has the word.
func rank(pull Pull, branch string) int {
	switch {
	case pull.State == Merged:
		return 1
	case pull.Aside == "":
		return 0
	case left(pull, branch) != report.LeftBase:
		return 2
	}
	return 3
}

func statusDrafts(pull Pull, commit string, lines []report.Status) (drafts []draft) {
	if commit == "" {
		return nil
	}
	for _, line := range lines {
		status := forge.Status{Context: line.Context, State: forge.StatusState(line.State), Description: line.Description, URL: pull.URL}
		drafts = append(drafts, newDraft(PostStatus, commit+" "+line.Context, statusWish{Commit: commit, Status: status}))
	}
	return drafts
}

// checkName is the name of our check run.
const checkName = "driftless"

// checkDrafts is the check run of a pull request, where there are any.
func (w *watcher) checkDrafts(pull Pull, doc report.Document) []draft {
	if access := w.access.Load(); access == nil || !access.App {
		return nil
	}
	check := forge.Check{Name: checkName, State: checkState(report.Statuses(doc, 0))}
	check.Title, check.Summary = report.Check(doc)
	if check.State != forge.Pending {
		check.Annotations = w.annotations(pull, doc)
	}
	return []draft{newDraft(PostCheck, pull.Head+" "+checkName, checkWish{Commit: pull.Head, Check: check})}
}

// checkState is what the statuses of plan and policy come to.
func checkState(lines []report.Status) forge.StatusState {
	worst := forge.Success
	for _, line := range lines {
		if line.Context == report.ApplyContext {
			continue
		}
		switch line.State {
		case report.Failure, report.Errored:
			return forge.Failure
		case report.Pending:
			worst = forge.Pending
		}
	}
	return worst
}
