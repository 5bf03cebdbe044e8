package runner

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/driftlessops/driftless/runner/forge"
)

// watching are the repositories under watch. More are found while the runner works.
type watching struct {
	mu     sync.RWMutex
	named  map[string]*watcher
	listed map[string]bool // patterns of which the repositories were listed since the start
	start  func(*watcher)  // nil: nothing runs yet
}

// list notes that the repositories of a pattern are all watched.
func (g *watching) list(pattern string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listed == nil {
		g.listed = map[string]bool{}
	}
	g.listed[pattern] = true
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

// remove ends the watch over a repository.
func (g *watching) remove(w *watcher) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.named, w.conf.Name)
	if w.stop != nil {
		w.stop()
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

// awaits says what runs of a repository wait for before it is known whether it is watched; "" = that is known.
func (r *Runner) awaits(name string) string {
	r.watching.mu.RLock()
	defer r.watching.mu.RUnlock()
	if r.watching.named[name] != nil {
		return ""
	}
	for _, conf := range r.patterns() {
		if strings.HasPrefix(name, conf.Name+".") && !r.watching.listed[conf.Name] {
			return "waits for the forge to list the repositories of " + conf.Path
		}
	}
	return ""
}

// unwatched says why nothing is done any more for a repository that nobody watches.
func (r *Runner) unwatched(name string) error {
	for _, conf := range r.patterns() {
		if strings.HasPrefix(name, conf.Name+".") {
			return userError(fmt.Sprintf("repository %s is not watched any more: block %q finds no such repository of %s. It was deleted, renamed, archived or excluded, or the sign-in may not see it", name, conf.Name, conf.Path))
		}
	}
	return userError(fmt.Sprintf("repository %s is not in the configuration any more: no repository block is called so. To go on with it, write the block again and restart driftless", name))
}

// Hooked takes up what a webhook said: the repository is polled at once. A request to run a check again is what no poll
// shows; it plans the pull requests with that head again.
func (r *Runner) Hooked(account string, hook forge.Hook) {
	for _, w := range r.watching.all() {
		if w.conf.Forge != account || hook.Repository == "" || !strings.EqualFold(w.conf.Path, hook.Repository) {
			continue
		}
		if hook.Rerun != "" {
			again := func() error { return w.rerun(context.Background(), hook) }
			if err := w.reruns.once(hook.Delivery, again); err != nil {
				r.log.Error("run the check again", "repository", w.conf.Name, "commit", hook.Rerun, "error", err)
			}
		}
		w.pollNow()
	}
}
