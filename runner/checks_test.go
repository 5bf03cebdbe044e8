package runner_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// checked is a module that is healthy while a file outside says so: a check looks at the color there, a postcondition at the shape.
const checked = `%s
variable "pw" {
  sensitive = true
  default   = "hunter2222"
}
data "terraform_remote_state" "world" {
  backend = "local"
  config  = { path = %q }
}
resource "terraform_data" "a" {
  input = "round"
  lifecycle {
    postcondition {
      condition     = self.output == data.terraform_remote_state.world.outputs.shape
      error_message = "It is ${data.terraform_remote_state.world.outputs.shape}."
    }
  }
}
check "color" {
  assert {
    condition     = data.terraform_remote_state.world.outputs.color == "blue"
    error_message = "It is ${data.terraform_remote_state.world.outputs.color}, ${nonsensitive(var.pw)}."
  }
}
`

// TestHealthFollowsTheChecks: an apply and every check for drift say how a workspace is, whoever keeps its state.
func TestHealthFollowsTheChecks(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"kept-dev", "away-dev"}})
	outside := filepath.Join(t.TempDir(), "world.tfstate")
	is := func(color, shape string) {
		const state = `{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"l","outputs":{"color":{"value":%q,"type":"string"},"shape":{"value":%q,"type":"string"}},"resources":[]}`
		f.must(os.WriteFile(outside, fmt.Appendf(nil, state, color, shape), 0o600))
	}
	backend := fmt.Sprintf("terraform {\n  backend \"local\" {\n    path = %q\n  }\n}", filepath.Join(t.TempDir(), "away.tfstate"))
	f.commit("a", "main", "Checks", map[string]string{"kept-dev/main.tf": fmt.Sprintf(checked, "", outside), "away-dev/main.tf": fmt.Sprintf(checked, backend, outside)})
	do := runner.Commander{Store: f.db}
	ids := []workspaces.ID{"a//away-dev", "a//kept-dev"}
	is("blue", "round")
	f.start("one", f.url, nil)
	f.await("both are planned", f.held)
	is("green", "round") // between the plan and the apply
	for _, run := range f.tracked() {
		_, err := do.Approve(t.Context(), run.ID, "anna")
		f.must(err)
	}
	const green = "check.color failed: It is green, ***."
	f.await("a check fails at the apply", f.healths(runner.Degraded, runner.Synced, green))
	for _, run := range f.tracked() {
		if run.Status == runner.Applied && run.Reason != "its health is Degraded: "+green {
			t.Errorf("run %d: %q", run.ID, run.Reason)
		}
	}
	check := func(what string, health runner.Health, sync runner.Sync, why string) {
		t.Helper()
		_, err := do.CheckDrift(t.Context(), ids, "anna")
		f.must(err)
		f.await(what, f.healths(health, sync, why))
	}
	is("blue", "round")
	check("all pass", runner.Healthy, runner.Synced, "")
	is("red", "round")
	check("a check fails", runner.Degraded, runner.Synced, "check.color failed: It is red, ***.")
	is("blue", "round")
	check("all pass again", runner.Healthy, runner.Synced, "")
	is("blue", "square")
	check("a postcondition fails the plan", runner.Degraded, runner.SyncFailed, "terraform_data.a failed: It is square.")
	f.must(f.db.View(t.Context(), func(tx runner.Tx) error {
		for _, id := range ids {
			events, err := tx.Events(runner.EventFilter{Workspace: id, Kind: runner.HealthChanged, Oldest: true})
			var said []string
			for _, e := range events {
				said = append(said, e.Message)
			}
			want := []string{"Degraded, and was Unknown: " + green, "Healthy, and was Degraded", "Degraded, and was Healthy: check.color failed: It is red, ***.",
				"Healthy, and was Degraded", "Degraded, and was Healthy: terraform_data.a failed: It is square."}
			if err != nil || strings.Join(said, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s: %v\n%s", id, err, strings.Join(said, "\n"))
			}
		}
		return nil
	}))
}

// tracked are all runs of the tracked branch, the newest first.
func (f *fleet) tracked() (runs []runner.Run) {
	f.t.Helper()
	f.must(f.db.View(f.t.Context(), func(tx runner.Tx) (err error) {
		runs, err = tx.Runs(runner.RunFilter{Tracked: true})
		return err
	}))
	return runs
}

// healths is missing while not all workspaces are so, for the reason given.
func (f *fleet) healths(health runner.Health, sync runner.Sync, why string) func(tx runner.Tx) (string, error) {
	return func(tx runner.Tx) (string, error) {
		all, err := tx.Workspaces(runner.WorkspaceFilter{})
		for _, w := range all {
			var failing []string
			for _, c := range w.Failing {
				failing = append(failing, c.String())
			}
			if got := strings.Join(failing, "; "); w.Health != health || w.Sync != sync || got != why || w.HealthAt.IsZero() {
				return fmt.Sprintf("%s is %s (%s) and %s: %s", w.ID, w.Health, got, w.Sync, w.Reason), err
			}
		}
		return "", err
	}
}
