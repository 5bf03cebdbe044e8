package gitrepo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestCheckout(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	odd := "dir/odd\n\"\xff name"
	r.write("dir/main.tf", "x")
	r.write(odd, "odd")
	r.write("-dash", "dash")
	r.write("tool.sh", "#!/bin/sh")
	r.write("export/me", "not ignored")
	r.write(".gitattributes", "export/** export-ignore\nwin text eol=crlf\nlfs filter=lfs\n")
	r.write("win", "a\n")
	r.write("lfs", "pointer")
	if err := os.Chmod(filepath.Join(r.dir, "tool.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	links := map[string]string{
		"in": "dir/main.tf", "dir/up": "../tool.sh", "dangling": "nowhere", "self": "self", "todir": "dir",
		"abs": "/etc/passwd", "out": "../secret", "dir/out": "../../secret", "chain": "abs", "sneaky": "todir/../../x", "via": "todir/out",
		"only/abs": "/etc",
	}
	for path, target := range links {
		full := filepath.Join(r.dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, full); err != nil {
			t.Fatal(err)
		}
	}
	id := r.commit("one")
	r.git("update-index", "--add", "--cacheinfo", "160000,"+id+",module")
	r.git("commit", "--quiet", "-m", "submodule")
	m := r.mirror()
	parent := t.TempDir()
	dir := filepath.Join(parent, "deep", "checkout")
	skipped := must[[]string](t)(m.Checkout(t.Context(), "refs/heads/main", dir))
	escapes := []string{"abs", "chain", "dir/out", "only/abs", "out", "sneaky", "via"}
	same(t, "skipped", skipped, escapes)
	for path, target := range links {
		got, err := os.Readlink(filepath.Join(dir, path))
		if slices.Contains(escapes, path) {
			if content, err := os.ReadFile(filepath.Join(dir, path)); err != nil || len(content) != 0 {
				t.Errorf("%s must be an empty file: %q, %v", path, content, err)
			}
		} else if err != nil || got != target {
			t.Errorf("%s → %q, %v", path, got, err)
		}
	}
	for path, want := range map[string]string{"dir/main.tf": "x", odd: "odd", "-dash": "dash", "export/me": "not ignored", "win": "a\r\n", "lfs": "pointer"} {
		if content, err := os.ReadFile(filepath.Join(dir, path)); err != nil || string(content) != want {
			t.Errorf("%q: %q, %v", path, content, err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "tool.sh")); err != nil || info.Mode()&0o100 == 0 {
		t.Errorf("tool.sh: %v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "module")); err != nil || len(entries) != 0 {
		t.Errorf("the submodule: %v, %v", entries, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
		t.Error("the checkout shows where the mirror is")
	}
	if left, _ := filepath.Glob(filepath.Join(parent, "deep", "*.partial-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestCheckoutsOfOneTreeAreTheSame: the index of the first serves the second.
func TestCheckoutsOfOneTreeAreTheSame(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(".gitattributes", "win text eol=crlf\n")
	r.write("win", "a\n")
	r.write("a/tool.sh", "#!/bin/sh")
	if err := errors.Join(os.Chmod(filepath.Join(r.dir, "a/tool.sh"), 0o755), os.Symlink("a/tool.sh", filepath.Join(r.dir, "link"))); err != nil {
		t.Fatal(err)
	}
	r.commit("one")
	r.git("tag", "first")
	r.write("win", "b\n")
	r.commit("two")
	m := r.mirror()
	list := func(tree string) string {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "checkout")
		if skipped := must[[]string](t)(m.Checkout(t.Context(), tree, dir)); len(skipped) > 0 {
			t.Errorf("skipped %q", skipped)
		}
		var all strings.Builder
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			info, failed := os.Lstat(path)
			content, _ := os.ReadFile(path)
			if failed == nil {
				fmt.Fprintf(&all, "%s %s %q\n", strings.TrimPrefix(path, dir), info.Mode(), content)
			}
			return errors.Join(err, failed)
		})
		if err != nil {
			t.Fatal(err)
		}
		return all.String()
	}
	first, second := r.git("rev-parse", "first^{tree}"), r.git("rev-parse", "HEAD^{tree}")
	one := list(first)
	if again := list(first); again != one || !strings.Contains(one, `"a\r\n"`) || m.indexes.Len() != 1 {
		t.Errorf("%s\nis not\n%s (%d indexes)", again, one, m.indexes.Len())
	}
	if other := list(second); !strings.Contains(other, `"b\r\n"`) || m.indexes.Len() != 2 {
		t.Error(other)
	}
}

func TestCheckoutAppearsOnce(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("one", "a", "1")
	m := r.mirror()
	dir := filepath.Join(t.TempDir(), "c")
	var wait sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 4 {
		wait.Go(func() {
			_, err := m.Checkout(t.Context(), "refs/heads/main", dir)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if made != 1 {
		t.Errorf("made %d times", made)
	}
	empty := r.gitIn("", "hash-object", "-w", "-t", "tree", "--stdin")
	r.git("commit-tree", empty, "-m", "empty")
	none := filepath.Join(t.TempDir(), "none")
	if _, err := m.Checkout(t.Context(), empty, none); err != nil {
		t.Errorf("the empty tree: %v", err)
	}
	if info, err := os.Stat(none); err != nil || !info.IsDir() {
		t.Errorf("the empty tree: %v", err)
	}
}

func TestCheckoutRefusesHostileTrees(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	blob := r.gitIn("x", "hash-object", "-w", "--stdin")
	file := r.treeOf("100644", "config", blob)
	for _, name := range []string{".git", "..", ".GIT"} {
		tree := r.treeOf("40000", name, file)
		commit := r.git("commit-tree", tree, "-m", "hostile")
		r.git("update-ref", "refs/heads/main", commit)
		m := r.mirror()
		parent := t.TempDir()
		if _, err := m.Checkout(t.Context(), commit, filepath.Join(parent, "c")); err == nil {
			t.Errorf("%q was checked out", name)
		}
		if entries, _ := os.ReadDir(parent); len(entries) != 0 {
			t.Errorf("%q left %v behind", name, entries)
		}
	}
}

// treeOf writes a tree of one entry without the checks of mktree.
func (r *repo) treeOf(mode, name, id string) string {
	r.t.Helper()
	var raw strings.Builder
	raw.WriteString(mode + " " + name + "\x00")
	for i := 0; i < len(id); i += 2 {
		raw.WriteByte(unhex(id[i])<<4 | unhex(id[i+1]))
	}
	return r.gitIn(raw.String(), "hash-object", "--literally", "-w", "-t", "tree", "--stdin")
}

func unhex(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

func TestEscaping(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		links map[string]string
		want  []string
	}{
		"none":        {nil, nil},
		"inside":      {map[string]string{"a/b": "../c", "d": ".", "e": "a/../a/./b"}, nil},
		"loop":        {map[string]string{"a": "b", "b": "a", "c": "c/../.."}, nil},
		"top":         {map[string]string{"a": ".."}, []string{"a"}},
		"deep":        {map[string]string{"x/y/z": "../../../q", "x/y/w": "../../q"}, []string{"x/y/z"}},
		"through dir": {map[string]string{"d": "x/y", "l": "d/../../.."}, []string{"l"}},
		"flattened":   {map[string]string{"x/y/flat": "../..", "l": "x/y/flat/.."}, []string{"l"}},
		"absolute":    {map[string]string{"a": "/", "b/c": "../a/etc"}, []string{"a", "b/c"}},
		"empty":       {map[string]string{"a": ""}, nil},
		"too long":    {map[string]string{"a": strings.Repeat("x/", 3000)}, []string{"a"}},
		"NUL":         {map[string]string{"a": "x\x00../.."}, []string{"a"}},
	}
	for name, c := range cases {
		got := escaping(c.links)
		slices.Sort(got)
		same(t, name, got, c.want)
	}
}

// FuzzEscaping compares with the kernel: what escaping lets pass never resolves to something outside.
func FuzzEscaping(f *testing.F) {
	f.Add("a", "..", "b", "a/..", "d/c", "../../x")
	f.Add("d", "x/y", "l", "d/../../..", "e", ".")
	f.Add("a", "b", "b", "a", "c", "/etc")
	f.Fuzz(func(t *testing.T, p1, t1, p2, t2, p3, t3 string) {
		root := filepath.Join(t.TempDir(), "1", "2", "3", "4", "tree")
		if err := os.MkdirAll(filepath.Join(root, "x", "y"), 0o777); err != nil {
			t.Fatal(err)
		}
		links := map[string]string{}
		for _, l := range [][2]string{{p1, t1}, {p2, t2}, {p3, t3}} {
			full := filepath.Join(root, l[0])
			if !filepath.IsLocal(l[0]) || filepath.Clean(l[0]) != l[0] || filepath.Dir(l[0]) != "." && filepath.Dir(l[0]) != "x" || os.Symlink(l[1], full) != nil {
				continue
			}
			links[l[0]] = l[1]
		}
		out := escaping(links)
		for path := range links {
			real, err := filepath.EvalSymlinks(filepath.Join(root, path))
			if err != nil || slices.Contains(out, path) {
				continue
			}
			if rel, err := filepath.Rel(root, real); err != nil || !filepath.IsLocal(rel) {
				t.Errorf("%q leads to %s: %q", path, real, links)
			}
		}
	})
}
