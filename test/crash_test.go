package test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
)

// patience ends a wait for something that never happens; nothing depends on how long it is.
const patience = 2 * time.Minute

// killAt lets driftless make a pass, and kills it as a power cut would when it logs an event. A pass that gets past that
// moment before it is killed, or has nothing left to do there, is as good.
func (w *world) killAt(kind string) {
	w.t.Helper()
	cmd := w.command("serve", "--once", "-v", "--log-format", "json")
	stderr, err := cmd.StderrPipe()
	w.must(err)
	w.must(cmd.Start())
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if strings.Contains(lines.Text(), fmt.Sprintf(`"msg":%q`, kind)) {
			w.must(cmd.Process.Kill())
			break
		}
	}
	_, _ = io.Copy(io.Discard, stderr)
	_ = cmd.Wait()
}

// settle approves a run and makes passes until it is done: an engine that outlived its driftless is waited for.
func (w *world) settle(run runner.Run) {
	w.t.Helper()
	w.driftless("approve", fmt.Sprint(run.ID))
	for deadline := time.Now().Add(patience); ; {
		w.pass()
		if next := w.runs(run.Workspace, runner.PurposeApply)[0]; next.Status != runner.Queued {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("the approval of run %d is still queued", run.ID)
		}
	}
}

const idle = "resource \"terraform_data\" \"app\" {\n  count = 0\n}\n"

// making makes one thing, and writes down each time that it is made.
const making = `
resource "terraform_data" "made" {
  input = "kept"

  provisioner "local-exec" {
    command = "echo made >> '${var.made}'"
  }
}
`

// TestKilledAnywhere kills driftless wherever it writes something down: nothing is lost, and nothing is done twice.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/main.tf": idle, "app/variables.tf": "variable \"made\" {\n  default = \"\"\n}\n"})
	made := w.path("made")
	w.configure(fmt.Sprintf("\ndefaults {\n  variables = { made = %q }\n}\n", made))

	for _, kind := range []string{"tracked branch moved", "planning", "planned"} {
		w.killAt(kind)
	}
	w.pass()
	w.newest("infra//app", runner.PurposeApply, runner.Unchanged)

	w.propose("driftless/make", map[string]string{"app/made.tf": making})
	for _, kind := range []string{"pull request seen", "planning", "planned", "ready"} {
		w.killAt(kind)
	}
	w.pass()
	w.newest("infra//app", runner.PurposePlan, runner.Ready)
	if n := len(w.runs("infra//app", runner.PurposePlan)); n != 1 {
		t.Errorf("the pull request was planned as %d runs", n)
	}

	w.merge("driftless/make")
	for _, kind := range []string{"pull request merged", "planning", "apply started"} {
		w.killAt(kind)
	}
	w.pass()
	if run := w.runs("infra//app", runner.PurposeApply)[0]; run.Status != runner.Applied { // it was killed in time
		w.newest("infra//app", runner.PurposeApply, runner.Interrupted)
		w.pass()
		w.newest("infra//app", runner.PurposeApply, runner.Interrupted)
		if rec := w.workspace("infra//app"); rec.Sync != runner.SyncFailed || !strings.Contains(rec.Reason, "driftless approve") {
			t.Errorf("the workspace is %s: %s", rec.Sync, rec.Reason)
		}
		w.settle(run)
	}
	w.pass() // which removes what the killed ones left
	w.settled(made)
}

// settled checks that the one thing was made once, and is on record.
func (w *world) settled(made string) {
	w.t.Helper()
	if rec := w.workspace("infra//app"); rec.Sync != runner.Synced {
		w.t.Errorf("the workspace is %s: %s", rec.Sync, rec.Reason)
	}
	if text, err := os.ReadFile(made); err != nil || string(text) != "made\n" {
		w.t.Errorf("it was made %d times: %v", strings.Count(string(text), "made"), err)
	}
	w.must(w.view(func(tx runner.Tx) error {
		if _, state, err := tx.State("infra//app", 0); err != nil || !strings.Contains(string(state), `"kept"`) {
			w.t.Errorf("its state is %s: %v", state, err)
		}
		if lock, err := tx.StateLock("infra//app"); err == nil {
			w.t.Errorf("its state is still locked by run %d", lock.RunID)
		}
		started, err := tx.Events(runner.EventFilter{Kind: "apply started"})
		seen := map[int64]bool{}
		for _, e := range started {
			if seen[e.RunID] {
				w.t.Errorf("run %d was applied twice", e.RunID)
			}
			seen[e.RunID] = true
		}
		return err
	}))
	if left, err := os.ReadDir(filepath.Join(w.dataDir(), "runs")); err == nil && len(left) > 0 {
		w.t.Errorf("plan files of %d runs were left behind", len(left))
	}
}

// TestKilledWhileTheEngineWorks kills driftless in the middle of an apply that has begun to make something. The engine goes
// on; what it made is found again, and made no second time.
func TestKilledWhileTheEngineWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/main.tf": idle})
	w.pass()
	made, begun, goOn := w.path("made"), w.path("begun"), w.path("go-on")
	w.must(syscall.Mkfifo(begun, 0o600))
	w.must(syscall.Mkfifo(goOn, 0o600))
	hanging := strings.Replace(making, "echo made >>", fmt.Sprintf("echo begun > '%s'; cat '%s' > /dev/null; echo made >>", begun, goOn), 1)
	hanging = strings.Replace(hanging, "${var.made}", made, 1)
	w.propose("driftless/make", map[string]string{"app/made.tf": hanging})
	w.pass()
	w.merge("driftless/make")

	cmd := w.command("serve", "--once")
	w.must(cmd.Start())
	if _, err := os.ReadFile(begun); err != nil { // waits for the engine to open it
		t.Fatal(err)
	}
	w.must(cmd.Process.Kill())
	_ = cmd.Wait()

	// While the engine is still at work, nobody else begins.
	w.pass()
	run := w.newest("infra//app", runner.PurposeApply, runner.Interrupted)
	w.driftless("approve", fmt.Sprint(run.ID))
	w.pass()
	w.newest("infra//app", runner.PurposeApply, runner.Queued)

	w.must(os.WriteFile(goOn, nil, 0o600)) // waits for the engine to read it
	for deadline := time.Now().Add(patience); w.runs("infra//app", runner.PurposeApply)[0].Status == runner.Queued; {
		w.pass()
		if time.Now().After(deadline) {
			t.Fatal("the engine was waited for without end")
		}
	}
	w.pass() // which removes what the killed one left
	w.settled(made)
}

// TestKilledWhilePlanningWithALock: a run that was killed while it planned left its lock on the state; taken up again it
// is not in its own way.
func TestKilledWhilePlanningWithALock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/main.tf": "resource \"terraform_data\" \"app\" {\n  input = \"one\"\n}\n"})
	w.pass()
	held := w.newest("infra//app", runner.PurposeApply, runner.Held)
	w.driftless("approve", fmt.Sprint(held.ID))
	queued := w.newest("infra//app", runner.PurposeApply, runner.Queued)
	db, _, err := daemon.OpenStore(t.Context(), w.place(), slog.New(slog.DiscardHandler))
	w.must(err)
	w.must(db.Update(t.Context(), func(tx runner.Tx) error {
		return tx.LockState(runner.StateLock{Workspace: "infra//app", ID: "left", Info: []byte("{}"), RunID: queued.ID, CreatedAt: time.Now()})
	}))
	w.must(db.Close())
	w.pass()
	w.newest("infra//app", runner.PurposeApply, runner.Applied)
}
