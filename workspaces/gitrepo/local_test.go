package gitrepo

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/workspaces"
)

func openLocal(t *testing.T, dir string) (*Mirror, string) {
	t.Helper()
	m, top, err := OpenLocal(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return m, top
}

func TestOpenLocal(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("one", "dir/main.tf", "1")
	second := r.commit("two", "dir/main.tf", "2")
	r.git("update-ref", "refs/remotes/origin/main", first)
	m, top := openLocal(t, filepath.Join(r.dir, "dir"))
	if want, _ := filepath.EvalSymlinks(r.dir); top != want {
		t.Errorf("top is %s, want %s", top, want)
	}
	for rev, want := range map[string]string{
		"HEAD": second, "main": second, "origin/main": first, "HEAD~1": first, "@^": first, first[:8]: first, first: first,
	} {
		if got := must[string](t)(m.Resolve(t.Context(), rev)); got != want {
			t.Errorf("%s is %s, want %s", rev, got, want)
		}
	}
	for _, bad := range []string{"", "nope", "--all", "-x", "HEAD~7", "main\nHEAD", "HEAD:dir", strings.Repeat("1", 40)} {
		if got, err := m.Resolve(t.Context(), bad); !errors.Is(err, ErrMissing) {
			t.Errorf("%q is %s, %v", bad, got, err)
		}
	}
	tree := must[workspaces.Tree](t)(m.Tree(t.Context(), "origin/main"))
	if content, err := tree.Read("dir/main.tf"); err != nil || string(content) != "1" {
		t.Errorf("%q, %v", content, err)
	}
	same(t, "changed", must[[]string](t)(m.ChangedFiles(t.Context(), "origin/main", "HEAD")), []string{"dir/main.tf"})

	var remote *RemoteError
	if _, err := m.Remote(t.Context()); !errors.As(err, &remote) {
		t.Errorf("remote: %v", err)
	}
	for what, err := range map[string]error{"fetch": m.Fetch(t.Context(), Refs{}, nil), "maintain": m.Maintain(t.Context(), 0)} {
		if err == nil {
			t.Errorf("%s passed", what)
		}
	}
	if err := m.Keep(t.Context(), []string{first}); err != nil {
		t.Error(err)
	}
	if refs := r.git("for-each-ref", "refs/driftless"); refs != "" {
		t.Errorf("wrote refs: %s", refs)
	}
	if _, _, err := OpenLocal(t.Context(), t.TempDir()); err == nil {
		t.Error("opened a directory that is in no repository")
	}
	if _, _, err := OpenLocal(t.Context(), filepath.Join(t.TempDir(), "nothing")); err == nil {
		t.Error("opened a missing directory")
	}
}

func TestOpenLocalKinds(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	id := r.commit("one", "a", "1", "b", "2")
	beside := func(name string) string { return filepath.Join(filepath.Dir(r.dir), name) }
	r.git("clone", "--quiet", "--bare", r.dir, beside("bare"))
	r.git("clone", "--quiet", "--shared", r.dir, beside("shared"))
	r.git("worktree", "add", "--quiet", "-b", "linked", beside("linked"))
	r.git("config", "uploadpack.allowFilter", "true")
	r.git("clone", "--quiet", "--no-checkout", "--filter=tree:0", "file://"+r.dir, beside("partial"))
	for _, name := range []string{"bare", "shared", "linked", "partial"} {
		m, top := openLocal(t, beside(name))
		if (top == "") != (name == "bare") {
			t.Errorf("%s: the top is %q", name, top)
		}
		tree, err := m.Tree(t.Context(), "HEAD")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if content, err := tree.Read("a"); err != nil || string(content) != "1" {
			t.Errorf("%s: %q, %v", name, content, err)
		}
		if got := must[string](t)(m.Resolve(t.Context(), "HEAD")); got != id {
			t.Errorf("%s: HEAD is %s", name, got)
		}
		if _, err := m.WorkTree(t.Context()); (err == nil) != (name != "bare") {
			t.Errorf("%s: work tree: %v", name, err)
		}
	}
}

func TestWorkTree(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	m, _ := openLocal(t, r.dir)
	if got := must[string](t)(m.WorkTree(t.Context())); got != r.gitIn("", "hash-object", "-t", "tree", "--stdin") {
		t.Errorf("an empty work tree is %s", got)
	}
	r.write("first", "")
	must[string](t)(m.WorkTree(t.Context())) // no commit yet
	r.commit("one", ".gitignore", "*.log\n", "tracked.log", "1", "a", "1", "deleted", "1", "kept/x", "1")
	if got := must[string](t)(m.WorkTree(t.Context())); got != r.git("rev-parse", "HEAD^{tree}") {
		t.Errorf("a clean work tree is %s", got)
	}
	r.write("a", "uncommitted")
	r.write("tracked.log", "uncommitted")
	r.write("ignored.log", "")
	r.write("odd\n\"\xff name", "untracked")
	r.write("dir/.terraform/providers/big", "engine data")
	r.write("staged", "staged")
	r.git("add", "staged")
	if err := os.Remove(filepath.Join(r.dir, "deleted")); err != nil {
		t.Fatal(err)
	}
	before := r.git("status", "--porcelain")
	id := must[string](t)(m.WorkTree(t.Context()))
	if after := r.git("status", "--porcelain"); after != before {
		t.Errorf("the index has changed:\n%s\n%s", before, after)
	}
	tree := must[workspaces.Tree](t)(m.Tree(t.Context(), id))
	var got []string
	walk(t, tree, "", func(path string, e workspaces.Entry) {
		if e.Mode != workspaces.Dir {
			got = append(got, path)
		}
	})
	same(t, "files", got, []string{".gitignore", "a", "first", "kept/x", "odd\n\"\xff name", "staged", "tracked.log"})
	if content, err := tree.Read("a"); err != nil || string(content) != "uncommitted" {
		t.Errorf("a: %q, %v", content, err)
	}
}

func TestAWorkTreeIsMerged(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("one", "a", "1", "b", "1")
	r.commit("two", "b", "2")
	tip := r.git("rev-parse", "HEAD")
	r.git("checkout", "-q", "-b", "work", "HEAD~1")
	r.write("a", "uncommitted")
	m, _ := openLocal(t, r.dir)
	tree := must[string](t)(m.WorkTree(t.Context()))
	commit := must[string](t)(m.CommitTree(t.Context(), tree, "The work tree", r.git("rev-parse", "HEAD")))
	merged := must[MergeResult](t)(m.Merge(t.Context(), tip, commit))
	both := must[workspaces.Tree](t)(m.Tree(t.Context(), merged.Tree))
	for path, want := range map[string]string{"a": "uncommitted", "b": "2"} {
		if got, err := both.Read(path); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if refs := r.git("for-each-ref", "--contains", commit); refs != "" {
		t.Errorf("a ref moved: %s (%v)", refs, first)
	}
}

func TestShallowClone(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("one", "a", "1")
	r.git("branch", "topic")
	second := r.commit("two", "a", "2")
	r.git("checkout", "--quiet", "topic")
	third := r.commit("three", "b", "3")
	shallow := filepath.Join(filepath.Dir(r.dir), "shallow")
	r.git("clone", "--quiet", "--depth=1", "--no-single-branch", "file://"+r.dir, shallow)
	m, _ := openLocal(t, shallow)
	if base, err := m.MergeBase(t.Context(), second, third); !errors.Is(err, errShallow) {
		t.Errorf("merge base: %s, %v", base, err)
	}
	if _, err := m.Merge(t.Context(), second, third); !errors.Is(err, errShallow) || !errors.Is(err, ErrUnrelated) {
		t.Errorf("merge: %v", err)
	}

	mirror := openMirror(t, Options{URL: shallow})
	fetchAll(t, mirror)
	if !mirror.Has(third) || mirror.Has(first) {
		t.Error("a mirror of a shallow clone must have what the clone has")
	}
	if base, err := mirror.MergeBase(t.Context(), second, third); !errors.Is(err, errShallow) {
		t.Errorf("merge base in the mirror: %s, %v", base, err)
	}
}
