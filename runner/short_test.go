package runner_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

// TestNoRunBeginsOnAFullDisk: runs wait and say for what while there is no room, and begin by themselves when there is.
func TestNoRunBeginsOnAFullDisk(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"one-dev"}})
	var room atomic.Bool
	r := f.start("first", f.url, func(o *runner.Options) {
		o.Short = func() string {
			if room.Load() {
				return ""
			}
			return "waits for room on the disk"
		}
	})
	f.await("the run waits", func(tx runner.Tx) (string, error) {
		runs, err := tx.Runs(runner.RunFilter{Tracked: true})
		if err != nil || len(runs) == 0 {
			return "there are no runs", err
		}
		if runs[0].Status != runner.Queued {
			t.Fatalf("run %d is %s", runs[0].ID, runs[0].Status)
		}
		if !strings.HasPrefix(runs[0].Reason, "waits for room") {
			return "it does not say why", nil
		}
		return "", nil
	})
	room.Store(true)
	f.await("everything is planned", f.held)
	r.end()
}
