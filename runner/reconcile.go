package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
)

// reconcileLocked derives what is due from what Git, the forge and the store say, and writes it down in one transaction.
func (w *watcher) reconcileLocked(ctx context.Context) (err error) {
	w.dirty.Store(false)
	w.acted = false
	ctx, end := w.spanOf(ctx, "reconcile")
	defer func() {
		end(err)
		w.looked = time.Now()
		if err != nil {
			w.dirty.Store(true) // look again at the next poll
		}
	}()
	o, err := w.observe(ctx)
	if err != nil {
		return err
	}
	if o.repo.Diverged != "" {
		return w.hold(ctx, o)
	}
	var stop []int64
	pulls := make([]Pull, 0, len(o.open))
	err = w.update(ctx, func(tx Tx, j *journal) error {
		stop, pulls = nil, pulls[:0]
		return w.write(o, j, &stop, &pulls)
	})
	if err != nil {
		return err
	}
	if o.unread == nil {
		w.tracked.Store(o.set)
	}
	for _, id := range stop {
		w.r.cancel(id, errSuperseded)
	}
	w.r.Wake()
	if o.unread != nil {
		return errors.Join(w.reportOpen(ctx, pulls), w.showUnread(ctx), o.unread)
	}
	return errors.Join(w.reportOpen(ctx, pulls), w.showHead(ctx), w.syncIssues(ctx))
}

// reportOpen brings the reports up to date of the pull requests that were looked at, and those of others that do not tell of
// everything yet: an earlier process was killed before it made them, or failed to.
func (w *watcher) reportOpen(ctx context.Context, pulls []Pull) error {
	var ids []int64
	for _, p := range pulls {
		ids = append(ids, p.ID)
	}
	err := w.r.opts.Store.View(ctx, func(tx Tx) error {
		news, err := tx.News(NewsFilter{Repository: w.conf.Name})
		for _, n := range news {
			if !slices.Contains(ids, n.PullID) && w.r.progress.news(n.PullID, 0, time.Now()) {
				ids = append(ids, n.PullID)
			}
		}
		return err
	})
	return errors.Join(err, w.r.reportAll(ctx, ids))
}

// errLookAgain says that a person acknowledged a rewritten branch while it was looked at.
var errLookAgain = errors.New("the repository's record changed in the meantime")

// hold records a tracked branch that was rewritten: nothing is decided until a person acknowledges it.
func (w *watcher) hold(ctx context.Context, o *observation) error {
	o.repo.PolledAt = now()
	o.repo.Error = fmt.Sprintf("branch %s was rewritten: %.8s does not descend from %.8s. Everything holds until `driftless approve --repository %s` acknowledges it",
		o.repo.Branch, o.repo.Diverged, o.repo.Head, o.repo.Name)
	return w.update(ctx, func(tx Tx, j *journal) error {
		old, err := tx.Repository(o.repo.Name)
		if err != nil {
			return err
		}
		if old.Head != o.seen.Head || old.Diverged != o.seen.Diverged {
			return errLookAgain
		}
		if err := tx.PutRepository(o.repo); err != nil || old.Diverged == o.repo.Diverged {
			return err
		}
		if w.host != nil {
			status := forge.Status{Context: report.ApplyContext, State: forge.Failure, Description: "this branch was rewritten: everything holds until somebody acknowledges it"}
			d := newDraft(PostStatus, o.repo.Diverged+" "+report.ApplyContext, statusWish{Commit: o.repo.Diverged, Status: status})
			if err := d.record(tx, o.repo.Name); err != nil {
				return err
			}
		}
		return j.add(Event{Kind: "branch rewritten", Repository: o.repo.Name, Commit: o.repo.Diverged, Message: o.repo.Error})
	})
}

// write writes one observation. Runs that must stop and pulls whose reports may change are appended.
func (w *watcher) write(o *observation, j *journal, stop *[]int64, pulls *[]Pull) error {
	old, err := j.tx.Repository(o.repo.Name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if old.Head != o.seen.Head || old.Diverged != o.seen.Diverged {
		return errLookAgain
	}
	if o.unread != nil {
		return w.writeUnread(o, j, stop, pulls)
	}
	o.repo.PolledAt = now()
	if err := j.tx.PutRepository(o.repo); err != nil {
		return err
	}
	if old.Head != o.repo.Head {
		if err := j.add(Event{Kind: "tracked branch moved", Repository: o.repo.Name, Commit: o.head, Message: fmt.Sprintf("%s is at %.8s", o.repo.Branch, o.head)}); err != nil {
			return err
		}
	}
	for i := range o.left {
		if err := w.writeLeft(o, j, &o.left[i], stop); err != nil {
			return err
		}
		*pulls = append(*pulls, o.left[i])
		if p := o.left[i]; p.State == Merged {
			for _, id := range p.Affected {
				o.mergedAt[id] = p.UpdatedAt
			}
		}
	}
	if err := w.writeAllTracked(o, j, stop); err != nil {
		return err
	}
	if err := w.writeOrphans(o, j, stop); err != nil {
		return err
	}
	return w.writeOpen(o, j, stop, pulls)
}

// writeAllTracked brings the records of all workspaces up to the tracked head.
func (w *watcher) writeAllTracked(o *observation, j *journal, stop *[]int64) error {
	tx, err := remember(j.tx, WorkspaceFilter{Repository: o.repo.Name})
	if err != nil {
		return err
	}
	j.tx = tx // also for the pull requests that touch them
	known, err := allAnswers(tx, o.repo.Name)
	if err != nil {
		return err
	}
	for _, ws := range o.set.Workspaces {
		if err := w.writeTracked(o, j, ws, known, stop); err != nil {
			return fmt.Errorf("%s: %w", ws.ID, err)
		}
	}
	return nil
}

// writeOpen writes the open pull requests of an observation.
func (w *watcher) writeOpen(o *observation, j *journal, stop *[]int64, pulls *[]Pull) error {
	for i := range o.open {
		if err := w.writePull(o, j, &o.open[i], stop); err != nil {
			return fmt.Errorf("pull request %s: %w", o.open[i].pull.Key, err)
		}
		*pulls = append(*pulls, o.open[i].pull)
	}
	return nil
}

// supersede ends runs that something newer made moot; the ones under way are to be stopped.
func supersede(j *journal, runs []Run, why string, stop *[]int64) error {
	for _, run := range runs {
		from := run.Status
		run.Status, run.Reason = Superseded, "superseded "+why
		if run.FinishedAt.IsZero() {
			run.FinishedAt = now()
		}
		if err := j.tx.UpdateRun(run, from); err != nil {
			return err
		}
		if err := j.run("superseded", run, run.Reason); err != nil {
			return err
		}
		if from.Active() && stop != nil {
			*stop = append(*stop, run.ID)
		}
	}
	return nil
}

// putIfChanged writes a workspace record unless it is what is stored already.
func putIfChanged(j *journal, rec Workspace) error {
	old, err := j.tx.Workspace(rec.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	rec.UpdatedAt = old.UpdatedAt
	if err == nil && equalRecords(old, rec) {
		return nil
	}
	rec.UpdatedAt = now()
	return j.tx.PutWorkspace(rec)
}
