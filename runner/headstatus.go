package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
)

// showHead shows on the head of the tracked branch what is left to apply, when that commit is no pull request's merge: those
// have their own, unless they were merged before anybody looked what they touch. Nothing is said of a commit that left nothing to do.
func (w *watcher) showHead(ctx context.Context) error {
	if w.host == nil {
		return nil
	}
	var d draft
	due := false
	err := w.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		d, due, err = w.headDraft(tx)
		return err
	})
	if err != nil || !due {
		return err
	}
	err = w.r.opts.Store.Update(ctx, func(tx Tx) error { return d.record(tx, w.conf.Name) })
	w.posts.wake()
	return err
}

func (w *watcher) headDraft(tx Tx) (d draft, due bool, err error) {
	repo, err := tx.Repository(w.conf.Name)
	if errors.Is(err, ErrNotFound) || err == nil && repo.Head == "" {
		return d, false, nil
	} else if err != nil {
		return d, false, err
	}
	merged, err := tx.Pulls(PullFilter{Repository: repo.Name, State: Merged, Limit: 200})
	for _, p := range merged {
		if p.MergedCommit != repo.Head {
			continue
		}
		if tells, err := withApplied(tx, p); err != nil || len(tells) > 0 {
			return d, false, err
		}
	}
	if err != nil {
		return d, false, err
	}
	status, quiet, err := headStatus(tx, repo)
	if err != nil {
		return d, false, err
	}
	d = newDraft(PostStatus, repo.Head+" "+report.ApplyContext, statusWish{Commit: repo.Head, Status: status})
	if _, err := tx.Post(repo.Name, d.kind, d.key); errors.Is(err, ErrNotFound) && quiet {
		return d, false, nil
	}
	same, err := wanted(tx, repo.Name, []draft{d})
	return d, !same, err
}

// showUnread shows on the head of the tracked branch that its configuration cannot be read.
func (w *watcher) showUnread(ctx context.Context) error {
	if w.host == nil {
		return nil
	}
	head := w.view.Refs.Branch(w.view.Branch)
	s := forge.Status{Context: report.ApplyContext, State: forge.Errored, Description: "the configuration cannot be read: nothing is applied until that is mended"}
	d := newDraft(PostStatus, head+" "+report.ApplyContext, statusWish{Commit: head, Status: s})
	err := w.r.opts.Store.Update(ctx, func(tx Tx) error { return d.record(tx, w.conf.Name) })
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
