package examples_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/examples"
)

// TestOnlyWhatIsCommitted wants nothing in the trees that an engine leaves behind, and no lock file of our own provider.
func TestOnlyWhatIsCommitted(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(examples.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if base := d.Name(); base == ".terraform" || base == ".terraform.lock.hcl" || strings.Contains(base, "tfstate") {
			t.Errorf("%s: delete it", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOverlaysReplace wants every file of an act to replace one of the shop, and to change it.
func TestOverlaysReplace(t *testing.T) {
	t.Parallel()
	for _, act := range []string{"acts/01-plan", "acts/02-policy"} {
		dir := t.TempDir()
		if err := examples.Write(dir, "shop"); err != nil {
			t.Fatal(err)
		}
		err := fs.WalkDir(examples.FS, act, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			new, err := fs.ReadFile(examples.FS, path)
			if err != nil {
				return err
			}
			old, err := os.ReadFile(filepath.Join(dir, strings.TrimPrefix(path, act)))
			if err == nil && string(old) == string(new) {
				t.Errorf("%s changes nothing", path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := examples.Write(dir, act); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWriteNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "nothing", "../cloud", "/shop", "shop/driftless.hcl"} {
		dir := filepath.Join(t.TempDir(), "out")
		if err := examples.Write(dir, name); err == nil || !strings.Contains(err.Error(), "there are minimal, monorepo, shop") {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%q: something was written", name)
		}
	}
}
