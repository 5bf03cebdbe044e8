package runner

import (
	"context"
	"fmt"
	"sync"

	"github.com/driftlessops/driftless/runner/report"
	"github.com/driftlessops/driftless/workspaces"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// Local is a work tree on a developer's machine that is planned like a pull request.
type Local struct {
	Repository workspaces.Repository // Name and Settings matter; Branch is what a person calls the tracked branch
	Mirror     *gitrepo.Mirror       // of gitrepo.OpenLocal
	Base       string                // head of the tracked branch
	Head       string                // commit of HEAD
	Tree       string                // the work tree, with what is not committed
	Title      string
	Only       func(*workspaces.Workspace) bool // nil: every affected workspace
}

// PlanLocal plans what a work tree changes, judges it, and returns the report's document. It uses the runner's store for
// nothing that outlives it: give the runner one of its own.
func (r *Runner) PlanLocal(ctx context.Context, l Local) (report.Document, error) {
	w := &watcher{r: r, conf: l.Repository, mirror: l.Mirror}
	w.digester = workspaces.NewDigester(r.engineVersion, w.resolveRef)
	r.watching.add(w)
	pull, runs, err := w.queueLocal(ctx, l)
	if err != nil {
		return report.Document{}, err
	}
	var group sync.WaitGroup
	stop := context.AfterFunc(ctx, func() { r.cancelAll(errShutdown) })
	defer stop()
	slots := newSlots(r.limit)
	for _, run := range runs {
		slot := slots.one(ctx)
		if slot == nil {
			break
		}
		execute := r.begin(ctx, run, slot)
		group.Go(func() {
			defer slot.leave()
			execute()
		})
	}
	if ctx.Err() != nil { // one may have begun at that moment
		r.cancelAll(errShutdown)
	}
	group.Wait()
	if ctx.Err() != nil {
		return report.Document{}, ctx.Err()
	}
	var doc report.Document
	err = r.opts.Store.View(ctx, func(tx Tx) (err error) {
		doc, _, err = r.document(tx, pull)
		return err
	})
	return doc, err
}

// queueLocal writes down the work tree as a pull request, and the plans that it needs.
func (w *watcher) queueLocal(ctx context.Context, l Local) (Pull, []Run, error) {
	base, err := w.mirror.Commit(ctx, l.Base)
	if err != nil {
		return Pull{}, nil, err
	}
	was, err := w.resolve(ctx, base.Tree, "")
	if err != nil {
		return Pull{}, nil, fmt.Errorf("%s at %.8s: %w", l.Repository.Branch, base.ID, readable(was, err))
	}
	commit, err := w.mirror.CommitTree(ctx, l.Tree, "The work tree", l.Head)
	if err != nil {
		return Pull{}, nil, err
	}
	o := &observation{repo: Repository{Name: l.Repository.Name, Branch: l.Repository.Branch}, head: base.ID, tree: base.Tree, set: was}
	view, err := w.merge(ctx, o, Pull{Repository: l.Repository.Name, Key: "local", Title: l.Title, Head: commit, CreatedAt: now(), UpdatedAt: now()})
	if err != nil {
		return Pull{}, nil, err
	}
	pull, effects := view.pull, view.effects
	pull.Head, pull.Affected, pull.Orphans = l.Head, nil, nil
	var runs []Run
	err = w.r.update(ctx, func(tx Tx, j *journal) error {
		runs = nil
		if err := tx.PutRepository(Repository{Name: l.Repository.Name, Branch: l.Repository.Branch, Head: base.ID}); err != nil {
			return err
		}
		if err := tx.PutPull(&pull); err != nil {
			return err
		}
		for _, e := range effects {
			if e.Removed {
				pull.Orphans = append(pull.Orphans, e.Workspace.ID)
			}
			if e.Removed || l.Only != nil && !l.Only(e.Workspace) {
				continue
			}
			pull.Affected = append(pull.Affected, e.Workspace.ID)
			run := Run{
				Repository: l.Repository.Name, Workspace: e.Workspace.ID, Purpose: PurposePlan, Status: Planning, PullID: pull.ID, Commit: l.Head,
				Tree: pull.Tree, Base: base.ID, InputDigest: e.Head.Sum, Trigger: e.Reason, CreatedAt: now(), StartedAt: now(),
			}
			if run.Reason = planProblem(&view, e.Workspace); run.Reason != "" {
				run.Status, run.FinishedAt = Failed, now()
			}
			if err := tx.InsertRun(&run); err != nil {
				return err
			}
			if run.Status == Planning {
				runs = append(runs, run)
			}
		}
		return tx.PutPull(&pull)
	})
	return pull, runs, err
}
