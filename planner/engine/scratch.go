package engine

import (
	"errors"
	"os"
	"path/filepath"
)

// scratch is a copy of just the configuration files that init reads, so that init can write a lock file.
type scratch struct{ dir string }

func (s scratch) pluginCache() string { return filepath.Join(s.dir, "plugins") }
func (s scratch) mirror() string      { return filepath.Join(s.dir, "mirror") }
func (s scratch) tempDir() string     { return filepath.Join(s.dir, "tmp") }
func (s scratch) cliConfig() string   { return filepath.Join(s.dir, "cli.tfrc") }

// tree is where a directory lies in the copy: below its whole path, so that any "../" leads where it leads outside.
func (s scratch) tree(dir string) string { return filepath.Join(s.dir, "tree", dir) }

// fill copies the modules at dirs, relative to the root module, as links to their files, and writes the lock file.
func (s scratch) fill(root string, dirs []string, lock []byte) error {
	if err := errors.Join(os.Mkdir(s.pluginCache(), 0o755), os.Mkdir(s.mirror(), 0o755), os.Mkdir(s.tempDir(), 0o700)); err != nil {
		return err
	}
	for _, rel := range dirs {
		dir := filepath.Join(root, rel)
		names, err := configFiles(dir)
		if err == nil && rel == "." {
			var tests []string
			tests, err = testFiles(dir)
			names = append(names, tests...)
		}
		if err == nil {
			err = s.link(dir, names)
		}
		if err != nil {
			return err
		}
	}
	if len(lock) == 0 {
		return nil
	}
	return os.WriteFile(filepath.Join(s.tree(root), lockName), lock, 0o600)
}

// link copies a module that exists.
func (s scratch) link(dir string, names []string) error {
	if !exists(dir) {
		return nil
	}
	if err := os.MkdirAll(s.tree(dir), 0o755); err != nil {
		return err
	}
	for _, name := range names {
		target := filepath.Join(s.tree(dir), name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(target), 0o755), os.Symlink(filepath.Join(dir, name), target)); err != nil {
			return err
		}
	}
	return nil
}
