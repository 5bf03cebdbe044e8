package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// size is that of the drift sweep.
func (b *bench) size() int {
	if b.large {
		return 1000
	}
	return 50
}

// sweep measures a drift check of everything, and what driftless takes afterwards while nothing happens.
func (b *bench) sweep(e estate) (figure, verdict string, err error) {
	s, err := b.stage(e)
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	files := e.changed(e.roots, "one")
	if _, err := b.floor(s, "apply", files); err != nil {
		return "", "", err
	}
	var p pairs
	for i := range min(b.rounds, 3) {
		floor, err := b.floor(s, "plan", files)
		if err != nil {
			return "", "", err
		}
		ours, err := timed(func() error {
			begin := time.Now().Add(-time.Second)
			if out, err := s.command("drift", "--check").CombinedOutput(); err != nil {
				return fmt.Errorf("drift --check: %w\n%s", err, out)
			}
			return s.until("the sweep", s.look(), func() bool { return s.checkedSince(begin) })
		})
		if err != nil {
			return "", "", err
		}
		p.add(floor, ours)
		fmt.Fprintf(os.Stderr, "round %d: %s, floor %s\n", i+1, seconds(ours), seconds(floor))
	}
	const rest = 10
	_, before, err := s.resident()
	if err != nil {
		return "", "", err
	}
	time.Sleep(rest * time.Second)
	size, after, err := s.resident()
	if err != nil {
		return "", "", err
	}
	peak, err := s.peak()
	if err != nil {
		return "", "", err
	}
	load := (after - before) / rest
	return fmt.Sprintf("%d workspaces: %s of %s, floor %s; %.0f MiB resident at most, %.0f MiB and %.1f %% of a core afterwards", e.roots, p.ratios().text(times), p.ours.text(seconds), p.floor.text(seconds), peak/(1<<20), size/(1<<20), load*100),
		said(p.ratios().median() <= 1.10 && size <= 150<<20 && load <= 0.05), nil
}

// checkedSince reports whether all workspaces were checked for drift since a moment.
func (s *stage) checkedSince(begin time.Time) bool {
	out, err := s.command("workspaces", "-o", "json").Output()
	var all []struct {
		CheckedAt time.Time `json:"checked_at"`
	}
	if err != nil || json.Unmarshal(out, &all) != nil {
		return false
	}
	for _, w := range all {
		if w.CheckedAt.Before(begin) {
			return false
		}
	}
	return true
}
