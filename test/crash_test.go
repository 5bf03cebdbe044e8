package test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
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
	if run := w.runs("infra//app", runner.PurposeApply)[0]; run.Status != runner.Applied {
		t.Errorf("the apply is %s: %s", run.Status, run.Reason)
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
		begun := map[int64]int{}
		for _, e := range started {
			begun[e.RunID]++
		}
		back, err2 := tx.Events(runner.EventFilter{Kind: "run taken up again"}) // before an engine was started
		for _, e := range back {
			if strings.HasSuffix(e.Message, "applying") {
				begun[e.RunID]--
			}
		}
		for id, times := range begun {
			if times > 1 {
				w.t.Errorf("run %d was applied %d times", id, times)
			}
		}
		err = errors.Join(err, err2)
		return err
	}))
	if left, err := os.ReadDir(filepath.Join(w.dataDir(), "runs")); err == nil && len(left) > 0 {
		w.t.Errorf("plan files of %d runs were left behind", len(left))
	}
}
