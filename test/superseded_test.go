package test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

// enginesAtWork are the processes whose directory is one of its checkouts.
func (w *world) enginesAtWork() (pids []string) {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		dir, err := os.Readlink(link)
		if err == nil && strings.HasPrefix(dir, w.dataDir()) {
			pids = append(pids, strings.Split(link, "/")[2])
		}
	}
	return pids
}

// TestNewestCommitEndsAPlan: a plan whose engine hangs is given up as soon as a newer commit is there, and its engine is gone
// before the time that a command may take.
func TestNewestCommitEndsAPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/main.tf": idle})
	w.pass()
	pipe := w.path("hangs")
	w.must(syscall.Mkfifo(pipe, 0o600))
	w.propose("driftless/x", map[string]string{"app/more.tf": "output \"x\" {\n  value = file(\"" + pipe + "\")\n}\n"})
	cmd := w.command("serve")
	w.must(cmd.Start())
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}()
	held, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits for the engine to open it
	w.must(err)
	defer func() { _ = held.Close() }()
	before := w.enginesAtWork()
	if len(before) == 0 {
		t.Fatal("no engine is at work")
	}
	git(t, w.clone, "switch", "--quiet", "driftless/x")
	w.write(map[string]string{"app/more.tf": "output \"x\" {\n  value = 1\n}\n"})
	w.commit("Without waiting")
	git(t, w.clone, "push", "--quiet", "origin", "HEAD")
	w.await(func() bool {
		runs := w.runs("infra//app", runner.PurposePlan)
		return len(runs) == 2 && runs[0].Status == runner.Ready && runs[1].Status == runner.Superseded
	})
	w.await(func() bool { return len(w.enginesAtWork()) == 0 })
}
