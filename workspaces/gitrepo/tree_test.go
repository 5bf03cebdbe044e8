package gitrepo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/driftlessops/driftless/workspaces"
)

func TestTree(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("dir/sub/main.tf", "resource {}")
	r.write("dir.tf", "x")
	r.write("dir/odd\n\"\xff name", "odd")
	r.write("run.sh", "#!/bin/sh")
	r.git("config", "core.fileMode", "true")
	if err := os.Chmod(filepath.Join(r.dir, "run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("dir/sub", filepath.Join(r.dir, "link")); err != nil {
		t.Fatal(err)
	}
	first := r.commit("one")
	r.git("update-index", "--add", "--cacheinfo", "160000,"+first+",module")
	r.git("commit", "--quiet", "-m", "submodule")
	r.git("tag", "-m", "annotated", "v1")
	m := r.mirror()
	tree := must[workspaces.Tree](t)(m.Tree(t.Context(), "refs/tags/v1"))
	if want := r.git("rev-parse", "HEAD^{tree}"); tree.ID() != want {
		t.Errorf("the tree of a tag is %s, want %s", tree.ID(), want)
	}
	var got []string
	for _, e := range must[[]workspaces.Entry](t)(tree.List("")) {
		got = append(got, fmt.Sprint(e.Name, e.Mode))
	}
	same(t, "root", got, []string{"dir.tf0", "dir3", "link2", "module4", "run.sh1"})
	for path, want := range map[string]string{
		"dir/sub/main.tf": "resource {}", "./dir//sub/../sub/main.tf": "resource {}", "dir/odd\n\"\xff name": "odd", "link": "dir/sub",
	} {
		if content, err := tree.Read(path); err != nil || string(content) != want {
			t.Errorf("%q: %q, %v", path, content, err)
		}
	}
	for _, path := range []string{"nothing", "dir/nothing", "link/main.tf", "run.sh/x", "module/x", "..", "../x", "/dir"} {
		_, looked := tree.Lookup(path)
		_, read := tree.Read(path)
		_, listed := tree.List(path)
		for _, err := range []error{looked, read, listed} {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%q: %v", path, err)
			}
		}
	}
	for _, path := range []string{"", "dir", "module"} {
		if _, err := tree.Read(path); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("read of %q: %v", path, err)
		}
	}
	if _, err := tree.List("run.sh"); err == nil {
		t.Error("listed a file")
	}
	if e, err := tree.Lookup("module"); err != nil || e.ID != first {
		t.Errorf("submodule: %v, %v", e, err)
	}
	if _, err := m.Tree(t.Context(), strings.Repeat("1", 40)); !errors.Is(err, ErrMissing) {
		t.Errorf("missing: %v", err)
	}
}

func TestTreeSeesWhatIsFetchedLater(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("one", "a", "1")
	m := r.mirror()
	if _, err := must[workspaces.Tree](t)(m.Tree(t.Context(), "refs/heads/main")).Read("a"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		want := fmt.Sprint("later ", i)
		id := r.commit("next", "deep/a", want)
		fetchAll(t, m)
		if i == 1 {
			if err := m.Maintain(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
		}
		content, err := must[workspaces.Tree](t)(m.Tree(t.Context(), id)).Read("deep/a")
		if err != nil || string(content) != want {
			t.Errorf("%q, %v", content, err)
		}
	}
}

// fastImport makes a commit of n directories without a file system.
func (r *repo) fastImport(n int) string {
	r.t.Helper()
	var in strings.Builder
	in.WriteString("commit refs/heads/main\ncommitter Ada <ada@example.com> 0 +0000\ndata 1\nx\n")
	for i := range n {
		content := fmt.Sprint("# ", i)
		fmt.Fprintf(&in, "M 100644 inline env%d/app%d/main.tf\ndata %d\n%s\n", i%30, i, len(content), content)
	}
	r.gitIn(in.String(), "fast-import", "--quiet", "--force")
	return r.git("rev-parse", "main")
}

func TestTreeWalksThousandsOfDirectories(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	const dirs = 1300
	id := r.fastImport(dirs)
	m := r.mirror()
	tree := must[workspaces.Tree](t)(m.Tree(t.Context(), id))
	start := time.Now()
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			found := 0
			walk(t, tree, "", func(path string, _ workspaces.Entry) {
				if strings.HasSuffix(path, "main.tf") {
					found++
				}
			})
			if found != dirs {
				t.Errorf("found %d of %d", found, dirs)
			}
		})
	}
	wait.Wait()
	t.Logf("four walks: %v", time.Since(start))
	if content, err := tree.Read("env7/app7/main.tf"); err != nil || string(content) != "# 7" {
		t.Errorf("%q, %v", content, err)
	}
}

func walk(t *testing.T, tree workspaces.Tree, dir string, visit func(string, workspaces.Entry)) {
	entries, err := tree.List(dir)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		path := strings.TrimPrefix(dir+"/"+e.Name, "/")
		if visit(path, e); e.Mode == workspaces.Dir {
			walk(t, tree, path, visit)
		}
	}
}

func TestTreeCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newTreeCache()
	big := &directory{entries: make([]workspaces.Entry, maxCachedEntries/4)}
	for i := range 10 {
		c.add(fmt.Sprint(i), big)
		c.add(fmt.Sprint(i), big)
		if c.entries > maxCachedEntries || c.entries != c.lru.Len()*(1+len(big.entries)) {
			t.Fatalf("%d entries in %d directories", c.entries, c.lru.Len())
		}
	}
	if c.get("9") == nil || c.get("0") != nil {
		t.Error("the oldest must go first")
	}
}

func FuzzParseTree(f *testing.F) {
	id := strings.Repeat("\x01", 20)
	for _, seed := range []string{"", "100644 a\x00" + id, "40000 d\x00" + id + "120000 l\x00" + id, "100644 ../x\x00" + id, "100644 a\x00short"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		o := &plumbing.MemoryObject{}
		o.SetType(plumbing.TreeObject)
		if _, err := o.Write(raw); err != nil {
			t.Fatal(err)
		}
		d, err := parseTree(o)
		if err != nil {
			return
		}
		for _, e := range d.entries {
			if e.Name == "" || e.Name == ".." || strings.ContainsAny(e.Name, "/\x00") || !isID(e.ID) {
				t.Errorf("entry %+v", e)
			}
			if got, ok := d.lookup(e.Name); !ok || got != e {
				t.Errorf("%q is not found", e.Name)
			}
		}
	})
}
