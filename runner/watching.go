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
	listed map[string]bool           // patterns of which the repositories were listed since the start
	start  map[string]func(*watcher) // what runs for the repositories of a lease, while it is led
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
	if start := g.start[w.lease]; start != nil {
		start(w)
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

// begin starts what is watched under a lease now, and what is added later, until end is called.
func (g *watching) begin(lease string, start func(*watcher)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.start == nil {
		g.start = map[string]func(*watcher){}
	}
	g.start[lease] = start
	for _, w := range g.named {
		if w.lease == lease {
			start(w)
		}
	}
}

func (g *watching) end(lease string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.start, lease)
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
	w := r.watching.named[name]
	r.watching.mu.RUnlock()
	if w == nil && r.members.shared {
		return r.foundByOthers(name)
	}
	return w
}

// foundByOthers takes up a repository of an owner that the replica found which leads the owner.
func (r *Runner) foundByOthers(name string) *watcher {
	r.finding.Lock()
	defer r.finding.Unlock()
	r.watching.mu.RLock()
	w := r.watching.named[name]
	r.watching.mu.RUnlock()
	if w != nil || name == "" || r.leads(name) {
		return w // found meanwhile, or to be found here
	}
	for _, conf := range r.patterns() {
		suffix, ours := strings.CutPrefix(name, conf.Name+".")
		if one, fits := conf.Member(suffix); ours && fits {
			w := r.watch(context.Background(), one)
			r.watching.add(w)
			return w
		}
	}
	return nil
}

// awaits says what runs of a repository wait for before it is known whether it is watched; "" = that is known.
func (r *Runner) awaits(name string) string {
	r.watching.mu.RLock()
	defer r.watching.mu.RUnlock()
	if r.watching.named[name] != nil {
		return ""
	}
	for _, conf := range r.patterns() {
		if strings.HasPrefix(name, conf.Name+".") && !r.watching.listed[conf.Name] && r.leads(conf.Name) {
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
		if r.leads(w.conf.Name) {
			w.pollNow()
		} else {
			r.askToPoll(w.conf.Name)
		}
	}
}

// pollAsked is the kind of an event that asks whoever leads a repository to poll it now.
const pollAsked = "poll asked for"

// askToPoll tells the replica that leads a repository of a webhook that came here. One that is lost costs no more than the time to
// the next poll.
func (r *Runner) askToPoll(repository string) {
	err := r.update(context.Background(), func(tx Tx, j *journal) error {
		last, err := tx.Events(EventFilter{Repository: repository, Kind: pollAsked, Limit: 1})
		if err != nil || len(last) > 0 && now().Sub(last[0].At) < followEvery {
			return err
		}
		return j.add(Event{Kind: pollAsked, Repository: repository, Message: "by a webhook"})
	})
	if err != nil {
		r.log.Warn("a webhook could not be passed on: the next poll sees what it is about", "repository", repository, "error", err)
	}
}
