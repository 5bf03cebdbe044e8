package test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/driftlessops/driftless/examples/cloud"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store/pgtest"
	"github.com/driftlessops/driftless/workspaces"
)

const inTheCloud = `terraform {
  required_providers {
    cloud = { source = "driftless.local/driftless/cloud" }
  }
}
`

// network is a network of the simulated cloud.
func network(name, cidr string) string {
	return fmt.Sprintf("resource \"cloud_network\" %q {\n  name = %[1]q\n  cidr = %[2]q\n}\n", name, cidr)
}

// TestKilledAtEveryStep kills driftless the first time that it gets to a step, at every step between a poll and the final report.
// However often it is started again, on SQLite (gitea) and on PostgreSQL (github), the cloud gets each change once, and people see one comment and one final status.
func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"github", "gitea"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			m := newMortal(t, kind)
			m.survive("the first look", m.synced("infra//net", "infra//app"))
			n := m.open("grow", map[string]string{
				"net/more.tf": network("before", "10.1.0.0/16"), "app/more.tf": network("after", "10.2.0.0/16"),
			})
			m.survive("the report", func() string {
				if state := m.state(m.head(n), "driftless/plan"); state != "success" {
					return "not everything is planned: " + state
				}
				return m.says(n, "before", "after", "driftless apply")
			})
			_, err := m.repo.Review("ben", n, "APPROVED", "")
			m.must(err)
			_, err = m.repo.Comment("ada", n, "driftless apply")
			m.must(err)
			m.survive("the apply before the merge, and the merge", func() string {
				if !m.merged(n) {
					return "it is not merged"
				}
				return ""
			})
			m.survive("the apply after the merge", m.synced("infra//net", "infra//app"))
			m.survive("the last report", func() string { return m.says(n, "merged into", "applied") })
			m.must(m.undoByHand())
			m.survive("drift and its repair", m.repaired)
			m.finish(n)
		})
	}
}

// mortal is a driftless that is killed at each step that it gets to for the first time.
type mortal struct {
	*hub
	steps string // file of the steps that it got to
}

func newMortal(t *testing.T, kind string) *mortal {
	t.Helper()
	h := newHub(t, kind, map[string]string{
		"net/main.tf": inTheCloud + network("first", "10.0.0.0/16"), "app/main.tf": inTheCloud + network("base", "10.3.0.0/16"),
		"driftless.hcl": "workspace \"net\" {\n  apply = \"before_merge\"\n}\n\ndefaults {\n  drift {\n    reconcile = true\n  }\n}\n",
	})
	h.extra = "  automerge = \"squash\"\n"
	if kind == "github" {
		h.database = pgtest.URL(t)
	}
	h.must(h.startCloud())
	m := &mortal{hub: h, steps: h.path("steps")}
	m.env = append(m.env, "DRIFTLESS_KILL_LOG="+m.steps, "DRIFTLESS_KILL_ROLES=serve")
	return m
}

// survive starts driftless, again whenever it is killed, until nothing is missing; then it ends it in order.
func (m *mortal) survive(what string, missing func() string) {
	m.t.Helper()
	var cmd *exec.Cmd
	var ended chan error
	start := func() {
		log, err := os.OpenFile(m.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		m.must(err)
		cmd = m.command("serve")
		cmd.Stdout, cmd.Stderr = log, log
		m.must(cmd.Start())
		m.must(log.Close())
		ended = make(chan error, 1)
		go func(cmd *exec.Cmd) { ended <- cmd.Wait() }(cmd)
	}
	start()
	defer func() { _ = cmd.Process.Kill() }()
	m.await(soaked, func() string {
		select {
		case err := <-ended:
			if killed(err) {
				start()
				return what + ": it was killed"
			}
			m.t.Fatalf("%s: driftless ended with %v:\n%s", what, err, m.tail())
		default:
		}
		if text := missing(); text != "" {
			return what + ": " + text
		}
		return ""
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		m.t.Fatal(err)
	}
	if err := <-ended; err != nil && !killed(err) && !stopped(err) {
		m.t.Errorf("%s: driftless ended with %v:\n%s", what, err, m.tail())
	}
}

func killed(err error) bool {
	exit, ok := err.(*exec.ExitError)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signal() == syscall.SIGKILL
}

// stopped reports whether a driftless was told to end before it began.
func stopped(err error) bool {
	exit, ok := err.(*exec.ExitError)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && (status.Signal() == syscall.SIGTERM || exit.ExitCode() == 130)
}

// synced waits until workspaces are; the first network is let be made.
func (m *mortal) synced(ids ...workspaces.ID) func() string {
	return func() string {
		for _, id := range ids {
			runs := m.runs(id, runner.PurposeApply)
			if len(runs) == 0 {
				return fmt.Sprintf("%s was not seen", id)
			}
			if verb := map[runner.Status]string{runner.Held: "approve", runner.Interrupted: "resume"}[runs[0].Status]; verb != "" {
				_ = m.command(verb, fmt.Sprint(runs[0].ID)).Run() // it may be dying
			}
			if rec := m.workspace(id); rec.Sync != runner.Synced || runs[0].Status == runner.Queued || runs[0].Status.Active() {
				return fmt.Sprintf("%s is %s (%s), its run %d is %s (%s)", id, rec.Sync, rec.Reason, runs[0].ID, runs[0].Status, runs[0].Reason)
			}
		}
		return ""
	}
}

// says is what the one comment on a pull request lacks.
func (m *mortal) says(n int, words ...string) string {
	ours := m.ours(n)
	if len(ours) == 0 {
		return "no comment"
	}
	for _, word := range words {
		if !strings.Contains(ours[0].Body, word) {
			return fmt.Sprintf("no %q in its comment:\n%s", word, ours[0].Body)
		}
	}
	if posts := m.waiting(); len(posts) > 0 {
		return fmt.Sprintf("%d posts wait: %s %s", len(posts), posts[0].Kind, posts[0].Error)
	}
	return ""
}

// undoByHand changes a network behind everybody's back, and asks for a check.
func (m *mortal) undoByHand() error {
	if _, err := m.cloud.Edit("network", "first", map[string]any{"tags": map[string]any{"owner": "nobody"}}); err != nil {
		return err
	}
	return m.command("drift", "--check", "infra//net").Run()
}

func (m *mortal) repaired() string {
	for _, o := range m.cloud.Objects() {
		if text := fmt.Sprint(o.Attributes); strings.Contains(text, "nobody") {
			return "it is not repaired: " + text
		}
	}
	return m.synced("infra//net")()
}

// finish checks what is left of it all.
func (m *mortal) finish(n int) {
	m.t.Helper()
	m.env = append(m.env, "DRIFTLESS_KILL_ROLES=nobody")
	m.pass() // which removes what the killed ones left
	made := map[string]int{}
	for _, e := range m.cloud.Journal() {
		made[e.Op+" "+e.Name]++
		if e.Op != cloud.OpEdit && e.Run == "" {
			m.t.Errorf("nobody knows which run did %s %s", e.Op, e.Name)
		}
	}
	for _, change := range []string{"create first", "create base", "create before", "create after", "update first"} {
		if made[change] != 1 {
			m.t.Errorf("%s was done %d times", change, made[change])
		}
		delete(made, change)
	}
	delete(made, "edit first")
	if len(made) > 0 {
		m.t.Errorf("nobody asked for %v", made)
	}
	m.tidy(n)
	steps, err := os.ReadFile(m.steps)
	m.must(err)
	for _, step := range []string{"git fetch", "engine plan", "engine apply", "POST", "apply started", "applied", "(*Runner).claim"} {
		if !strings.Contains(string(steps), step) {
			m.t.Errorf("it was never killed at %q", step)
		}
	}
	m.t.Logf("killed at %d steps", strings.Count(string(steps), "serve: "))
}

// tidy checks that nothing is left behind, and nothing told twice.
func (m *mortal) tidy(n int) {
	m.t.Helper()
	if ours := m.ours(n); len(ours) != 1 || strings.Contains(ours[0].Body, "reconcile") { // which was done long after it
		m.t.Errorf("%d comments: %+v", len(ours), ours)
	}
	for _, context := range []string{"driftless/plan", "driftless/policy", "driftless/apply"} {
		if state := m.state(m.head(n), context); state != "success" {
			m.t.Errorf("status %s is %s", context, state)
		}
	}
	m.must(m.view(func(tx runner.Tx) error {
		for _, id := range []workspaces.ID{"infra//net", "infra//app"} {
			if lock, err := tx.StateLock(id); err == nil {
				m.t.Errorf("the state of %s is still locked by run %d", id, lock.RunID)
			}
		}
		return m.once(tx)
	}))
	if left, err := os.ReadDir(m.dataDir() + "/runs"); err == nil && len(left) > 0 {
		m.t.Errorf("directories of %d runs were left behind", len(left))
	}
	if out, err := exec.Command("pgrep", "-f", m.dataDir()).Output(); err == nil {
		m.t.Errorf("processes were left behind: %s", out)
	}
}

// once checks that each apply that began ended once. One that was killed before its engine was started begins anew.
func (m *mortal) once(tx runner.Tx) error {
	times := map[string]map[int64]int{}
	for _, kind := range []string{"apply started", "run taken up again", "applied"} {
		events, err := tx.Events(runner.EventFilter{Kind: kind})
		if err != nil {
			return err
		}
		times[kind] = map[int64]int{}
		for _, e := range events {
			times[kind][e.RunID]++
		}
	}
	for id, n := range times["apply started"] {
		if n > 1+times["run taken up again"][id] || times["applied"][id] != 1 {
			m.t.Errorf("run %d began %d times and was applied %d times", id, n, times["applied"][id])
		}
	}
	return nil
}
