package test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/examples/cloud"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// apart are workspaces, each with one network of its own, and whose supervisors are killed.
type apart struct {
	*world
	ids []workspaces.ID
}

// TestSupervisorIsKilledAtEveryStep kills the supervisor of an apply the first time that one gets to a step, and then the
// engine with it where there is one. What nothing was started of is tried again by itself; everything else waits for a person, with
// the resources that completed, and is then made whole: each change once, but for what the engine could tell nobody.
func TestSupervisorIsKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	a := &apart{world: newWorld(t, map[string]string{"README.md": "x"})}
	a.must(a.startCloud())
	a.configure("\nconcurrency = 1\n")
	steps := a.path("steps")
	alone := []string{"begun", "engine apply", "engine started", "state", "result of an apply"}
	files := map[string]string{}
	for i := range 9 {
		id := workspaces.ID(fmt.Sprintf("infra//w%d", i))
		a.ids = append(a.ids, id)
		files[fmt.Sprintf("w%d/main.tf", i)] = inTheCloud + network(fmt.Sprintf("alone-%d", i), "10.0.0.0/16")
	}
	a.env = append(a.env, "DRIFTLESS_KILL_LOG="+steps, "DRIFTLESS_KILL_ROLES=supervise")
	a.apply("alone", files)
	a.settle("alone", 7, false)
	text, err := os.ReadFile(steps)
	a.must(err)
	for _, step := range alone {
		if !strings.Contains(string(text), "supervise: ") || !strings.Contains(string(text), step) {
			t.Errorf("it was never killed at %q:\n%s", step, text)
		}
	}
	var left []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, " state\n") && !strings.HasSuffix(line, "engine started\n") {
			left = append(left, line)
		}
	}
	a.must(os.WriteFile(steps, []byte(strings.Join(left, "")), 0o600))
	files = map[string]string{}
	for i := range 3 {
		files[fmt.Sprintf("w%d/more.tf", i)] = network(fmt.Sprintf("both-%d", i), "10.1.0.0/16")
	}
	a.env = append(a.env, "DRIFTLESS_KILL_ROLES=supervise+")
	a.apply("both", files)
	a.settle("both", 3, true)
}

// apply lets a change be reviewed, merged and applied, as far as it goes.
func (a *apart) apply(branch string, files map[string]string) {
	a.t.Helper()
	a.propose("driftless/"+branch, files)
	a.pass()
	a.merge("driftless/" + branch)
	a.pass()
}

// made counts what was created in the cloud, by its name.
func (a *apart) made() map[string]int {
	made := map[string]int{}
	for _, e := range a.cloud.Journal() {
		if e.Op == cloud.OpCreate {
			made[e.Name]++
		}
	}
	return made
}

// settle checks what waits for a person, decides, and checks that all is well then. lost: an engine died before its state was kept.
func (a *apart) settle(prefix string, interrupted int, lost bool) {
	a.t.Helper()
	before := a.made()
	var wait []runner.Run
	once := map[string]bool{} // what the engine could not keep
	for i, id := range a.ids {
		run := a.runs(id, runner.PurposeApply)[0]
		if run.Status != runner.Interrupted {
			continue
		}
		wait = append(wait, run)
		name := fmt.Sprintf("%s-%d", prefix, i)
		if made := before[name] > 0; made != strings.Contains(run.Reason, "cloud_network."+name+" (create)") {
			a.t.Errorf("%s was made: %t; run %d says: %s", name, made, run.ID, run.Reason)
		} else if made {
			once[name] = !a.keptIn(id, name)
		}
		a.must(a.view(func(tx runner.Tx) error { _, err := tx.StateLock(id); return err }))
	}
	if len(wait) != interrupted {
		a.t.Errorf("%s: %d runs are interrupted, not %d", prefix, len(wait), interrupted)
	}
	if out, err := exec.Command("pgrep", "-f", a.dataDir()).Output(); err == nil {
		a.t.Errorf("processes were left behind: %s", out)
	}
	a.pass() // never again by itself
	if again := a.made(); len(again) != len(before) {
		a.t.Errorf("made by itself: %v, before: %v", again, before)
	}
	for i, run := range wait {
		a.newest(run.Workspace, runner.PurposeApply, runner.Interrupted)
		a.driftless([]string{"resume", "discard"}[i%2], fmt.Sprint(run.ID))
	}
	a.pass()
	for _, id := range a.ids { // what was discarded waits, when something is left to do
		if run := a.runs(id, runner.PurposeApply)[0]; run.Status == runner.Held {
			a.driftless("approve", fmt.Sprint(run.ID))
		}
	}
	a.pass()
	a.whole(prefix, once, lost)
}

// keptIn reports whether a state has a network.
func (a *apart) keptIn(id workspaces.ID, name string) (kept bool) {
	_ = a.view(func(tx runner.Tx) error {
		_, state, err := tx.State(id, 0)
		kept = err == nil && strings.Contains(string(state), name)
		return err
	})
	return kept
}

func (a *apart) whole(prefix string, once map[string]bool, lost bool) {
	a.t.Helper()
	twice := 0
	for name, times := range a.made() {
		switch {
		case times == 2 && once[name] && lost:
			twice++
		case times != 1:
			a.t.Errorf("%s was made %d times", name, times)
		}
	}
	if lost != (twice == 1) {
		a.t.Errorf("%s: %d were made twice", prefix, twice)
	}
	for _, id := range a.ids {
		if rec := a.workspace(id); rec.Sync != runner.Synced {
			a.t.Errorf("%s is %s: %s", id, rec.Sync, rec.Reason)
		}
		a.must(a.view(func(tx runner.Tx) error {
			if lock, err := tx.StateLock(id); err == nil {
				a.t.Errorf("the state of %s is still locked by run %d", id, lock.RunID)
			}
			return nil
		}))
	}
	a.must(a.view(func(tx runner.Tx) error {
		again, err := tx.Events(runner.EventFilter{Kind: "run taken up again"})
		if len(again) != 1 {
			a.t.Errorf("%d were tried again by themselves", len(again))
		}
		return err
	}))
	if left, err := os.ReadDir(a.dataDir() + "/runs"); err == nil && len(left) > 0 {
		a.t.Errorf("directories of %d runs were left behind", len(left))
	}
}
