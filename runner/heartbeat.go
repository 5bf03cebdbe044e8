package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// mostGone is for how long a replica that went away is still listed.
const mostGone = 24 * time.Hour

// beat renews the lease of this process, and takes its share of what one replica alone does. It waits for other beats only: a
// transaction that writes for longer than a lease must not cost all replicas theirs.
func (m *membership) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, m.lease/2)
	defer cancel()
	sent := time.Now()
	var live []Replica
	var mine portion
	err := m.r.opts.Store.Beat(ctx, func(tx Tx) error {
		at, err := tx.Clock()
		if err != nil {
			return err
		}
		if live, err = m.renew(tx, at); err != nil {
			return err
		}
		mine, err = m.divide(tx, at, live)
		return err
	})
	if err != nil && ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%w: %w", err, ctx.Err()) // drivers do not always say so
	}
	m.mu.Lock()
	m.failed = err
	back := false
	if err == nil {
		m.joined = true
		m.lasts, m.live, back, m.lost = sent.Add(m.lease), live, m.lost, false
	}
	m.mu.Unlock()
	if err != nil {
		return err
	}
	if back {
		m.r.log.Info("this replica holds its lease again")
		m.r.Wake()
	}
	m.settle(mine)
	select {
	case m.renewed <- struct{}{}:
	default:
	}
	return nil
}

// renew writes down that this process lives, and returns it with all others that do.
func (m *membership) renew(tx Tx, at time.Time) (live []Replica, err error) {
	all, err := tx.Replicas()
	if err != nil {
		return nil, err
	}
	if !m.joined {
		m.started = at
	} else if i := slices.IndexFunc(all, m.is); i >= 0 && !all[i].StartedAt.Equal(m.started) {
		return nil, userError(fmt.Sprintf("another driftless with the id %s of this data directory started on %s: a data directory was copied. Stop this one, remove the file `instance` from its data directory, and start it again", m.self.ID, all[i].Host))
	}
	self := m.self
	self.StartedAt = m.started
	if ring, ok := m.r.opts.Store.(Keyring); ok {
		self.Keys = ring.Recipients()
	}
	if m.isLeaving() {
		self.Kind = Stopping
	}
	self.SeenAt, self.LeaseUntil = at, at.Add(m.lease)
	// When its own lease is over as well, perhaps nobody could renew: the others get a whole lease to.
	if m.joined && slices.ContainsFunc(all, func(o Replica) bool { return m.is(o) && !o.LeaseUntil.After(at) }) {
		m.mu.Lock()
		m.patientUntil = at.Add(m.lease)
		m.mu.Unlock()
	}
	err = tx.PutReplica(self)
	for _, other := range all {
		if !m.is(other) && other.LeaseUntil.IsZero() && at.Sub(other.SeenAt) > mostGone {
			err = errors.Join(err, tx.DeleteReplica(other.ID))
		}
	}
	return append([]Replica{self}, m.others(all, at)...), err
}

// others are the other replicas that hold their leases, or that nobody may judge yet.
func (m *membership) others(all []Replica, at time.Time) []Replica {
	m.mu.Lock()
	patient := at.Before(m.patientUntil)
	m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(all), func(o Replica) bool {
		return m.is(o) || !o.LeaseUntil.After(at) && (!patient || o.LeaseUntil.IsZero())
	})
}

func (m *membership) isLeaving() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.leaving
}

// is reports whether a replica is this process.
func (m *membership) is(other Replica) bool { return other.ID == m.self.ID }

// holding fails unless this process holds its lease by the record: what it writes then is its own to write.
func (m *membership) holding(tx Tx) error {
	if !m.shared {
		return nil
	}
	at, err := tx.Clock()
	if err != nil {
		return err
	}
	all, err := tx.Replicas()
	if err == nil && !slices.ContainsFunc(all, func(o Replica) bool { return m.is(o) && o.LeaseUntil.After(at) }) {
		err = errLost
	}
	return err
}
