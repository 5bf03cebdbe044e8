// Package storetest is the contract of a runner.Store as a suite of tests, which every database must pass.
package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// Run tests a store. open gives a new empty store that is closed with the test.
func Run(t *testing.T, open func(t *testing.T) runner.Store) {
	for name, test := range map[string]func(*testing.T, runner.Store){
		"transactions":      transactions,
		"concurrent":        concurrent,
		"repositories":      repositories,
		"pulls":             pulls,
		"reports":           reports,
		"runs":              runs,
		"run filters":       runFilters,
		"newest runs":       newestRuns,
		"queue":             queue,
		"compare and set":   compareAndSet,
		"one active run":    oneActiveRun,
		"claim race":        claimRace,
		"workspaces":        workspaceRecords,
		"workspace filters": workspaceFilters,
		"rename":            rename,
		"rename issues":     renameIssues,
		"posts":             posts,
		"post filters":      postFilters,
		"commands":          commands,
		"news":              news,
		"attempts":          attempts,
		"replicas":          replicas,
		"leases":            leases,
		"events":            events,
		"chain":             chain,
		"prune":             prune,
		"run changes":       runChanges,
		"changes agree":     changesAgree,
		"blobs":             blobs,
		"states":            states,
		"state locks":       stateLocks,
		"removals":          removals,
		"stats":             stats,
		"odd text":          oddText,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// noon has microseconds, and a zone that must not survive.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.FixedZone("somewhere", 3600))

func update(t *testing.T, s runner.Store, f func(tx runner.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), f); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func view(t *testing.T, s runner.Store, f func(tx runner.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), f); err != nil {
		t.Fatalf("view: %v", err)
	}
}

// refused expects an update to fail with an error.
func refused(t *testing.T, s runner.Store, want error, f func(tx runner.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), f); !errors.Is(err, want) {
		t.Fatalf("update: got error %v, want %v", err, want)
	}
}

// read reads one value.
func read[T any](t *testing.T, s runner.Store, f func(tx runner.Tx) (T, error)) (value T) {
	t.Helper()
	view(t, s, func(tx runner.Tx) (err error) {
		value, err = f(tx)
		return err
	})
	return value
}
