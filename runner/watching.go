package runner

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/driftlessops/driftless/runner/forge"
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
