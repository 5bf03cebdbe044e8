// Package examples holds example repositories: trees that driftless can run, for its demo and for end-to-end tests.
package examples

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// FS holds the trees: minimal, monorepo, shop, and acts/NN-NAME, which are laid over shop.
//
//go:embed all:acts all:minimal all:monorepo all:shop
var FS embed.FS

// Write writes the tree that has a name, such as "shop" or "acts/01-plan", into a directory, which it makes if need be.
// Files that are there already are replaced: so one tree is laid over another.
func Write(dir, name string) error {
	tree, err := fs.Sub(FS, name)
	if err == nil {
		_, err = fs.ReadDir(tree, ".")
	}
	if err != nil {
		return fmt.Errorf("write example %q: there is none; there are minimal, monorepo, shop and those in acts", name)
	}
	err = fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(path))
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
	if err != nil {
		return fmt.Errorf("write example %q: %w", name, err)
	}
	return nil
}
