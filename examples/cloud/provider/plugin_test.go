package provider_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/driftlessops/driftless/examples/cloud/provider"
)

func TestIsPlugin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		argv0   string
		environ []string
		want    bool
	}{
		"installed":    {"/mirror/terraform-provider-cloud_v0.1.0", nil, true},
		"cookie":       {"/usr/bin/driftless", []string{"A=b", "TF_PLUGIN_MAGIC_COOKIE=x"}, true},
		"empty cookie": {"/usr/bin/driftless", []string{"TF_PLUGIN_MAGIC_COOKIE="}, false},
		"itself":       {"driftless", []string{"TF_LOG=debug"}, false},
		"nothing":      {"", nil, false},
	} {
		if got := provider.IsPlugin(c.argv0, c.environ); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// TestInstallInParallel wants one file, whole and executable, and nothing else.
func TestInstallInParallel(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "odd name")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := provider.Install(dir); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.Stat(self)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files = append(files, path)
		info, err := d.Info()
		if err == nil && (info.Size() != want.Size() || info.Mode().Perm() != 0o755 || !info.Mode().IsRegular()) {
			t.Errorf("%s: %s, %d bytes of %d", path, info.Mode(), info.Size(), want.Size())
		}
		return err
	})
	if err != nil || len(files) != 1 || !strings.Contains(files[0], filepath.FromSlash("driftless.local/driftless/cloud/0.1.0/")) {
		t.Errorf("installed %q, %v", files, err)
	}
}
