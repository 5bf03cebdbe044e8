package runner

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
)

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
	r.dropGone(ctx, conf, listed)
	known, err := r.known(ctx)
	if err != nil {
		return fmt.Errorf("read which repositories are known: %w", err)
	}
	for _, l := range listed {
		one, fits := conf.Member(path.Base(l.Path))
		if !fits || l.Archived || l.Empty || r.watches(conf.Forge, l.Path) || r.hasAnEarlier(conf, l.Path) {
			continue
		}
		one.Name = sameLabel(known, one.Name)
		r.log.Info("repository found", "repository", one.Name, "path", l.Path)
		r.watching.add(r.watch(ctx, one))
	}
	r.watching.list(conf.Name)
	r.Wake()
	return nil
}

// watches reports whether a repository is watched. Letter case does not count, as on forges.
func (r *Runner) watches(account, path string) bool {
	return slices.ContainsFunc(r.watching.all(), func(w *watcher) bool {
		return w.conf.Forge == account && strings.EqualFold(w.conf.Path, path)
	})
}

// known are the repositories on record.
func (r *Runner) known(ctx context.Context) (known []Repository, err error) {
	err = r.opts.Store.View(ctx, func(tx Tx) error {
		known, err = tx.Repositories()
		return err
	})
	return known, err
}

// sameLabel is the label under which a repository is known already, whatever its letter case was then.
func sameLabel(known []Repository, name string) string {
	label := name
	for _, rec := range known {
		if rec.Name == name {
			return name
		} else if strings.EqualFold(rec.Name, name) {
			label = rec.Name
		}
	}
	return label
}

// dropGone ends the watch over repositories of a pattern that were deleted, renamed or archived, or cannot be seen any more.
// One that is only missing from the list goes on.
func (r *Runner) dropGone(ctx context.Context, conf workspaces.Repository, listed []forge.Listed) {
	for _, w := range r.watching.all() {
		is := func(l forge.Listed) bool { return !l.Archived && strings.EqualFold(l.Path, w.conf.Path) }
		if !strings.HasPrefix(w.conf.Name, conf.Name+".") || slices.ContainsFunc(listed, is) {
			continue
		}
		access, err := w.host.Access(ctx)
		fatal := slices.ContainsFunc(access.Problems, func(p forge.Problem) bool { return p.Fatal })
		if err != nil && !errors.Is(err, forge.ErrGone) || err == nil && !fatal {
			continue
		}
		r.watching.remove(w)
		r.log.Info("repository gone", "repository", w.conf.Name, "path", w.conf.Path)
		if err := w.leave(ctx); err != nil {
			r.log.Error("note that a repository is gone", "repository", w.conf.Name, "error", err)
		}
	}
}

// leave says on the record why a repository is not watched any more.
func (w *watcher) leave(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.note(ctx, userError(w.conf.Path+" was deleted, renamed or archived, or driftless may not see it any more: nothing of it is planned or applied"))
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
