package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/test/forges"
)

// hub is a world whose repository is at a forge: acme/infra.
type hub struct {
	*world
	forge *forges.World
	repo  *forges.Repo
}

// newHub makes a forge of a kind whose repository holds files.
func newHub(t *testing.T, kind string, files map[string]string) *hub {
	t.Helper()
	dir := t.TempDir()
	w := &world{story: &story{dir: dir, engine: engines(t)[0]}, t: t, clone: filepath.Join(dir, "infra")}
	w.env = append(gitEnv(t), "PATH="+os.Getenv("PATH"), "DRIFTLESS_CONFIG="+w.config(), "NO_COLOR=1", "TMPDIR="+t.TempDir())
	t.Cleanup(w.close)
	w.must(os.Mkdir(w.clone, 0o755))
	w.must(w.serveForge(kind))
	_, err := w.hosted.add("infra")
	w.must(err)
	w.repos = []string{"infra"}
	h := &hub{world: w, forge: w.hosted.world}
	h.repo = w.repo()
	t.Cleanup(func() { h.forge.Check(t) })
	_, err = h.repo.Commit("ada", "main", "Begin", files)
	w.must(err)
	w.must(w.writeConfig())
	return h
}

// open pushes files as a branch and opens a pull request from it.
func (h *hub) open(branch string, files map[string]string) (number int) {
	h.t.Helper()
	_, err := h.repo.Commit("ada", branch, "Change by "+branch, files)
	h.must(err)
	number, err = h.repo.Open("ada", branch, "", "Change by "+branch, forges.OpenOptions{})
	h.must(err)
	return number
}

// serve starts driftless. stop kills it as a power cut would, or ends it in order.
func (h *hub) serve(args ...string) (stop func(syscall.Signal)) {
	h.t.Helper()
	log, err := os.OpenFile(h.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	h.must(err)
	cmd := h.command(append([]string{"serve"}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	h.must(cmd.Start())
	h.must(log.Close())
	h.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return func(s syscall.Signal) { h.end(cmd, s) }
}

// end ends driftless, also in the middle of an apply: that goes on under its supervisor.
func (h *hub) end(cmd *exec.Cmd, s syscall.Signal) {
	h.t.Helper()
	h.must(cmd.Process.Signal(s))
	overdue := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	if err := cmd.Wait(); err != nil && s != syscall.SIGKILL {
		h.t.Errorf("driftless ended with %v:\n%s", err, h.tail())
	}
}

// applying reports whether an apply is under way.
func (h *hub) applying() bool {
	h.t.Helper()
	var runs []runner.Run
	h.must(h.view(func(tx runner.Tx) (err error) {
		runs, err = tx.Runs(runner.RunFilter{Statuses: []runner.Status{runner.Applying}})
		return err
	}))
	return len(runs) > 0
}

// tail is the end of what driftless logged.
func (h *hub) tail() string {
	text, err := os.ReadFile(h.path("log"))
	h.must(err)
	return string(text[max(0, len(text)-4000):])
}

// await waits until nothing is missing.
func (h *hub) await(limit time.Duration, missing func() string) {
	h.t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		what := missing()
		if what == "" {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("after %s: %s\n%s", limit, what, h.tail())
		}
	}
}

// ours are the comments of driftless on a pull request or issue.
func (h *hub) ours(n int) (ours []forges.Comment) {
	for _, c := range h.repo.CommentsOf(n) {
		if h.story.ours(c.Author) {
			ours = append(ours, c)
		}
	}
	return ours
}

// head is the head of a pull request.
func (h *hub) head(n int) string {
	h.t.Helper()
	head, err := headOf(h.repo, strconv.Itoa(n))
	h.must(err)
	return head
}

// state is the newest status of a context on a commit.
func (h *hub) state(commit, context string) string {
	for _, s := range h.repo.Statuses(commit) {
		if s.Context == context {
			return s.State
		}
	}
	return "missing"
}

// waiting are the posts that the forge does not show yet.
func (h *hub) waiting() (posts []runner.Post) {
	h.t.Helper()
	h.must(h.view(func(tx runner.Tx) (err error) {
		posts, err = tx.Posts(runner.PostFilter{Waiting: true})
		return err
	}))
	return posts
}
