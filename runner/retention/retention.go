// Package retention removes what is old: records, plans, logs and states from a store, and what nothing uses any more from
// the disk. It never removes what a decision still rests on.
package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// Options of a Keeper.
type Options struct {
	Store  runner.Store
	Keep   workspaces.Retention
	Owner  string           // of the lease by which one of several processes does it at a time
	Now    func() time.Time // nil: the time
	Logger *slog.Logger
	Disk   *Disk // nil: nothing on the disk is looked at
}

// Keeper removes what is old.
type Keeper struct{ opts Options }

// New returns a Keeper.
func New(opts Options) (*Keeper, error) {
	if opts.Store == nil || opts.Keep == (workspaces.Retention{}) {
		return nil, errors.New("retention: Store and Keep are required")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	return &Keeper{opts: opts}, nil
}

// Removed says what was removed, or would be.
type Removed struct {
	Runs          int   `json:"runs"`
	PullRequests  int   `json:"pull_requests"`
	Posts         int   `json:"posts"`
	Commands      int   `json:"commands"`
	Events        int64 `json:"events"`
	Artifacts     int   `json:"artifacts"`
	ArtifactBytes int64 `json:"artifact_bytes"`
	States        int   `json:"states"`
	StateBytes    int64 `json:"state_bytes"` // before they were compressed
	Paths         int   `json:"paths"`       // on the disk
	PathBytes     int64 `json:"path_bytes"`
	LeftBytes     int64 `json:"left_bytes"` // of artifacts that are kept

	Elsewhere string `json:"elsewhere,omitempty"` // who removes from the database at the moment, so that this pass does not
}

// leaseName and leaseTime are those of the lease: a pass that was killed keeps others waiting no longer. One that ended gives
// it back.
const (
	leaseName = "retention"
	leaseTime = time.Hour
)

// Sweep removes what is old, in many small transactions. A dry one only says what that would be. Another process that does
// it at the same time leaves nothing to do here but the disk.
func (k *Keeper) Sweep(ctx context.Context, dry bool) (Removed, error) {
	p := &pass{k: k, dry: dry}
	var err error
	if p.now, err = k.now(ctx); err != nil {
		return p.removed, err
	}
	if !dry {
		if p.removed.Elsewhere, err = k.lease(ctx, leaseTime); err == nil && p.removed.Elsewhere == "" {
			defer k.giveBack(ctx)
		}
	}
	if p.removed.Elsewhere == "" && err == nil {
		for _, step := range []struct {
			name string
			do   func(context.Context) error
		}{
			{"pull requests", p.pulls}, {"runs", p.runs}, {"artifacts", p.artifacts}, {"states", p.states},
			{"posts", p.posts}, {"commands", p.commands}, {"events", p.events},
		} {
			if failed := step.do(ctx); failed != nil {
				err = errors.Join(err, fmt.Errorf("remove old %s: %w", step.name, failed)) // the others go on
			}
		}
	}
	if k.opts.Disk != nil {
		failed := k.opts.Disk.sweep(ctx, p)
		err = errors.Join(err, failed)
	}
	return p.removed, err
}

// mostJump is how far the clock is believed to have gone on since the last event before today.
const mostJump = 7 * 24 * time.Hour

// now is the time from which age is counted. A clock that was set to a wrong year must not make everything old.
func (k *Keeper) now(ctx context.Context) (now time.Time, err error) {
	now = k.opts.Now().UTC()
	err = k.opts.Store.View(ctx, func(tx runner.Tx) error {
		events, err := tx.Events(runner.EventFilter{Until: now.Add(-24 * time.Hour), Limit: 1})
		if err == nil && len(events) > 0 && now.Sub(events[0].At) > mostJump {
			now = events[0].At.Add(mostJump)
		}
		return err
	})
	return now, err
}

// lease takes the lease for a time, unless another holds it: then it returns who.
func (k *Keeper) lease(ctx context.Context, during time.Duration) (holder string, err error) {
	err = k.opts.Store.Update(ctx, func(tx runner.Tx) error {
		holder = ""
		now, err := tx.Clock()
		if err != nil {
			return err
		}
		leases, err := tx.Leases()
		if err != nil {
			return err
		}
		for _, l := range leases {
			if l.Name == leaseName && l.Owner != k.opts.Owner && l.Until.After(now) {
				holder = l.Owner
				return nil
			}
		}
		return tx.PutLease(runner.Lease{Name: leaseName, Owner: k.opts.Owner, Until: now.Add(during)})
	})
	return holder, err
}

// giveBack ends the lease, also of a pass that was told to stop. When that fails it ends by itself.
func (k *Keeper) giveBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if _, err := k.lease(ctx, 0); err != nil {
		k.opts.Logger.Warn("the lease by which one process at a time removes what is old is not given back: it ends within the hour", "error", err)
	}
}

// pass is one sweep.
type pass struct {
	k       *Keeper
	dry     bool
	now     time.Time
	last    int64 // id up to which was looked
	freed   int64 // bytes of artifacts
	removed Removed
}

func (p *pass) before(age time.Duration) time.Time { return p.now.Add(-age) }

// batch is how many rows are looked at in one transaction.
const batch = 100

// each looks at batches, each in a transaction of its own, until f found less than a whole one. Only where something goes it
// looks again while nobody else writes, and removes it.
func (p *pass) each(ctx context.Context, f func(tx runner.Tx) (looked int, err error)) error {
	p.last = 0
	for looked := batch; looked >= batch; {
		begin := *p
		do := func(dry bool) func(runner.Tx) error {
			return func(tx runner.Tx) (err error) { // may run again
				*p = begin
				p.dry = dry
				looked, err = f(tx)
				return err
			}
		}
		err := p.k.opts.Store.View(ctx, do(true))
		if err == nil && !begin.dry && p.removed != begin.removed {
			err = p.k.opts.Store.Update(ctx, do(false))
		}
		p.dry = begin.dry
		if err != nil {
			*p = begin
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// remove does what removes something, unless the pass is dry.
func (p *pass) remove(do ...func() error) error {
	if p.dry {
		return nil
	}
	for _, f := range do {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}
