package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
)

// TestHealthIsShownWhereThereAreChecks, and of a workspace without any nothing is said.
func TestHealthIsShownWhereThereAreChecks(t *testing.T) {
	t.Parallel()
	show := func(w server.WorkspaceView) string {
		var out bytes.Buffer
		a := &app{out: &out, err: &bytes.Buffer{}}
		if err := a.showWorkspace(w, waiting{}); err != nil {
			t.Fatal(err)
		}
		return out.String() + noteOf(w)
	}
	w := server.WorkspaceView{ID: "infra//app", Sync: "Synced", Health: "Unknown"}
	if got := show(w); strings.Contains(got, "Health") {
		t.Error(got)
	}
	w.Health, w.HealthAt = "Degraded", time.Now()
	w.FailedChecks = []planner.FailedCheck{{Address: "check.tls", Status: "fail", Message: "It is over."}, {Address: "check.x", Status: "error"}}
	got := show(w)
	for _, want := range []string{"Health         Degraded\n", "\n               check.tls failed: It is over.\n", "check.x could not be evaluated\n", "Evaluated ", "\ncheck.tls failed: It is over."} {
		if !strings.Contains("\n"+got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	p := pass{}
	p.Workspaces = []server.WorkspaceView{w}
	if want := "1 workspace: 1 Synced; checks fail in 1.\n"; !strings.HasSuffix(p.summary(), want) {
		t.Error(p.summary())
	}
}

// TestAWorkspaceNamesTheRunThatItWaitsFor: a lock of an interrupted run goes with the decision about that run.
func TestAWorkspaceNamesTheRunThatItWaitsFor(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]string{"interrupted": "`driftless resume 7` or `driftless discard 7`", "held": "`driftless show 7`, which is held", "": "`driftless unlock infra//app`"} {
		var said bytes.Buffer
		a := &app{out: &said, err: &said}
		w, waits := server.WorkspaceView{ID: "infra//app", Sync: "Failed"}, waiting{status: status, run: 7}
		if status == "" {
			waits.run = 0
		}
		if status != "held" {
			w.Lock = &runner.Lock{RunID: 7, RunStatus: runner.Interrupted}
		}
		if err := a.showWorkspace(w, waits); err != nil || !strings.Contains(said.String(), want) {
			t.Errorf("%s: %v in\n%s", status, err, said.String())
		}
	}
}
