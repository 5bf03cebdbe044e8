package test

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/runner/store/pgtest"
	"github.com/driftlessops/driftless/test/forges"
)

// replicaDirs is how many workspaces replicas share.
const replicaDirs = 4

// TestReplicasDie: of three replicas that plan a pull request, the one that leads is killed and another one stops in the middle of
// it. The third one ends what they began. What wakes up later writes on nothing; a merge is applied once by those that are left,
// while one of them is stopped in order.
func TestReplicasDie(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range replicaDirs {
		files[fmt.Sprintf("w%d/main.tf", i)] = idle
	}
	h := newHub(t, "gitea", files)
	h.database = pgtest.URL(t)
	h.must(h.writeConfig())
	h.slowEngine()
	db, _, err := daemon.OpenStore(t.Context(), h.place(), slog.New(slog.DiscardHandler))
	h.must(err)
	defer func() { h.must(db.Close()) }()
	first := h.replica("first")
	h.await(patience, h.allEnded(db, runner.PurposeApply, runner.Unchanged, replicaDirs))
	second, third := h.replica("second"), h.replica("third")
	h.await(patience, h.alive(db, 3))

	h.must(os.WriteFile(h.path("slow"), nil, 0o600))
	made, files := h.path("made"), map[string]string{}
	for i := range replicaDirs {
		files[fmt.Sprintf("w%d/made.tf", i)] = fmt.Sprintf("resource \"terraform_data\" \"made\" {\n  provisioner \"local-exec\" {\n    command = \"sleep 1; echo w%d >> '%s'\"\n  }\n}\n", i, made)
	}
	n := h.open("change", files)
	h.await(patience, h.planning(db, replicaDirs))
	h.must(first.Process.Signal(syscall.SIGKILL))
	_ = first.Wait()
	h.must(second.Process.Signal(syscall.SIGSTOP))
	h.await(patience, h.alive(db, 1))
	h.must(os.Remove(h.path("slow")))
	h.await(patience, h.allEnded(db, runner.PurposePlan, runner.Ready, replicaDirs))
	h.must(second.Process.Signal(syscall.SIGCONT))
	h.await(patience, h.alive(db, 2))
	h.await(patience, func() string { return h.plannedOn(n) })
	for kind, want := range map[string]int{"planned": 2 * replicaDirs, "pull request seen": 1} { // each also for the tracked branch
		if got := h.events(db, kind); got != want {
			t.Errorf("%d events of kind %q, want %d", got, kind, want)
		}
	}
	if h.events(db, "run taken over") == 0 {
		t.Error("nothing was taken over")
	}

	_, err = h.repo.MergePull(n, forges.Squash, "ben")
	h.must(err)
	h.await(patience, func() string {
		if !h.applying() {
			return "nothing is applied"
		}
		return ""
	})
	h.end(third, syscall.SIGTERM)
	again := h.replica("first")
	h.await(patience, h.allEnded(db, runner.PurposeApply, runner.Applied, replicaDirs))
	h.await(patience, func() string {
		if waits := h.waiting(); len(waits) > 0 {
			return fmt.Sprintf("%d posts wait", len(waits))
		}
		return ""
	})
	if comments := h.ours(n); len(comments) != 1 || !strings.Contains(comments[0].Body, "pplied") {
		t.Errorf("the comments: %+v", comments)
	}
	data, err := os.ReadFile(made)
	h.must(err)
	if lines := strings.Fields(string(data)); len(lines) != replicaDirs {
		t.Errorf("what was made: %v", lines)
	}
	h.await(patience, h.alive(db, 2)) // the others may have done everything before it was there
	if out := h.driftless("replicas"); !strings.Contains(out, "serve") || strings.Contains(out, "gone") {
		t.Errorf("replicas:\n%s", out)
	}
	h.end(second, syscall.SIGTERM)
	h.end(again, syscall.SIGTERM)
	if problem := h.alive(db, 0)(); problem != "" {
		t.Error(problem)
	}
}

// TestAnApplyOutlastsTheNetwork: a replica that is cut off from the database goes on with its apply. The other ones take it for
// interrupted and leave the workspace alone, until that one is back and reports how it ended.
func TestAnApplyOutlastsTheNetwork(t *testing.T) {
	t.Parallel()
	h := newHub(t, "gitea", map[string]string{"app/main.tf": idle})
	h.database = pgtest.URL(t)
	h.hosted.all = true // found by the one that leads the owner
	wire := pgtest.NewProxy(t, h.database)
	h.must(h.writeConfig())
	db, _, err := daemon.OpenStore(t.Context(), h.place(), slog.New(slog.DiscardHandler))
	h.must(err)
	defer func() { h.must(db.Close()) }()
	first := h.replica("first", "--database", wire.URL)
	h.await(patience, h.allEnded(db, runner.PurposeApply, runner.Unchanged, 1))
	goOn, made := h.path("go-on"), h.path("made")
	n := h.open("change", map[string]string{"app/made.tf": fmt.Sprintf("resource \"terraform_data\" \"made\" {\n  provisioner \"local-exec\" {\n    command = \"while [ ! -e '%s' ]; do sleep 0.1; done; echo made >> '%s'\"\n  }\n}\n", goOn, made)})
	h.await(patience, h.allEnded(db, runner.PurposePlan, runner.Ready, 1))
	h.await(patience, func() string { return h.plannedOn(n) })
	_, err = h.repo.MergePull(n, forges.Squash, "ben")
	h.must(err)
	h.await(patience, h.allEnded(db, runner.PurposeApply, runner.Applying, 1))
	second := h.replica("second")
	h.await(patience, h.alive(db, 2))
	wire.Swallow()
	h.await(patience, h.allEnded(db, runner.PurposeApply, runner.Interrupted, 1))
	h.must(os.WriteFile(goOn, nil, 0o600))
	h.await(patience, func() string {
		if _, err := os.Stat(made); err != nil {
			return err.Error()
		}
		return ""
	})
	if _, err := h.repo.Commit("ada", "main", "Again", map[string]string{"app/more.tf": "output \"more\" {\n  value = 1\n}\n"}); err != nil {
		t.Fatal(err)
	}
	polls := h.events(db, "tracked branch moved")
	h.await(patience, func() string {
		if h.events(db, "tracked branch moved") == polls {
			return "the second replica has not seen the commit"
		}
		return ""
	})
	h.await(patience, h.allEnded(db, runner.PurposeApply, runner.Interrupted, 1))
	wire.Heal()
	h.await(patience, h.allEnded(db, runner.PurposeApply, runner.Applied, 1))
	data, err := os.ReadFile(made)
	h.must(err)
	if string(data) != "made\n" || h.events(db, "apply started") != 1 {
		t.Errorf("it was made by %d applies: %q", h.events(db, "apply started"), data)
	}
	h.end(first, syscall.SIGTERM)
	h.end(second, syscall.SIGTERM)
}

// plannedOn is what is missing of the plan that a pull request's head shows, or "".
func (h *hub) plannedOn(n int) string {
	if state := h.state(h.head(n), "driftless/plan"); state != "success" {
		return "the plan is " + state
	}
	return ""
}

// slowEngine makes plans take as long as there is a file "slow".
func (h *hub) slowEngine() {
	h.t.Helper()
	real, err := exec.LookPath(h.engine)
	h.must(err)
	bin := h.path("bin")
	h.must(os.Mkdir(bin, 0o755))
	script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in *plan*) while [ -e '%s' ]; do sleep 0.2; done;; esac\nexec '%s' \"$@\"\n", h.path("slow"), real)
	h.must(os.WriteFile(filepath.Join(bin, h.engine), []byte(script), 0o755))
	h.env = append(h.env, "PATH="+bin+":"+os.Getenv("PATH"))
}

// replica starts driftless on a data directory of its own, with the key of the others.
func (h *hub) replica(name string, args ...string) *exec.Cmd {
	h.t.Helper()
	dir := h.path(name)
	if name == "first" {
		dir = h.dataDir() // where those look that only ask
	} else if _, err := os.Stat(dir); err != nil {
		key, err := os.ReadFile(filepath.Join(h.dataDir(), "secret.key"))
		h.must(err)
		h.must(os.Mkdir(dir, 0o700))
		h.must(os.WriteFile(filepath.Join(dir, "secret.key"), key, 0o600))
	}
	log, err := os.OpenFile(h.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	h.must(err)
	cmd := h.command(append([]string{"serve", "--data-dir", dir}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	h.must(cmd.Start())
	h.must(log.Close())
	h.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// allEnded is missing until so many runs for a purpose, and no others, are at an end.
func (h *hub) allEnded(db runner.Store, purpose runner.Purpose, status runner.Status, want int) func() string {
	return func() (missing string) {
		h.must(db.View(h.t.Context(), func(tx runner.Tx) error {
			runs, err := tx.Runs(runner.RunFilter{Purposes: []runner.Purpose{purpose}})
			n := 0
			for _, run := range runs {
				if run.Status == status {
					n++
				} else {
					missing += fmt.Sprintf("run %d of %s is %s: %s\n", run.ID, run.Workspace, run.Status, run.Reason)
				}
			}
			if n >= want {
				missing = ""
			} else if missing == "" {
				missing = fmt.Sprintf("%d runs are %s", n, status)
			}
			return err
		}))
		return missing
	}
}

// planning is missing until so many plans of pull requests are under way.
func (h *hub) planning(db runner.Store, want int) func() string {
	return func() (missing string) {
		h.must(db.View(h.t.Context(), func(tx runner.Tx) error {
			runs, err := tx.Runs(runner.RunFilter{Purposes: []runner.Purpose{runner.PurposePlan}, Statuses: []runner.Status{runner.Planning}})
			if len(runs) < want {
				missing = fmt.Sprintf("%d runs are planning", len(runs))
			}
			return err
		}))
		return missing
	}
}

// alive is missing until so many replicas hold their leases.
func (h *hub) alive(db runner.Store, want int) func() string {
	return func() (missing string) {
		h.must(db.View(h.t.Context(), func(tx runner.Tx) error {
			all, err := tx.Replicas()
			if err != nil {
				return err
			}
			at, err := tx.Clock()
			n := 0
			for _, r := range all {
				if r.LeaseUntil.After(at) {
					n++
				}
			}
			if n != want {
				missing = fmt.Sprintf("%d replicas are alive: %+v", n, all)
			}
			return err
		}))
		return missing
	}
}

func (h *hub) events(db runner.Store, kind string) (n int) {
	h.t.Helper()
	h.must(db.View(h.t.Context(), func(tx runner.Tx) error {
		events, err := tx.Events(runner.EventFilter{Kind: kind})
		n = len(events)
		return err
	}))
	return n
}
