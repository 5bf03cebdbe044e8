package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

// leading is what one replica alone does for a block of the configuration: poll, reconcile, listen, post, look for drift. A
// block that stands for all repositories of an owner is led as one.
type leading struct {
	stop context.CancelFunc
	over bool            // it is being ended
	done <-chan struct{} // closed when it ended
}

// errNotLeading says that another replica polls and reports a repository.
var errNotLeading = errors.New("another replica leads this repository")

const leasePrefix = "repository/"

// leases are the names of all that somebody must lead.
func (r *Runner) leases() (names []string) {
	for _, conf := range r.opts.Config.Repositories {
		names = append(names, leasePrefix+conf.Name)
	}
	return names
}

// leaseOf is the name of the lease of what leads a repository.
func (r *Runner) leaseOf(repository string) string {
	for _, conf := range r.patterns() {
		if strings.HasPrefix(repository, conf.Name+".") && !r.named(repository) {
			return leasePrefix + conf.Name
		}
	}
	return leasePrefix + repository
}

// named reports whether a repository has a block of its own.
func (r *Runner) named(repository string) bool {
	for _, conf := range r.opts.Config.Repositories {
		if conf.Name == repository && conf.Pattern == "" {
			return true
		}
	}
	return false
}

// leads reports whether this process leads a repository.
func (r *Runner) leads(repository string) bool {
	m := r.members
	if !m.shared {
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.leads[r.leaseOf(repository)]
	return l != nil && !l.over && m.holds()
}

// leading fails unless this process leads a repository by the record: what it decides and shows is its own to write then.
func (m *membership) leading(tx Tx, repository string) error {
	if !m.shared {
		return nil
	}
	at, err := tx.Clock()
	if err != nil {
		return err
	}
	all, err := tx.Leases()
	name := m.r.leaseOf(repository)
	if err == nil && !slices.ContainsFunc(all, func(l Lease) bool { return l.Name == name && l.Owner == m.self.ID && l.Until.After(at) }) {
		err = errNotLeading
	}
	return err
}

// update is Runner.update for what only the leader of the repository writes.
func (w *watcher) update(ctx context.Context, f func(tx Tx, j *journal) error) error {
	return w.r.update(ctx, func(tx Tx, j *journal) error {
		if err := w.r.members.leading(tx, w.conf.Name); err != nil {
			return err
		}
		return f(tx, j)
	})
}

// leading are the watchers of the repositories that this process leads.
func (r *Runner) leading() []*watcher {
	return slices.DeleteFunc(r.watching.all(), func(w *watcher) bool { return !r.leads(w.conf.Name) })
}

// lead returns what begins to lead the repositories of a block, until ctx is done at most.
func (r *Runner) lead(ctx context.Context) func(lease string) *leading {
	return func(lease string) *leading {
		on, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.leadUntil(on, lease)
		}()
		return &leading{stop: stop, done: done}
	}
}

func (r *Runner) leadUntil(ctx context.Context, lease string) {
	var group sync.WaitGroup
	r.watching.begin(lease, func(w *watcher) {
		ctx, stop := context.WithCancel(ctx)
		w.stop = stop
		group.Go(func() {
			w.anew()
			w.loop(ctx)
		})
		if w.host != nil {
			group.Go(func() { w.posts.loop(ctx) })
		}
	})
	for _, conf := range r.patterns() {
		if leasePrefix+conf.Name == lease {
			group.Go(func() { r.findRepositories(ctx, conf) })
		}
	}
	<-ctx.Done()
	r.watching.end(lease)
	group.Wait()
}

// anew forgets what was seen of the remote when this process led the repository before: others did meanwhile.
func (w *watcher) anew() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.view, w.touched, w.queueKnown, w.asked, w.looked = forge.View{}, nil, nil, time.Time{}, time.Time{}
	w.tracked.Store(nil)
}

// portion is what a replica leads of all that somebody must lead, and what of it others are to have.
type portion struct{ lead, giveUp []string }

// divide takes leases that are free, and finds out what is more than a fair portion. What is given up stays its own until it is
// not worked on any more.
func (m *membership) divide(tx Tx, at time.Time, live []Replica) (p portion, err error) {
	if m.self.Kind != Serve || m.isLeaving() {
		return p, nil
	}
	all, err := tx.Leases()
	if err != nil {
		return p, err
	}
	held, counts := map[string]Lease{}, map[string]int{}
	for _, l := range all {
		held[l.Name] = l
		if strings.HasPrefix(l.Name, leasePrefix) {
			counts[l.Owner]++
		}
	}
	names, free, renew := m.r.leases(), []string{}, []string{}
	for _, name := range names {
		l := held[name]
		switch {
		case m.ending(name):
			if l.Owner == m.self.ID { // else another one took it while this process did not answer
				renew = append(renew, name)
			}
		case l.Owner == m.self.ID:
			p.lead = append(p.lead, name)
		case l.Owner == "" || !l.Until.After(at) || !slices.ContainsFunc(live, func(o Replica) bool { return o.ID == l.Owner }):
			free = append(free, name)
		}
	}
	serving, fewest := 1, len(p.lead)
	for _, o := range live {
		if o.Kind == Serve && !m.is(o) {
			serving++
			fewest = min(fewest, counts[o.ID])
		}
	}
	fair := (len(names) + serving - 1) / serving
	for _, name := range free {
		if len(p.lead) < fair || at.After(held[name].Until.Add(m.lease)) { // nobody else wants it
			p.lead = append(p.lead, name)
		}
	}
	for _, name := range append(renew, p.lead...) {
		if err := tx.PutLease(Lease{Name: name, Owner: m.self.ID, Until: at.Add(m.lease)}); err != nil {
			return p, err
		}
	}
	if surplus := (len(p.lead) - fewest) / 2; len(free) == 0 && surplus > 0 {
		p.lead, p.giveUp = p.lead[surplus:], p.lead[:surplus]
	}
	return p, nil
}

// ending reports whether this process still ends to lead something.
func (m *membership) ending(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.leads[name] != nil && m.leads[name].over
}

// settle begins to lead what is newly its own, and ends what others have or are to have.
func (m *membership) settle(p portion) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.leads {
		if !slices.Contains(p.lead, name) {
			m.end(name, slices.Contains(p.giveUp, name))
		}
	}
	for _, name := range p.lead {
		if m.leads[name] == nil && !m.leaving {
			m.r.log.Info("this replica leads", "lease", name)
			m.leads[name] = m.begin(name)
		}
	}
}

// end ends to lead something; then it is free for others, if it is given up. The lock is held.
func (m *membership) end(name string, giveUp bool) {
	l := m.leads[name]
	if l.over {
		return
	}
	l.over = true
	l.stop()
	m.r.log.Info("this replica leads no more", "lease", name)
	m.ends.Go(func() {
		<-l.done
		if giveUp && m.shared {
			m.free(name)
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.leads, name)
	})
}

// endAll ends to lead anything.
func (m *membership) endAll(giveUp bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.leads {
		m.end(name, giveUp)
	}
}

// free lets others lead something at once.
func (m *membership) free(name string) {
	ctx, cancel := context.WithTimeout(context.Background(), m.lease)
	defer cancel()
	err := m.r.opts.Store.Beat(ctx, func(tx Tx) error {
		at, err := tx.Clock()
		if err != nil {
			return err
		}
		all, err := tx.Leases()
		if err == nil && slices.ContainsFunc(all, func(l Lease) bool { return l.Name == name && l.Owner == m.self.ID }) {
			err = tx.PutLease(Lease{Name: name, Until: at})
		}
		return err
	})
	if err != nil {
		m.r.log.Warn("what this replica led is free for others when its lease ends", "lease", name, "error", err)
	}
}
