package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
)

// showHead shows on the head of the tracked branch what is left to apply, when that commit is no pull request's merge: those
// have their own, unless they were merged before anybody looked what they touch. Nothing is said of a commit that left nothing
// to do. What the head before still waits for is told there no more.
func (w *watcher) showHead(ctx context.Context) error {
	if w.host == nil {
		return nil
	}
	var same bool
	err := w.r.opts.Store.View(ctx, func(tx Tx) error {
		drafts, err := headDrafts(tx, w.conf.Name)
		if err == nil {
			same, err = wanted(tx, w.conf.Name, drafts)
		}
		return err
	})
	if err != nil || same {
		return err
	}
	err = w.update(ctx, func(tx Tx, _ *journal) error {
		drafts, err := headDrafts(tx, w.conf.Name) // the branch may have moved since
		for _, d := range drafts {
			err = errors.Join(err, d.record(tx, w.conf.Name))
		}
		return err
	})
	w.posts.wake()
	return err
}

func headDrafts(tx Tx, repository string) (drafts []draft, err error) {
	repo, err := tx.Repository(repository)
	if errors.Is(err, ErrNotFound) || err == nil && repo.Head == "" {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	for _, commit := range []string{repo.PrevHead, repo.Head} {
		if commit == "" {
			continue
		}
		if told, err := toldByPull(tx, repo.Name, commit); err != nil {
			return nil, err
		} else if told {
			continue
		}
		d, due, err := headDraft(tx, repo, commit)
		if err != nil {
			return nil, err
		} else if due {
			drafts = append(drafts, d)
		}
	}
	return drafts, nil
}

// toldByPull reports whether a commit is the merge of a pull request that has something to tell there.
func toldByPull(tx Tx, repository, commit string) (bool, error) {
	merged, err := tx.Pulls(PullFilter{Repository: repository, State: Merged, Merges: []string{commit}})
	if err != nil {
		return false, err
	}
	for _, p := range merged {
		if len(p.Affected) > 0 {
			return true, nil
		}
		if tells, err := withApplied(tx, p); err != nil || len(tells) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// headDraft is the status of the head, or of the one before that still has one.
func headDraft(tx Tx, repo Repository, commit string) (d draft, due bool, err error) {
	post, err := tx.Post(repo.Name, PostStatus, commit+" "+report.ApplyContext)
	switch {
	case err != nil && !errors.Is(err, ErrNotFound):
		return d, false, err
	case err != nil && commit != repo.Head:
		return d, false, nil
	}
	s, quiet, err := headStatus(tx, repo)
	if err != nil {
		return d, false, err
	}
	due = !quiet || post.ID != 0
	if commit != repo.Head {
		s, due = overtaken(post, repo.Head, quiet)
	}
	return newDraft(PostStatus, commit+" "+report.ApplyContext, statusWish{Commit: commit, Status: s}), due, nil
}

// overtaken is what is said of the head before, given what was: nothing more is applied of it alone. It turns green with the
// head that took its place, and not before.
func overtaken(post Post, head string, quiet bool) (s forge.Status, due bool) {
	var was statusWish
	if json.Unmarshal(post.Want, &was) != nil || was.Status.State == forge.Success {
		return s, false
	}
	s = was.Status
	switch {
	case quiet:
		s.State, s.Description = forge.Success, fmt.Sprintf("everything is applied, with %.8s", head)
	case s.State == forge.Pending:
		s.State, s.Description = forge.Failure, fmt.Sprintf("overtaken by %.8s before all of it was applied: see there", head)
	}
	return s, true
}

// showUnread shows on the head of the tracked branch that its configuration cannot be read.
func (w *watcher) showUnread(ctx context.Context) error {
	if w.host == nil {
		return nil
	}
	head := w.view.Refs.Branch(w.view.Branch)
	s := forge.Status{Context: report.ApplyContext, State: forge.Errored, Description: "the configuration cannot be read: nothing is applied until that is mended"}
	d := newDraft(PostStatus, head+" "+report.ApplyContext, statusWish{Commit: head, Status: s})
	err := w.update(ctx, func(tx Tx, _ *journal) error { return d.record(tx, w.conf.Name) })
	w.posts.wake()
	return err
}

// headStatus says how the workspaces of a repository stand; quiet when there is nothing to tell.
func headStatus(tx Tx, repo Repository) (s forge.Status, quiet bool, err error) {
	records, err := tx.Workspaces(WorkspaceFilter{Repository: repo.Name})
	if err != nil {
		return s, false, err
	}
	pending, failed, total := 0, 0, 0
	for _, rec := range records {
		if rec.Orphan {
			continue
		}
		total++
		switch rec.Sync {
		case SyncFailed:
			failed++
		case Pending:
			pending++
		}
	}
	s = forge.Status{Context: report.ApplyContext, State: forge.Success, Description: "everything is applied"}
	switch {
	case failed > 0:
		s.State, s.Description = forge.Failure, fmt.Sprintf("%d of %d workspaces failed, %d wait", failed, total, pending)
	case pending > 0:
		s.State, s.Description = forge.Pending, fmt.Sprintf("%d of %d workspaces wait to be applied or approved", pending, total)
	}
	return s, failed+pending == 0, nil
}
