package runner

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// TestSpareCheckouts: an apply takes the checkout that another one of the same tree has left, as if it were its own.
func TestSpareCheckouts(t *testing.T) {
	t.Parallel()
	mirror, trees := twoTrees(t)
	states := map[string]string{trees[0]: "", trees[1]: trees[0]}
	s := &spares{dir: filepath.Join(t.TempDir(), "spare"), most: 2}
	path := func(name string) string { return filepath.Join(t.TempDir(), "work", name) }
	private := func(tree, path string) *own {
		t.Helper()
		o, err := s.private(t.Context(), mirror, "infra", tree, path)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"main.tf": "main", "state.tf": states[tree]} {
			if got, err := os.ReadFile(filepath.Join(path, name)); string(got) != want {
				t.Errorf("%s is %q: %v", name, got, err)
			}
		}
		if all, err := os.ReadDir(path); len(all) != 2 {
			t.Errorf("%v are there: %v", all, err)
		}
		return o
	}
	spoil := func(path string) {
		t.Helper()
		for _, name := range []string{"main.tf", "left.zip"} {
			if err := os.WriteFile(filepath.Join(path, name), []byte("by the engine"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	left := func() (n int) {
		all, _ := os.ReadDir(s.dir)
		return len(all)
	}
	a, b := path("a"), path("b")
	first := private(trees[0], a)
	was, _ := os.Stat(filepath.Join(a, "state.tf"))
	spoil(a)
	s.leave(first, a)
	if _, err := os.Stat(a); err == nil || left() != 1 {
		t.Errorf("%d are spare, and it is there still: %t", left(), err == nil)
	}
	spoil(s.all[0].path) // by what the engine left running
	first = private(trees[0], b)
	if is, _ := os.Stat(filepath.Join(b, "state.tf")); !os.SameFile(was, is) {
		t.Error("it was made anew")
	}
	second := private(trees[0], a)
	other := private(trees[1], path("c"))
	if left() != 0 {
		t.Errorf("%d are spare", left())
	}
	s.leave(first, b)
	s.leave(second, a)
	s.leave(other, filepath.Join(t.TempDir(), "gone"))
	if left() != 2 || len(s.all) != 2 {
		t.Errorf("%d are spare", left())
	}
	c := path("c")
	s.leave(private(trees[1], c), c)
	if left() != 2 || s.all[1].own.tree != trees[1] {
		t.Errorf("%d are spare", left())
	}
	if s.clear(); left() != 0 || len(s.all) != 0 {
		t.Errorf("%d are spare in the end", left())
	}
}

// twoTrees makes a repository of two commits, and its mirror.
func twoTrees(t *testing.T) (mirror *gitrepo.Mirror, trees []string) {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-c", "user.name=ada", "-c", "user.email=ada@example.com"}, args...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "--quiet", "--initial-branch=main")
	for range 2 {
		for name, text := range map[string]string{"main.tf": "main", "state.tf": strings.Join(trees, "")} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		git("add", "--all")
		git("commit", "--quiet", "--message", "a commit")
		trees = append(trees, git("rev-parse", "HEAD^{tree}"))
	}
	mirror, err := gitrepo.Open(t.Context(), gitrepo.Options{Dir: filepath.Join(t.TempDir(), "mirror"), URL: dir})
	if err != nil {
		t.Fatal(err)
	}
	refs, err := mirror.Remote(t.Context())
	if err == nil {
		err = mirror.Fetch(t.Context(), refs, []string{"refs/heads/main"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return mirror, trees
}
