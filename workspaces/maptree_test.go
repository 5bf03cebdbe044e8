package workspaces

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestMapTreeHasTheIDsOfGit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := map[string]string{"a/b": "1", "a.txt": "2", "a-b/c": "3", "run.sh": "#!/bin/sh\n"}
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(filepath.Join(dir, "run.sh"), 0o755), os.Symlink("../a.txt", filepath.Join(dir, "a/link"))); err != nil {
		t.Fatal(err)
	}
	commit := strings.Repeat("ab", 20)
	var out []byte
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"update-index", "--add", "--cacheinfo", "160000," + commit + ",sub"}, {"write-tree"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		var err error
		if out, err = cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	delete(files, "run.sh")
	tree := NewMapTree(files, MapFile{"run.sh", Executable, "#!/bin/sh\n"}, MapFile{"a/link", Symlink, "../a.txt"}, MapFile{"sub", Submodule, commit})
	if got, want := tree.ID(), strings.TrimSpace(string(out)); got != want {
		t.Errorf("tree id %s, git says %s", got, want)
	}
	if _, err := tree.Lookup("a/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if e, err := tree.Lookup("a"); err != nil || e.Mode != Dir {
		t.Error(e, err)
	}
}
