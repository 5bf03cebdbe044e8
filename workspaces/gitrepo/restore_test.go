package gitrepo

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestRestore: whatever code does in a checkout, it is restored to what it was, or said to be good for nothing.
func TestRestore(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	if err := os.Symlink("a.tf", filepath.Join(r.dir, "link")); err != nil {
		t.Fatal(err)
	}
	r.commit("first", "a.tf", "a", "dir/b.tf", "b", "dir/deep/c.tf", "c", "run.sh", "#!/bin/sh\n")
	m := r.mirror()
	tree := r.git("rev-parse", "HEAD^{tree}")
	in := func(dir, name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	for name, test := range map[string]struct {
		change func(dir string) error
		lost   bool
	}{
		"nothing":       {change: func(string) error { return nil }},
		"a new file":    {change: func(dir string) error { return os.WriteFile(in(dir, "dir/new.tf"), []byte("x"), 0o600) }},
		"a new tree":    {change: func(dir string) error { return os.MkdirAll(in(dir, "dir/x/y/.git"), 0o700) }},
		"another file":  {change: func(dir string) error { return os.WriteFile(in(dir, "dir/b.tf"), []byte("other"), 0o600) }},
		"a mode":        {change: func(dir string) error { return os.Chmod(in(dir, "a.tf"), 0o755) }},
		"a file less":   {change: func(dir string) error { return os.Remove(in(dir, "dir/deep/c.tf")) }},
		"another link":  {change: func(dir string) error { return relink(in(dir, "link"), "/etc/passwd") }},
		"a link, too":   {change: func(dir string) error { return relink(in(dir, "a.tf"), "dir/b.tf") }},
		"a dir instead": {change: func(dir string) error { _ = os.Remove(in(dir, "a.tf")); return os.Mkdir(in(dir, "a.tf"), 0o700) }},
		"a dir less":    {change: func(dir string) error { return os.RemoveAll(in(dir, "dir/deep")) }, lost: true},
		"a dir's mode":  {change: func(dir string) error { return os.Chmod(in(dir, "dir"), 0o500) }, lost: true},
		"a linked dir":  {change: func(dir string) error { _ = os.RemoveAll(in(dir, "dir")); return relink(in(dir, "dir"), "/etc") }, lost: true},
		"the same size": {change: func(dir string) error {
			info, err := os.Stat(in(dir, "a.tf"))
			if err != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond) // the grain of a file system's clock
			if err := os.WriteFile(in(dir, "a.tf"), []byte("z"), 0o600); err != nil {
				return err
			}
			return os.Chtimes(in(dir, "a.tf"), info.ModTime(), info.ModTime())
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, fresh := filepath.Join(t.TempDir(), "work"), filepath.Join(t.TempDir(), "fresh")
			for _, d := range []string{dir, fresh} {
				if _, err := m.Checkout(t.Context(), tree, d); err != nil {
					t.Fatal(err)
				}
			}
			files := must[Files](t)(FilesOf(dir))
			for range 2 {
				if err := test.change(dir); err != nil {
					t.Fatal(err)
				}
				if err := m.Restore(t.Context(), tree, dir, files); (err != nil) != test.lost {
					t.Fatal(err)
				} else if test.lost {
					return
				}
				if got, want := contentOfAll(t, dir), contentOfAll(t, fresh); !maps.Equal(got, want) {
					t.Errorf("%v, want %v", got, want)
				}
			}
		})
	}
}

func relink(name, to string) error {
	_ = os.RemoveAll(name)
	return os.Symlink(to, name)
}

// contentOfAll is what lies below a directory: the mode of each, and what is in it or where it leads.
func contentOfAll(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for path, s := range must[Files](t)(FilesOf(dir)) {
		mode := os.FileMode(s.mode)
		name := filepath.Join(dir, path)
		text := mode.String()
		if to, err := os.Readlink(name); err == nil {
			text += " → " + to
		} else if data, err := os.ReadFile(name); err == nil {
			text += " " + string(data)
		}
		all[path] = text
	}
	return all
}
