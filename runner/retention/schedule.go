package retention

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// How often everything is looked at, how long after a start at least, and how often a disk that is nearly full.
const (
	pause      = 24 * time.Hour
	firstPause = 2 * time.Minute
	againPause = time.Hour // after one that failed
	lookPause  = 30 * time.Second
	shortPause = 15 * time.Minute
)

// marker is the file in the data directory that says when everything was looked at last.
const marker = "swept"

// Run sweeps once a day, and at once while the disk is nearly full, until ctx is done.
func (k *Keeper) Run(ctx context.Context) {
	jitter := rand.N(10 * time.Minute)
	next := time.Now().Add(firstPause + jitter)
	if due := k.swept().Add(pause + jitter); due.After(next) {
		next = due
	}
	warned, tried := time.Time{}, k.swept()
	tick := time.NewTicker(lookPause)
	defer tick.Stop()
	for {
		short := k.Short()
		if short != "" && time.Since(warned) > shortPause {
			warned = time.Now()
			k.opts.Logger.Error("the disk is nearly full: no run is begun", "data_dir", k.opts.Disk.Dir, "next", "make room; `driftless gc --dry-run` says what is old. What is old is removed now")
		}
		if time.Now().After(next) || short != "" && time.Since(tried) > shortPause {
			tried = time.Now()
			if next = tried.Add(againPause); k.sweepNow(ctx) {
				next = tried.Add(pause + rand.N(time.Hour))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// SweepIfDue sweeps unless that was done within a day: for who comes again and again.
func (k *Keeper) SweepIfDue(ctx context.Context) {
	if time.Since(k.swept()) > pause {
		k.sweepNow(ctx)
	}
}

// sweepNow notes when everything was looked at only after it was: a pass that was killed is due again.
func (k *Keeper) sweepNow(ctx context.Context) (whole bool) {
	began := time.Now()
	removed, err := k.Sweep(ctx, false)
	if err == nil {
		k.mark()
	}
	switch {
	case err != nil && ctx.Err() == nil:
		k.opts.Logger.Error("not everything that is old could be removed: it is tried again", "removed", fmt.Sprintf("%+v", removed), "error", err)
	case removed != (Removed{LeftBytes: removed.LeftBytes, Elsewhere: removed.Elsewhere}):
		k.opts.Logger.Info("what is old was removed", "removed", fmt.Sprintf("%+v", removed), "took", time.Since(began).Round(time.Millisecond))
	}
	return err == nil
}

// swept is when everything was looked at last.
func (k *Keeper) swept() time.Time {
	if k.opts.Disk == nil {
		return time.Time{}
	}
	info, err := os.Stat(filepath.Join(k.opts.Disk.Dir, marker))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

func (k *Keeper) mark() {
	if k.opts.Disk == nil {
		return
	}
	path, now := filepath.Join(k.opts.Disk.Dir, marker), time.Now()
	err := os.Chtimes(path, now, now)
	if errors.Is(err, os.ErrNotExist) {
		err = os.WriteFile(path, nil, 0o600)
	}
	if err != nil {
		k.opts.Logger.Warn("when everything was looked at last is not on record", "error", err)
	}
}

// Short says why no run may begin, or is "": the disk has less room than it must.
func (k *Keeper) Short() string {
	if k.opts.Keep.MinFree == 0 || k.opts.Disk == nil {
		return ""
	}
	if _, free, err := Room(k.opts.Disk.Dir); err != nil || free >= k.opts.Keep.MinFree {
		return ""
	}
	return fmt.Sprintf("waits for room on the disk of %s: it has less than %d MiB free (retention.min_free)", k.opts.Disk.Dir, k.opts.Keep.MinFree>>20)
}
