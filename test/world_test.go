package test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// world is a story that is told in Go: the repository infra, an operator's file and a data directory.
type world struct {
	*story
	t     *testing.T
	clone string
	env   []string
}

// newWorld makes a world whose repository holds files.
func newWorld(t *testing.T, files map[string]string) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{story: &story{dir: dir, engine: engines(t)[0], repos: []string{"infra"}}, t: t, clone: filepath.Join(dir, "infra")}
	w.env = append(gitEnv(t), "PATH="+os.Getenv("PATH"), "DRIFTLESS_CONFIG="+w.config(), "NO_COLOR=1", "TMPDIR="+t.TempDir())
	w.must(os.Mkdir(w.clone, 0o755))
	git(t, dir, "init", "--quiet", "--bare", "--initial-branch=main", "infra.git")
	git(t, w.clone, "init", "--quiet", "--initial-branch=main")
	git(t, w.clone, "remote", "add", "origin", filepath.Join(dir, "infra.git"))
	w.write(files)
	w.commit("Begin")
	git(t, w.clone, "push", "--quiet", "-u", "origin", "main")
	w.must(w.writeConfig())
	t.Cleanup(w.close)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(files map[string]string) {
	w.t.Helper()
	for name, content := range files {
		path := filepath.Join(w.clone, filepath.FromSlash(name))
		w.must(os.MkdirAll(filepath.Dir(path), 0o755))
		w.must(os.WriteFile(path, []byte(content), 0o644))
	}
}

func (w *world) commit(message string) {
	w.t.Helper()
	git(w.t, w.clone, "add", "--all")
	git(w.t, w.clone, "commit", "--quiet", "-m", message)
}

// propose pushes files as a branch.
func (w *world) propose(branch string, files map[string]string) {
	w.t.Helper()
	git(w.t, w.clone, "switch", "--quiet", "-c", branch, "main")
	w.write(files)
	w.commit("Change by " + branch)
	git(w.t, w.clone, "push", "--quiet", "origin", "HEAD")
	git(w.t, w.clone, "switch", "--quiet", "main")
}

func (w *world) merge(branch string) {
	w.t.Helper()
	git(w.t, w.clone, "merge", "--quiet", "--no-ff", "-m", "Merge "+branch, branch)
	git(w.t, w.clone, "push", "--quiet", "origin", "main")
}

// configure appends to the operator's file.
func (w *world) configure(text string) {
	w.t.Helper()
	old, err := os.ReadFile(w.config())
	w.must(err)
	w.must(os.WriteFile(w.config(), append(old, text...), 0o600))
}

func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command(built.raced, args...)
	cmd.Dir, cmd.Env = w.clone, w.env
	return cmd
}

// driftless runs the program, which must succeed, and returns all that it printed.
func (w *world) driftless(args ...string) string {
	w.t.Helper()
	cmd := w.command(args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		w.t.Fatalf("%s: %v\n%s", cmd, err, &out)
	}
	return out.String()
}

func (w *world) pass() string {
	w.t.Helper()
	return w.driftless("serve", "--once")
}

// runs are the runs of a workspace for a purpose, newest first.
func (w *world) runs(id workspaces.ID, purpose runner.Purpose) (runs []runner.Run) {
	w.t.Helper()
	w.must(w.view(func(tx runner.Tx) (err error) {
		runs, err = tx.Runs(runner.RunFilter{Workspace: id, Purposes: []runner.Purpose{purpose}})
		return err
	}))
	return runs
}

// newest is the newest of them, which must have a status.
func (w *world) newest(id workspaces.ID, purpose runner.Purpose, status runner.Status) runner.Run {
	w.t.Helper()
	runs := w.runs(id, purpose)
	if len(runs) == 0 {
		w.t.Fatalf("%s was never run for %s", id, purpose)
	}
	if runs[0].Status != status {
		w.t.Fatalf("run %d (%s of %s) is %s, not %s: %s", runs[0].ID, purpose, id, runs[0].Status, status, runs[0].Reason)
	}
	return runs[0]
}

func (w *world) workspace(id workspaces.ID) (rec runner.Workspace) {
	w.t.Helper()
	w.must(w.view(func(tx runner.Tx) (err error) {
		rec, err = tx.Workspace(id)
		return err
	}))
	return rec
}
