package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// defaultLease is how long a replica that does not answer keeps what is its own. It renews its lease three times as often.
const defaultLease = 12 * time.Second

// errLost says that this process is not the owner any more of what it works on.
var errLost = errors.New("this replica could not renew its lease: others may do its work")

// membership is what a process knows of itself among the replicas that work on one store. On a store of its own it is the
// only one, and nothing of this is asked.
type membership struct {
	r      *Runner
	shared bool
	lease  time.Duration
	self   Replica // as it began

	// Of the heartbeat alone:
	joined  bool      // it is on record
	started time.Time // by the store's clock

	renewed chan struct{} // the lease was, since it was looked at what others left

	begin func(lease string) *leading // begins to lead something
	ends  sync.WaitGroup              // of what was led

	mu           sync.Mutex
	patientUntil time.Time // by the store's clock: so long no other replica is taken for lost

	lasts   time.Time           // the lease, by the clock of this process: it acts as the owner of what is its own until then
	failed  error               // why its lease could not be renewed the last time; nil = it was
	lost    bool                // it could not before its lease ended
	leaving bool                // it takes nothing more
	live    []Replica           // that hold their leases, as of the last renewal
	hands   map[int64]bool      // runs that this process works on
	ours    map[int64]bool      // events that it recorded, and has not met yet while it followed those of others
	leads   map[string]*leading // by the name of a lease
}

func newMembership(r *Runner) (*membership, error) {
	id, err := instance(r.opts.DataDir)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	m := &membership{r: r, shared: r.opts.Shared, lease: r.opts.Lease, hands: map[int64]bool{}, ours: map[int64]bool{}, leads: map[string]*leading{}, renewed: make(chan struct{}, 1)}
	if m.lease <= 0 {
		m.lease = defaultLease
	}
	m.self = Replica{ID: id, Host: host, Kind: orElse(r.opts.Kind, Serve), Version: r.opts.Version, Takes: r.opts.Takes}
	return m, r.opts.Takes.Check()
}

// alive reports whether this process may act as the owner of what is its own.
func (m *membership) alive() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.holds()
}

// holds is alive, with the lock held. A clock that stands still while the machine sleeps is not trusted alone, nor is one that
// can be set.
func (m *membership) holds() bool {
	now := time.Now()
	return !m.shared || now.Before(m.lasts) && now.Round(0).Before(m.lasts.Round(0))
}

// until is when the lease ends that this process holds now; zero where it needs none.
func (m *membership) until() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lasts
}

// Lease says whether this process holds its lease: if not, it begins nothing new, and why.
func (r *Runner) Lease() error {
	m := r.members
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.holds():
		return nil
	case m.failed != nil:
		return fmt.Errorf("this replica holds no lease and begins nothing: %w", m.failed)
	}
	return errors.New("this replica holds no lease yet")
}

// take notes that this process works on a run; drop, that it does not any more.
func (m *membership) take(id int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hands[id] = true
}

func (m *membership) drop(id int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.hands, id)
}

func (m *membership) worksOn(id int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hands[id]
}

// join makes this process a replica, which begins to lead what it has a lease of. It keeps its lease until quit is called.
func (m *membership) join(ctx context.Context, begin func(lease string) *leading) (quit func(), err error) {
	m.begin = begin
	if !m.shared {
		m.settle(portion{lead: m.r.leases()})
		return func() { m.leave(); m.ends.Wait() }, nil
	}
	if err := m.beat(ctx); err != nil {
		return nil, fmt.Errorf("join the replicas: %w", err)
	}
	if err := m.takeOver(ctx); err != nil && !errors.Is(err, errLost) {
		return nil, fmt.Errorf("take over what other replicas left: %w", err)
	}
	on, stop := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	group.Go(func() { m.keep(on) })
	group.Go(func() { m.lookAfter(on) })
	group.Go(func() { m.watch(on) })
	group.Go(func() { m.r.followEvents(on) })
	return func() {
		m.leave()
		m.ends.Wait()
		stop()
		group.Wait()
		m.depart(ctx)
	}, nil
}

// leave gives up at once what this process leads; what it works on is still its own.
func (m *membership) leave() {
	m.mu.Lock()
	m.leaving = true
	m.mu.Unlock()
	m.endAll(true)
}

// depart takes this process off the record: nothing is its own any more, and what it led is free.
func (m *membership) depart(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.lease)
	defer cancel()
	err := m.r.opts.Store.Beat(ctx, func(tx Tx) error {
		if err := tx.DeleteReplica(m.self.ID); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		return nil
	})
	if err != nil {
		m.r.log.Warn("this replica could not say that it stops: the others see it when its lease ends", "error", err)
	}
}

// keep renews the lease until ctx is done, however long each time takes.
func (m *membership) keep(ctx context.Context) {
	begin := time.Now()
	for {
		wait := m.lease/3 - rand.N(m.lease/15) - time.Since(begin) // not all at once
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(wait, m.lease/60)):
		}
		begin = time.Now()
		if err := m.beat(ctx); err != nil && ctx.Err() == nil {
			m.r.log.Warn("the lease of this replica could not be renewed", "error", err)
		}
	}
}

// watch makes this process behave as dead when its lease ends without having been renewed, however long the database takes to
// say nothing.
func (m *membership) watch(ctx context.Context) {
	for {
		m.mu.Lock()
		wait := time.Until(m.lasts)
		if m.lost || wait <= 0 {
			wait = m.lease / 10
		}
		m.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		m.mu.Lock()
		lost := !m.lost && !m.holds()
		m.lost = m.lost || lost
		why := m.failed
		m.mu.Unlock()
		if lost {
			m.r.log.Error("this replica lost its lease: it stops planning and polling until it holds one again; an apply under way goes on", "error", why)
			m.r.cancelAll(errLost)
			m.endAll(false)
		}
	}
}

// tell notes events that this process recorded itself: it took them up already.
func (m *membership) tell(events []Event) {
	if !m.shared {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range events {
		m.ours[e.ID] = true
	}
}

// told reports whether this process recorded an event itself.
func (m *membership) told(id int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ours[id]
}

// forgetTold forgets events up to one: they are not looked at again.
func (m *membership) forgetTold(last int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.ours, func(id int64, _ bool) bool { return id <= last })
}
