package test

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/runner/supervisor"
)

// midApply is a world whose engine waits in the middle of an apply: it has made one thing, and is about to make another.
type midApply struct {
	*world
	cmd         *exec.Cmd // driftless
	said        strings.Builder
	made, goOn  string
	run         runner.Run
	supervisor  int // its process
	engineGroup int
}

// inTwo makes one thing, and then another that waits when it is made for the first time.
const inTwo = `
resource "terraform_data" "first" {
  input = "first"
}
resource "terraform_data" "second" {
  input      = "kept"
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "if mkdir '%[1]s.once'; then echo begun > '%[1]s.begun'; cat '%[1]s.go' > /dev/null; fi; echo made >> '%[1]s'"
  }
}
`

func newMidApply(t *testing.T) *midApply {
	t.Helper()
	w := newWorld(t, map[string]string{"app/main.tf": idle})
	m := &midApply{world: w, made: w.path("made")}
	m.goOn = m.made + ".go"
	w.pass()
	w.must(syscall.Mkfifo(m.made+".begun", 0o600))
	w.must(syscall.Mkfifo(m.goOn, 0o600))
	w.propose("driftless/make", map[string]string{"app/made.tf": fmt.Sprintf(inTwo, m.made)})
	w.pass()
	w.merge("driftless/make")
	m.cmd = w.command("serve", "--once")
	m.cmd.Stderr = &m.said
	w.must(m.cmd.Start())
	if _, err := os.ReadFile(m.made + ".begun"); err != nil { // waits for the engine to open it
		t.Fatal(err)
	}
	m.run = w.newest("infra//app", runner.PurposeApply, runner.Applying)
	m.processes()
	return m
}

// processes finds the supervisor and the process group of its engine.
func (m *midApply) processes() {
	m.t.Helper()
	dir := filepath.Join(m.dataDir(), "runs", fmt.Sprint(m.run.ID), "apply")
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	m.must(err)
	m.supervisor, err = strconv.Atoi(string(text))
	m.must(err)
	apply, err := supervisor.Find(dir)
	m.must(err)
	left := apply.Left()
	if len(left) == 0 {
		m.t.Fatal("no process of the engine is there")
	}
	m.engineGroup = left[0].Group
}

// proceed lets the engine go on.
func (m *midApply) proceed() { m.must(os.WriteFile(m.goOn, nil, 0o600)) }

// kill kills processes as a power cut would, the first one first.
func (m *midApply) kill(pids ...int) {
	m.t.Helper()
	for _, pid := range pids {
		m.must(syscall.Kill(pid, syscall.SIGKILL))
	}
}

// interrupted waits for the pass under way, expects that the run waits for a person with what is known, and decides. What is
// planned then is held, for what was made, or half made, is not made again unseen.
func (m *midApply) interrupted(decision, says, holds string) {
	m.t.Helper()
	_ = m.cmd.Wait()
	run := m.newest("infra//app", runner.PurposeApply, runner.Interrupted)
	for _, text := range []string{says, "terraform_data.first (create)"} {
		if !strings.Contains(run.Reason, text) {
			m.t.Errorf("%q is missing in %q", text, run.Reason)
		}
	}
	m.pass() // never again by itself
	m.newest("infra//app", runner.PurposeApply, runner.Interrupted)
	if _, err := os.Stat(m.made); err == nil {
		m.t.Error("the second thing was made")
	}
	m.driftless(decision, fmt.Sprint(run.ID))
	m.pass()
	held := m.newest("infra//app", runner.PurposeApply, runner.Held)
	if !strings.Contains(held.Reason, holds) {
		m.t.Errorf("it is held because %q, not %q", held.Reason, holds)
	}
	m.driftless("approve", fmt.Sprint(held.ID))
	m.pass()
	m.newest("infra//app", runner.PurposeApply, runner.Applied)
	m.allMade()
}

// allMade checks that both things are there, once.
func (m *midApply) allMade() {
	m.t.Helper()
	m.must(m.view(func(tx runner.Tx) error {
		_, state, err := tx.State("infra//app", 0)
		if err != nil || !strings.Contains(string(state), `"first"`) || !strings.Contains(string(state), `"kept"`) {
			m.t.Errorf("the state is %s: %v", state, err)
		}
		return nil
	}))
	m.pass() // which removes what the killed ones left
	m.settled(m.made)
}

// TestApplyOutlivesDriftless ends driftless in the middle of an apply: the engine goes on, and what it did is on record once
// driftless is started again, whether it was still at work then or not.
func TestApplyOutlivesDriftless(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signal  syscall.Signal
		after   bool
		givenUp bool // by another replica, meanwhile
	}{
		"killed, and the engine ends before the start":        {signal: syscall.SIGKILL},
		"killed, and the engine ends after the start":         {signal: syscall.SIGKILL, after: true},
		"told twice to stop, the engine ends after the start": {signal: syscall.SIGTERM, after: true},
		"killed, and given up by another replica":             {signal: syscall.SIGKILL, givenUp: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMidApply(t)
			ended := make(chan struct{})
			go func() {
				_ = m.cmd.Wait()
				close(ended)
			}()
			m.await(func() bool {
				select {
				case <-ended:
					return true
				default:
					_ = m.cmd.Process.Signal(c.signal)
					return false
				}
			})
			if said := m.said.String(); c.signal == syscall.SIGTERM && !strings.Contains(said, fmt.Sprintf("runs=[%d]", m.run.ID)) {
				t.Errorf("told to stop, it did not say what it waits for: %s", said)
			}
			if c.givenUp {
				m.giveUp()
			}
			again := m.command("serve", "--once")
			if c.after {
				m.must(again.Start())
			}
			m.proceed()
			if !c.after {
				m.await(func() bool { return syscall.Kill(m.supervisor, 0) != nil })
				m.must(again.Start())
			}
			m.must(again.Wait())
			m.newest("infra//app", runner.PurposeApply, runner.Applied)
			m.allMade()
		})
	}
}

// TestApplyIsCanceled: the engine stops, saves its state, and releases its lock; what it did is told, and the rest is for a person.
func TestApplyIsCanceled(t *testing.T) {
	t.Parallel()
	m := newMidApply(t)
	m.driftless("cancel", fmt.Sprint(m.run.ID))
	m.must(m.cmd.Wait())
	run := m.newest("infra//app", runner.PurposeApply, runner.Failed)
	for _, text := range []string{"canceled by ", " during the apply", "Completed: terraform_data.first (create)"} {
		if !strings.Contains(run.Reason, text) {
			t.Errorf("%q is missing in %q", text, run.Reason)
		}
	}
	m.must(m.view(func(tx runner.Tx) error {
		if lock, err := tx.StateLock("infra//app"); err == nil {
			t.Errorf("locked by run %d", lock.RunID)
		}
		return nil
	}))
	m.pass() // never again by itself
	m.newest("infra//app", runner.PurposeApply, runner.Failed)
	m.driftless("approve", fmt.Sprint(run.ID))
	m.pass()
	held := m.newest("infra//app", runner.PurposeApply, runner.Held) // what was half made is replaced: nobody reviewed that
	m.driftless("approve", fmt.Sprint(held.ID))
	m.pass()
	m.newest("infra//app", runner.PurposeApply, runner.Applied)
	m.allMade()
}

// giveUp marks the run as another replica would that does not hear of this one any more.
func (m *midApply) giveUp() {
	m.t.Helper()
	db, _, err := daemon.OpenStore(m.t.Context(), m.place(), slog.New(slog.DiscardHandler))
	m.must(err)
	m.must(db.Update(m.t.Context(), func(tx runner.Tx) error {
		run := m.run
		run.Status, run.Reason, run.FinishedAt = runner.Interrupted, "its replica does not answer", time.Now()
		return tx.UpdateRun(run, runner.Applying)
	}))
	m.must(db.Close())
}

// await waits for what must become so.
func (w *world) await(done func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatal("waited in vain")
		}
	}
}

// TestApplyThatWasCutOff kills what an apply needs: then nobody knows all that it did, and a person decides.
func TestApplyThatWasCutOff(t *testing.T) {
	t.Parallel()
	const lost, died, half = "its state does not know terraform_data.first", "The supervisor of the engine died", "1 change goes beyond what was reviewed"
	for name, c := range map[string]struct {
		kill              func(m *midApply)
		says, then, holds string
	}{
		"the supervisor":            {func(m *midApply) { m.kill(m.supervisor) }, died, "resume", half}, // the engine saves its state as a file
		"the engine":                {func(m *midApply) { m.kill(m.engineGroup) }, "signal: killed", "discard", "discarded it"},
		"supervisor and engine":     {func(m *midApply) { m.kill(m.supervisor, m.engineGroup) }, died, "resume", lost},
		"everything, a power cut":   {func(m *midApply) { m.kill(m.cmd.Process.Pid, m.supervisor, m.engineGroup); _ = m.cmd.Wait(); m.pass() }, died, "resume", lost},
		"driftless and the process": {func(m *midApply) { m.kill(m.cmd.Process.Pid, m.engineGroup); _ = m.cmd.Wait(); m.pass() }, "signal: killed", "discard", "discarded it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMidApply(t)
			c.kill(m)
			m.interrupted(c.then, c.says, c.holds)
		})
	}
}
