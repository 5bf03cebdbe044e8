package forges

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// newWorld is a forge with the repository acme/infra, which ada may write, and its first commit.
func newWorld(t *testing.T) (*World, *Repo) {
	t.Helper()
	w := must[*World](t)(New(Options{Dir: t.TempDir()}))
	t.Cleanup(func() { w.Check(t) })
	w.AddOrg("acme", "ada", "bob")
	r := must[*Repo](t)(w.AddRepo("acme/infra"))
	r.Grant("ada", Write)
	must[string](t)(r.Commit("ada", "main", "one", map[string]string{"main.tf": "one\n"}))
	return w, r
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(gitEnv(), "GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=a@b.example", "GIT_COMMITTER_NAME=ada", "GIT_COMMITTER_EMAIL=a@b.example",
		"GIT_TERMINAL_PROMPT=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestPullRequestsFollowTheirBranches(t *testing.T) {
	t.Parallel()
	_, r := newWorld(t)
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, "", "clone", "--quiet", r.Dir(), clone)
	push := func(content string, args ...string) string {
		if err := os.WriteFile(filepath.Join(clone, "a.tf"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		git(t, clone, "add", ".")
		git(t, clone, append([]string{"commit", "--quiet", "-m", content}, args...)...)
		git(t, clone, "push", "--quiet", "--force", "origin", "HEAD:topic")
		return git(t, clone, "rev-parse", "HEAD")
	}
	head := func(n int) (shown, ref string) {
		i := must[Issue](t)(r.Issue(n))
		return i.Pull.HeadSHA, must[string](t)(r.Git("rev-parse", pullRef(n, "head")))
	}
	first := push("a")
	n := must[int](t)(r.Open("ada", "topic", "main", "Topic", OpenOptions{}))
	if shown, ref := head(n); shown != first || ref != first {
		t.Errorf("head %s, ref %s, want %s", shown, ref, first)
	}
	second := push("b", "--amend")
	if shown, ref := head(n); shown != second || ref != second {
		t.Errorf("after a force-push: head %s, ref %s, want %s", shown, ref, second)
	}
	fork := must[*Repo](t)(r.Fork("eve"))
	third := must[string](t)(fork.Commit("eve", "patch-1", "x", map[string]string{"x.tf": "x"}))
	m := must[int](t)(r.Open("eve", "eve:patch-1", "", "From a fork", OpenOptions{}))
	if shown, ref := head(m); shown != third || ref != third {
		t.Errorf("of a fork: head %s, ref %s, want %s", shown, ref, third)
	}
	if err := r.DeleteBranch("ada", "topic"); err != nil {
		t.Fatal(err)
	}
	if i := must[Issue](t)(r.Issue(n)); i.Open || i.Pull.HeadSHA != second {
		t.Errorf("without its branch: %+v", i)
	}
	if _, ref := head(n); ref != second {
		t.Errorf("without its branch its ref is at %s, want %s", ref, second)
	}
	if err := r.Reopen("ada", n); err == nil {
		t.Error("reopened without a branch")
	}
	git(t, clone, "push", "--quiet", r.Dir(), "HEAD:main")
	if i := must[Issue](t)(r.Issue(m)); !i.Open {
		t.Errorf("closed by a push that has nothing of it: %+v", i)
	}
	must[string](t)(fork.Commit("eve", "patch-1", "y", map[string]string{"y.tf": "y"}))
	git(t, clone, "fetch", "--quiet", r.Dir(), pullRef(m, "head"))
	git(t, clone, "merge", "--quiet", "-m", "merge", "FETCH_HEAD")
	git(t, clone, "push", "--quiet", r.Dir(), "HEAD:main")
	if i := must[Issue](t)(r.Issue(m)); i.Open || i.Pull.MergeCommit != r.Head("main") {
		t.Errorf("merged by a push: %+v", i.Pull)
	}
}

func TestMergeMethods(t *testing.T) {
	t.Parallel()
	for method, want := range map[Method]struct{ parents, commits int }{MergeCommit: {2, 4}, Squash: {1, 2}, Rebase: {1, 3}} {
		_, r := newWorld(t)
		base := r.Head("main")
		must[string](t)(r.Commit("ada", "topic", "a", map[string]string{"a.tf": "a"}))
		must[string](t)(r.Commit("ada", "topic", "b", map[string]string{"b.tf": "b"}))
		n := must[int](t)(r.Open("ada", "topic", "", "Topic", OpenOptions{}))
		r.Protect("main", Protection{Contexts: []string{"driftless/plan"}, Reviews: 1})
		if _, err := r.MergePull(n, method, "bob"); err == nil {
			t.Fatal("merged without what is required")
		}
		must[Status](t)(r.SetStatus("ci", Status{Commit: r.Head("topic"), Context: "driftless/plan", State: "success"}))
		must[int64](t)(r.Review("bob", n, "APPROVED", ""))
		if _, err := r.Merge("bob", n, method, base, ""); err == nil {
			t.Fatal("merged at a stale head")
		}
		commit := must[string](t)(r.MergePull(n, method, "bob"))
		if parents := strings.Fields(must[string](t)(r.Git("rev-list", "--parents", "-1", commit)))[1:]; len(parents) != want.parents {
			t.Errorf("%s: parents %v", method, parents)
		}
		if got := strings.Fields(must[string](t)(r.Git("rev-list", "main"))); len(got) != want.commits || got[0] != commit {
			t.Errorf("%s: commits %v, want %d", method, got, want.commits)
		}
		if files := must[string](t)(r.Git("ls-tree", "--name-only", "main")); files != "a.tf\nb.tf\nmain.tf" {
			t.Errorf("%s: files %q", method, files)
		}
		if i := must[Issue](t)(r.Issue(n)); i.Open || i.Pull.MergeCommit != commit || i.Pull.MergedBy != "bob" {
			t.Errorf("%s: %+v", method, i.Pull)
		}
	}
}
