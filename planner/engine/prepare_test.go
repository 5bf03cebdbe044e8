package engine

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const usesTiny = `
terraform {
  required_providers {
    tiny = { source = "` + tinyAddress + `" }
  }
}
resource "tiny_thing" "x" { name = "n" }
`

// unpackedMirror holds the test binary as version 1.0.0 of the provider; extra bytes make it another build.
func unpackedMirror(t *testing.T, extra string) string {
	t.Helper()
	mirror := t.TempDir()
	dir := filepath.Join(mirror, tinyAddress, "1.0.0", platform)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "terraform-provider-tiny_v1.0.0")
	if err := copyFile(self, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(binary, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(extra); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return mirror
}

// packedMirror holds the same as a zip file, whose lock file hash it returns.
func packedMirror(t *testing.T) (mirror, zh string) {
	t.Helper()
	mirror = t.TempDir()
	dir := filepath.Join(mirror, tinyAddress)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	header := &zip.FileHeader{Name: "terraform-provider-tiny_v1.0.0", Method: zip.Store}
	header.SetMode(0o755)
	w, err := z.CreateHeader(header)
	if err == nil {
		_, err = io.Copy(w, bytes.NewReader(binary))
	}
	if err == nil {
		err = z.Close()
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "terraform-provider-tiny_1.0.0_"+platform+".zip"), out.Bytes(), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(out.Bytes())
	return mirror, "zh:" + hex.EncodeToString(sum[:])
}

func newCache(t *testing.T, dir string, mirrors ...string) *ProviderCache {
	t.Helper()
	c, err := NewProviderCache(ProviderCacheOptions{Dir: dir, Mirrors: mirrors})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (g *rig) prepare(c *ProviderCache) []byte {
	g.t.Helper()
	lock, err := c.Prepare(g.t.Context(), PrepareOptions{Engine: g.opts.Engine, Dir: g.opts.Dir, Mask: g.opts.Mask, Log: g.log})
	if err != nil {
		g.t.Fatal(report(err))
	}
	return lock
}

func TestPrepareThenPlanFromTheCacheOnly(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		mirror := unpackedMirror(t, "")
		c := newCache(t, t.TempDir(), mirror)
		g := newRig(t, e, map[string]string{
			"main.tf":          `module "m" { source = "../shared/m" }`,
			"../shared/m/m.tf": usesTiny,
		})
		before := listing(t, filepath.Dir(g.opts.Dir))
		lock := g.prepare(c)
		if again := g.prepare(c); !bytes.Equal(lock, again) || strings.Count(g.text(), "Installing") != 1 {
			t.Errorf("prepared twice:\n%s", g.text())
		}
		if after := listing(t, filepath.Dir(g.opts.Dir)); after != before {
			t.Errorf("the checkout was\n%s\nand is\n%s", before, after)
		}
		if !strings.Contains(string(lock), tinyAddress) || !strings.Contains(string(lock), "h1:") {
			t.Fatalf("lock file: %s", lock)
		}
		g.opts.Providers = c
		write(t, g.opts.Dir, map[string]string{lockName: string(lock)})
		if err := os.RemoveAll(mirror); err != nil {
			t.Fatal(err)
		}
		if again := g.prepare(c); !bytes.Equal(lock, again) || strings.Count(g.text(), "Installing") != 1 {
			t.Errorf("a completed lock file was prepared again:\n%s", g.text())
		}
		var wg sync.WaitGroup
		for range 3 {
			opts, base := g.opts, t.TempDir()
			opts.DataDir, opts.TempDir = filepath.Join(base, "data"), filepath.Join(base, "tmp")
			wg.Go(func() {
				r, err := Open(opts)
				if err == nil {
					err = r.Plan(t.Context(), PlanOptions{Out: filepath.Join(base, "plan")})
				}
				if err != nil {
					t.Error(report(err))
				}
			})
		}
		wg.Wait()
	})
}

func TestRebuiltProviderDisturbsNobody(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		cache := t.TempDir()
		var rigs []*rig
		for _, build := range []string{"one", "two"} {
			c := newCache(t, cache, unpackedMirror(t, build))
			g := newRig(t, e, map[string]string{"main.tf": usesTiny})
			write(t, g.opts.Dir, map[string]string{lockName: string(g.prepare(c))})
			g.opts.Providers = c
			rigs = append(rigs, g)
		}
		for _, g := range rigs {
			g.plan(g.open())
		}
		if a, b := rigs[0].lockFile(), rigs[1].lockFile(); a == b {
			t.Error("two builds have one lock file")
		}
	})
}

func (g *rig) lockFile() string {
	g.t.Helper()
	lock, err := readLock(g.opts.Dir)
	if err != nil {
		g.t.Fatal(err)
	}
	return string(lock)
}

// A lock file that was made on another platform holds hashes of the packed packages and that platform's own.
func TestPrepareCompletesALockFileOfAnotherPlatform(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		mirror, zh := packedMirror(t)
		lock := func(comment string) string {
			return fmt.Sprintf("# %s\nprovider %q {\n  version = \"1.0.0\"\n  hashes = [\n    \"h1:%s=\",\n    %q,\n  ]\n}\n", comment, tinyAddress, strings.Repeat("A", 43), zh)
		}
		c := newCache(t, t.TempDir(), mirror)
		for i, comment := range []string{"first", "second"} {
			if i == 1 { // what is known needs no mirror and no registry
				c = newCache(t, c.opts.Dir)
			}
			g := newRig(t, e, map[string]string{"main.tf": usesTiny, lockName: lock(comment)})
			g.opts.Providers = c
			if _, err := Open(g.opts); err == nil || !strings.Contains(err.Error(), "call Prepare") {
				t.Errorf("opened with a lock file that was not prepared: %v", err)
			}
			completed := g.prepare(c)
			if !strings.Contains(string(completed), zh) || strings.Count(string(completed), "h1:") != 2 {
				t.Fatalf("completed: %s\n%s", completed, g.text())
			}
			if downloaded := strings.Contains(g.text(), "Installing"); downloaded != (i == 0) {
				t.Errorf("%s: downloaded %v:\n%s", comment, downloaded, g.text())
			}
			write(t, g.opts.Dir, map[string]string{lockName: string(completed)})
			g.plan(g.open())
		}
	})
}

func TestPrepareWithoutExternalProvidersRunsNothing(t *testing.T) {
	t.Parallel()
	c := newCache(t, t.TempDir())
	g := newRig(t, Engine{Terraform, "1.11.4", "/nonexistent"}, map[string]string{"main.tf": "module \"a\" {\n source = \"./a\"\n}\n", "a/a.tf": `resource "terraform_data" "x" {}`})
	if lock := g.prepare(c); lock != nil {
		t.Errorf("lock file %s", lock)
	}
	g.opts.Providers = c
	g.open()
}

func TestPrepareSaysWhatTheEngineSays(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		c := newCache(t, t.TempDir(), unpackedMirror(t, ""))
		g := newRig(t, e, map[string]string{"main.tf": strings.Replace(usesTiny, `tiny" }`, `tiny", version = "2.0.0" }`, 1)})
		_, err := c.Prepare(t.Context(), PrepareOptions{Engine: e, Dir: g.opts.Dir, Log: g.log})
		if failed := mustFail(t, err); !strings.Contains(failed.Output, "2.0.0") || !strings.Contains(g.text(), "2.0.0") {
			t.Error(report(err))
		}
		if left, err := os.ReadDir(c.pulls.staging()); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
}

// Init installs what the modules need that tests run: those must be there, and their providers in the lock file.
func TestPrepareBringsTheModulesOfTests(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		c := newCache(t, t.TempDir(), unpackedMirror(t, ""))
		const helper = `resource "terraform_data" "setup" {}`
		for name, files := range map[string]map[string]string{
			"no provider":        {"tests/setup/main.tf": helper},
			"one more provider":  {"tests/setup/main.tf": usesTiny},
			"calls another":      {"tests/setup/main.tf": `module "m" { source = "../../../shared" }`, "../shared/m.tf": usesTiny},
			"as JSON":            {"tests/setup/main.tf": usesTiny, "tests/a.tftest.hcl": "", "a.tftest.json": `{"run":{"setup":{"module":{"source":"./tests/setup"}}}}`},
			"and one of its own": {"main.tf": usesTiny, "tests/setup/main.tf": helper},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				g := newRig(t, e, map[string]string{
					"main.tf":            `resource "terraform_data" "x" {}`,
					"tests/a.tftest.hcl": "run \"setup\" {\n  module {\n    source = \"./tests/setup\"\n  }\n}\n",
				})
				write(t, g.opts.Dir, files)
				if lock := g.prepare(c); len(lock) > 0 {
					write(t, g.opts.Dir, map[string]string{lockName: string(lock)})
				}
				g.opts.Providers = c
				g.plan(g.open())
			})
		}
	})
}

func TestPrepareTellsWhatToTryLater(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		registry := httptest.NewServer(http.NotFoundHandler())
		address := strings.TrimPrefix(registry.URL, "http://")
		registry.Close()
		for source, want := range map[string]bool{address + "/acme/tiny": true, tinyAddress: false} {
			g := newRig(t, e, map[string]string{"main.tf": strings.Replace(usesTiny, tinyAddress+`" }`, source+`", version = "2.0.0" }`, 1)})
			c := newCache(t, t.TempDir(), unpackedMirror(t, ""))
			_, err := c.Prepare(t.Context(), PrepareOptions{Engine: e, Dir: g.opts.Dir})
			if failed := mustFail(t, err); failed.Temporary != want {
				t.Errorf("%s: temporary %v: %s", source, failed.Temporary, report(err))
			}
		}
	})
}

func TestReadModules(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"root/main.tf":            `module "self" { source = "../root" }` + "\n" + `module "b" { source = "../b" }` + "\n" + `module "far" { source = "acme/x/y" }`,
		"root/j.tf.json":          `{"provider":{"aws":{"region":"x"}}}`,
		"b/b.tf":                  `module "c" { source = "./c" }`,
		"b/c/c.tf":                "terraform {\n required_providers {\n r = { source = \"acme/r\", version = \">= 1\" }\n}\n}",
		"root/tests/a.tftest.hcl": `run "r" {` + "\n" + `module { source = "./t" }` + "\n}",
		"root/t/t.tf":             `module "b" { source = "../../b" }`,
		"b/tests/a.tftest.hcl":    "not read",
		"root/tests/helper.tf":    "",
		"root/x.tofu":             "",
		"root/.hidden.tf":         "broken",
	})
	m, err := readModules(filepath.Join(dir, "root"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(m.dirs), "[. ../b t ../b/c]"; got != want {
		t.Errorf("dirs %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(m.Providers, m.Remote), "[aws|| r|acme/r|>= 1] [acme/x/y|]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(m.Files) != 2 || !m.external() {
		t.Errorf("files %v", m.Files)
	}
}

func TestPrepareDoesNotReadWithoutEnd(t *testing.T) {
	t.Parallel()
	c := newCache(t, t.TempDir())
	for _, name := range []string{"main.tf", lockName} {
		g := newRig(t, Engine{Terraform, "1.11.4", "/nonexistent"}, nil)
		if err := os.Symlink("/dev/zero", filepath.Join(g.opts.Dir, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Prepare(t.Context(), PrepareOptions{Engine: g.opts.Engine, Dir: g.opts.Dir}); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
			t.Error(err)
		}
	}
}

func TestMirroredTypes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "odd [name]*")
	for _, path := range []string{"registry.terraform.io/hashicorp/aws/1.0.0", "a.b/c/d", "lost+found/x/y"} {
		if err := os.MkdirAll(filepath.Join(dir, path), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(mirroredTypes(dir)); got != "[a.b/c/d registry.terraform.io/hashicorp/aws]" {
		t.Error(got)
	}
	config := installFromMirrors([]string{dir, "/none"})
	for _, want := range []string{`odd [name]*"`, `exclude = ["a.b/c/d", "registry.terraform.io/hashicorp/aws"]`} {
		if !strings.Contains(config, want) {
			t.Errorf("%q is not in\n%s", want, config)
		}
	}
}

func FuzzLockFile(f *testing.F) {
	f.Add([]byte("provider \"a.b/c/d\" {\n  version = \"1.0.0\"\n  constraints = \">= 1\"\n  hashes = [\"h1:x=\", \"zh:00\"]\n}\n"))
	f.Add([]byte("provider \"../../../x\" {\n}\nother {}\n"))
	f.Fuzz(func(t *testing.T, lock []byte) {
		parsed, err := parseLock(lock)
		if err != nil {
			return
		}
		more := map[string][]string{}
		for _, p := range parsed.Providers {
			more[p.Address] = []string{"h1:new"}
			if path, err := packagePath(p); err == nil && !filepath.IsLocal(path) {
				t.Errorf("%q leads outside", path)
			}
		}
		completed, err := addHashes(lock, more)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseLock(completed); err != nil {
			t.Errorf("%q: %v", completed, err)
		}
	})
}
