package engine

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"
)

// fakeProvider puts a package that nobody starts into a mirror, and returns its hash.
func fakeProvider(t *testing.T, mirror, namespace, text string) (h1 string) {
	t.Helper()
	dir := filepath.Join(mirror, "driftless.test", namespace, "null", "1.0.0", platform)
	write(t, dir, map[string]string{"terraform-provider-null_v1.0.0": text})
	if err := os.Chmod(filepath.Join(dir, "terraform-provider-null_v1.0.0"), 0o755); err != nil {
		t.Fatal(err)
	}
	h1, err := dirhash.HashDir(dir, "", dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	return h1
}

// usesFake is a root module that needs a provider; with hashes, it has a lock file.
func usesFake(t *testing.T, namespace string, hashes ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, dir, map[string]string{"main.tf": fmt.Sprintf("terraform {\n  required_providers {\n    null = { source = \"driftless.test/%s/null\", version = \"1.0.0\" }\n  }\n}\n", namespace)})
	if len(hashes) > 0 {
		write(t, dir, map[string]string{lockName: fmt.Sprintf("provider \"driftless.test/%s/null\" {\n  version     = \"1.0.0\"\n  constraints = \"1.0.0\"\n  hashes = %s\n}\n", namespace, quoteAll(hashes))})
	}
	return dir
}

// installed is what the provider is that a lock file brings into a run.
func installed(t *testing.T, c *ProviderCache, lock []byte, trusted bool) string {
	t.Helper()
	parsed, err := parseLock(lock)
	if err != nil || len(parsed.Providers) != 1 {
		t.Fatalf("lock file %s, %v", lock, err)
	}
	content, err := os.ReadFile(filepath.Join(c.parts(trusted).have(parsed.Providers[0]), "terraform-provider-null_v1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

var (
	someZH     = "zh:" + strings.Repeat("ab", 32)
	ofAnotherH = "h1:" + base64.StdEncoding.EncodeToString(make([]byte, 32)) // as of another platform
)

// A lock file cannot make the package of one provider that of another, also where all are trusted.
func TestPackageIsOfTheProviderThatItWasDownloadedFor(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		mirror := t.TempDir()
		evil, good := fakeProvider(t, mirror, "evil", "EVIL"), fakeProvider(t, mirror, "good", "GOOD")
		c := newCache(t, t.TempDir(), mirror)
		prepare := func(dir string) ([]byte, error) {
			return c.Prepare(t.Context(), PrepareOptions{Engine: e, Dir: dir, Trusted: true})
		}
		if _, err := prepare(usesFake(t, "evil")); err != nil {
			t.Fatal(report(err))
		}
		if lock, err := prepare(usesFake(t, "good", evil, someZH)); err == nil {
			t.Errorf("the package of one provider was taken for another's:\n%s", lock)
		}
		if lock, err := prepare(usesFake(t, "good", ofAnotherH, someZH)); err == nil {
			t.Errorf("completed by hashes that are not the package's:\n%s", lock)
		}
		lock, err := prepare(usesFake(t, "good", good, someZH))
		if err != nil || installed(t, c, lock, true) != "GOOD" {
			t.Errorf("%v: %s", err, lock)
		}
		if lock, err := prepare(usesFake(t, "good", ofAnotherH, someZH)); err == nil {
			t.Errorf("a hash that only a lock file named is taken for one of the release:\n%s", lock)
		}
	})
}

// What an unmerged pull request brings into the cache, the tracked branch never uses; the other way round is fine.
func TestTrustedRunsUseNothingOfPullRequests(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		mirror := t.TempDir()
		evil := fakeProvider(t, mirror, "good", "EVIL") // the origin serves it only for a while
		c := newCache(t, t.TempDir(), mirror)
		untouched := listing(t, c.trusted.dir)
		prepare := func(trusted bool, dir string) []byte {
			t.Helper()
			lock, err := c.Prepare(t.Context(), PrepareOptions{Engine: e, Dir: dir, Trusted: trusted})
			if err != nil {
				t.Fatal(report(err))
			}
			return lock
		}
		pull := prepare(false, usesFake(t, "good"))
		prepare(false, usesFake(t, "good", evil, someZH))
		if got := installed(t, c, pull, false); got != "EVIL" {
			t.Fatalf("the pull request runs %q", got)
		}
		if now := listing(t, c.trusted.dir); now != untouched {
			t.Errorf("the trusted part was\n%s\nand is\n%s", untouched, now)
		}
		dir := usesFake(t, "good")
		write(t, dir, map[string]string{lockName: string(pull)})
		opts := RootOptions{Engine: e, Dir: dir, DataDir: t.TempDir(), TempDir: t.TempDir(), Providers: c, Trusted: true}
		if _, err := Open(opts); err == nil || !strings.Contains(err.Error(), "call Prepare") {
			t.Errorf("a trusted run uses the view of a pull request: %v", err)
		}
		opts.Trusted = false
		if _, err := Open(opts); err != nil {
			t.Error(err)
		}

		good := fakeProvider(t, mirror, "good", "GOOD")
		tracked := prepare(true, usesFake(t, "good")) // the same requirements, so the same key
		if got := installed(t, c, tracked, true); got != "GOOD" {
			t.Errorf("the tracked branch runs %q", got)
		}
		if lock, err := c.Prepare(t.Context(), PrepareOptions{Engine: e, Dir: usesFake(t, "good", ofAnotherH, someZH), Trusted: true}); err == nil {
			t.Errorf("a hash that a pull request named is taken for one of the release:\n%s", lock)
		}
		if err := os.RemoveAll(mirror); err != nil {
			t.Fatal(err)
		}
		if got := installed(t, c, prepare(false, usesFake(t, "good", good)), false); got != "GOOD" {
			t.Errorf("a pull request does not read what the tracked branch downloaded: %q", got)
		}
		packages := 0
		err := filepath.WalkDir(c.pulls.packages(), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == "terraform-provider-null_v1.0.0" {
				packages++
			}
			return err
		})
		if err != nil || packages != 1 {
			t.Errorf("%d packages of pull requests, %v", packages, err)
		}
	})
}

func TestWhichLockFilesNameAPackage(t *testing.T) {
	t.Parallel()
	before := depLock{Providers: []lockedProvider{
		{Address: "a", Version: "1.0.0", Hashes: []string{"zh:forged", "zh:a"}}, {Address: "b", Version: "1.0.0", Hashes: []string{"zh:b"}}}}
	var k known
	k.learn(lockedProvider{Address: "a", Version: "1.0.0", Hashes: []string{"h1:x", "zh:a", "zh:forged", "zh:signed"}}, before, true)
	k.learn(lockedProvider{Address: "b", Version: "2.0.0", Hashes: []string{"zh:b", "zh:b2"}}, before, true)
	k.learn(lockedProvider{Address: "b", Version: "1.0.0", Hashes: []string{"zh:b"}}, before, false)
	for hashes, want := range map[string]bool{
		"": false, "zh:forged": false, "zh:a": false, "zh:signed zh:other": true, "zh:a zh:forged h1:mac": true, "zh:b": false, "zh:b2": true,
	} {
		if got := k.names(strings.Fields(hashes)); got != want {
			t.Errorf("%q: %v", hashes, got)
		}
	}
	if (known{Sets: [][]string{{}}}).names([]string{"zh:a"}) {
		t.Error("an empty set names any package")
	}
}

func TestPackagePath(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"a.b/c/d": true, "a.b/c": false, "../b/c": false, "x/../a.b/c/d": false, "a.b//c/d": false, "a.b/c/d/e": false, "/a/b/c": false, "": false,
	} {
		if path, err := packagePath(lockedProvider{Address: address, Version: "1.0.0"}); (err == nil) != ok {
			t.Errorf("%q: %q, %v", address, path, err)
		}
	}
	if path, err := packagePath(lockedProvider{Address: "a.b/c", Version: "d/1.0.0"}); err == nil {
		t.Errorf("a version with a slash is %q", path)
	}
}
