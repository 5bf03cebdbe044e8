package runner

import (
	"context"
	"slices"
	"time"
)

// How often a mirror is looked at and tidied at most, how long that may take, and how old an object is at least that goes:
// younger ones may be of what is about to be on record.
const (
	tidyLook  = time.Hour
	tidyPause = 24 * time.Hour
	tidyLimit = 10 * time.Minute
	tidyGrace = 24 * time.Hour
)

// keepTidy packs a mirror that became slow, and prunes what is not needed any more. One mirror at a time is tidied: that takes
// the disk's time from all that works.
func (w *watcher) keepTidy(ctx context.Context) {
	if w.closed != nil || ctx.Err() != nil || !w.r.tidying.TryLock() {
		return
	}
	defer w.r.tidying.Unlock()
	if time.Now().Before(w.tidy) {
		return
	}
	w.tidy = time.Now().Add(tidyLook)
	if !w.mirror.Untidy() {
		return
	}
	w.tidy = time.Now().Add(tidyPause)
	ctx, cancel := context.WithTimeout(ctx, tidyLimit)
	defer cancel()
	began := time.Now()
	if err := w.maintain(ctx, tidyGrace); err != nil {
		w.r.log.Warn("the mirror is not tidied: it works on, and is tried again in a day", "repository", w.conf.Name, "error", err)
		return
	}
	w.r.log.Info("mirror tidied", "repository", w.conf.Name, "took", time.Since(began).Round(time.Millisecond))
}

// maintain lets go of the objects that no work needs any more, and prunes those that are older than the grace.
func (w *watcher) maintain(ctx context.Context, grace time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var needed []string
	err := w.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		needed, err = objectsNeeded(tx, w.conf.Name)
		return err
	})
	needed = append(needed, w.view.Refs.Branch(w.view.Branch))
	for _, pr := range w.view.Open {
		needed = append(needed, pr.Head) // though it be merged: its branch is there
	}
	if err == nil {
		err = w.mirror.Keep(ctx, needed)
	}
	if err != nil {
		return err
	}
	return w.mirror.Maintain(ctx, grace)
}

// unended are the statuses of runs that may still go on, or that a person may let go on.
var unended = []Status{Queued, Planning, Planned, Ready, Held, Blocked, Applying, Interrupted}

// objectsNeeded are the commits and trees that what is on record of a repository needs: to plan, judge and apply what waits, to
// look for drift, and to tell what became of open pull requests.
func objectsNeeded(tx Tx, repository string) (objects []string, err error) {
	repo, err := tx.Repository(repository)
	if err != nil {
		return nil, err
	}
	objects = append(objects, repo.Head, repo.PrevHead, repo.Diverged)
	pulls, err := tx.Pulls(PullFilter{Repository: repository, State: Open})
	if err != nil {
		return nil, err
	}
	for _, p := range pulls {
		objects = append(objects, p.Head, p.Base, p.Tree)
	}
	runs, err := tx.Runs(RunFilter{Repository: repository, Statuses: unended})
	if err != nil {
		return nil, err
	}
	records, err := tx.Workspaces(WorkspaceFilter{Repository: repository})
	if err != nil {
		return nil, err
	}
	for _, rec := range records {
		objects = append(objects, rec.Base, rec.TargetCommit, rec.AppliedCommit, rec.AppliedTree)
		last, err := tx.Runs(RunFilter{Workspace: rec.ID, Purposes: []Purpose{PurposeApply, PurposeDestroy, PurposeDrift}, Limit: 10})
		if err != nil {
			return nil, err
		}
		runs = append(runs, last...) // one that failed is tried again by command
	}
	for _, run := range runs {
		objects = append(objects, run.Commit, run.Tree, run.Base)
	}
	slices.Sort(objects)
	objects = slices.DeleteFunc(slices.Compact(objects), func(id string) bool { return id == "" })
	return objects, nil
}
