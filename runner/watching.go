package runner

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
)

// watching are the repositories under watch. More are found while the runner works.
type watching struct {
	mu    sync.RWMutex
	named map[string]*watcher
	start func(*watcher) // nil: nothing runs yet
}

func (g *watching) add(w *watcher) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.named == nil {
		g.named = map[string]*watcher{}
	}
	g.named[w.conf.Name] = w
	if g.start != nil {
		g.start(w)
	}
}

// begin starts what is watched now, and what is added later.
func (g *watching) begin(start func(*watcher)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.start = start
	for _, w := range g.named {
		start(w)
	}
}

// all are the watchers by name.
func (g *watching) all() []*watcher {
	g.mu.RLock()
	defer g.mu.RUnlock()
	all := make([]*watcher, 0, len(g.named))
	for _, w := range g.named {
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b *watcher) int { return cmp.Compare(a.conf.Name, b.conf.Name) })
	return all
}

// watcher returns the watcher of a repository, or nil.
func (r *Runner) watcher(name string) *watcher {
	r.watching.mu.RLock()
	defer r.watching.mu.RUnlock()
	return r.watching.named[name]
}

// Hooked takes up what a webhook said: the repository is polled at once. A request to run a check again is what no poll
// shows; it plans the pull requests with that head again.
func (r *Runner) Hooked(account string, hook forge.Hook) {
	for _, w := range r.watching.all() {
		if w.conf.Forge != account || hook.Repository == "" || !strings.EqualFold(w.conf.Path, hook.Repository) {
			continue
		}
		if hook.Rerun != "" {
			if err := w.rerun(context.Background(), hook); err != nil {
				r.log.Error("run the check again", "repository", w.conf.Name, "commit", hook.Rerun, "error", err)
			}
		}
		w.pollNow()
	}
}

// rerun plans the pull requests with a head again. Who can ask the forge for that may write to the repository.
func (w *watcher) rerun(ctx context.Context, hook forge.Hook) error {
	var stop []int64
	err := w.r.update(ctx, func(tx Tx, j *journal) error {
		stop = nil
		pulls, err := tx.Pulls(PullFilter{Repository: w.conf.Name, Head: hook.Rerun, State: Open})
		if err != nil {
			return err
		}
		for _, p := range pulls {
			runs, err := tx.Runs(RunFilter{PullID: p.ID, Purposes: []Purpose{PurposePlan}})
			if err != nil {
				return err
			}
			runs = slices.DeleteFunc(runs, func(r Run) bool { return r.Status == Superseded || r.Status == Queued })
			if err := supersede(j, runs, "because "+orElse(hook.By, "somebody")+" asked to run the check again", &stop); err != nil {
				return err
			}
		}
		return nil
	})
	for _, id := range stop {
		w.r.cancel(id, errSuperseded)
	}
	w.dirty.Store(true)
	return err
}

// patterns are the repository blocks that stand for all repositories of an owner.
func (r *Runner) patterns() (found []workspaces.Repository) {
	for _, conf := range r.opts.Config.Repositories {
		if conf.Pattern != "" {
			found = append(found, conf)
		}
	}
	return found
}

// lookForRepositories is how often an owner is asked for new repositories.
const lookForRepositories = 5 * time.Minute

// findRepositories watches an owner until ctx is done.
func (r *Runner) findRepositories(ctx context.Context, conf workspaces.Repository) {
	for ctx.Err() == nil {
		wait := lookForRepositories
		if err := r.findNew(ctx, conf); err != nil && ctx.Err() == nil {
			r.log.Error("look for repositories", "repository", conf.Name, "error", err)
			wait = min(wait, max(conf.PollInterval, time.Second)) // an owner that could not be asked may have no repository yet
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// findNew takes up the repositories of an owner that match and are not watched yet. Each is named by the block's label, a
// dot and its own name. One that has a block of its own is left to that, and of several patterns the first one has it.
func (r *Runner) findNew(ctx context.Context, conf workspaces.Repository) error {
	listed, err := r.opts.Accounts[conf.Forge].List(ctx, conf.Path)
	if err != nil {
		return fmt.Errorf("list the repositories of %s: %w", conf.Path, err)
	}
	for _, l := range listed {
		one, fits := conf.Member(path.Base(l.Path))
		if !fits || l.Archived || l.Empty || r.watcher(one.Name) != nil || r.hasAnEarlier(conf, l.Path) {
			continue
		}
		r.log.Info("repository found", "repository", one.Name, "path", l.Path)
		r.watching.add(r.watch(ctx, one))
	}
	return nil
}

// hasAnEarlier reports whether a pattern that stands before another takes a repository.
func (r *Runner) hasAnEarlier(conf workspaces.Repository, repository string) bool {
	for _, other := range r.patterns() {
		if other.Name == conf.Name {
			return false
		}
		if _, fits := other.Member(path.Base(repository)); fits && other.Forge == conf.Forge && strings.EqualFold(other.Path, conf.Path) {
			return true
		}
	}
	return false
}
