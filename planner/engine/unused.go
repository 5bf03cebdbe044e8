package engine

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// used marks a directory or file as used now, at most once an hour.
func used(path string) {
	if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > time.Hour {
		now := time.Now()
		_ = os.Chtimes(path, now, now)
	}
}

// Unused lists what was installed into a data directory and not used since a time: engines, views and lock files of
// providers, and packages that no view that stays links to. What is removed is downloaded again when it is needed.
func Unused(dataDir string, since time.Time) (paths []string) {
	engines := filepath.Join(dataDir, "engines")
	for _, dir := range []string{engines, filepath.Join(engines, "pulls")} {
		for _, kind := range []Kind{Terraform, OpenTofu} {
			paths = append(paths, oldEntries(filepath.Join(dir, string(kind)), since, func(e fs.DirEntry) bool { return e.IsDir() })...)
		}
	}
	for _, p := range providerParts(filepath.Join(dataDir, "providers")) {
		paths = append(paths, oldEntries(p.locks(), since, func(e fs.DirEntry) bool { return strings.HasSuffix(e.Name(), ".hcl") })...)
		paths = append(paths, oldEntries(p.views(), since, func(e fs.DirEntry) bool { return e.Name() != "empty" })...)
	}
	return append(paths, unusedPackages(filepath.Join(dataDir, "providers"), since)...)
}

func providerParts(dir string) parts {
	return parts{{filepath.Join(dir, "trusted")}, {filepath.Join(dir, "pulls")}}
}

// oldEntries lists the entries of a directory that are older than a time.
func oldEntries(dir string, since time.Time, want func(fs.DirEntry) bool) (paths []string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && want(e) && info.ModTime().Before(since) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths
}

// unusedPackages lists old packages, with what is recorded beside them, that only old views link to.
func unusedPackages(dir string, since time.Time) (paths []string) {
	linked := map[string]bool{}
	for _, p := range providerParts(dir) {
		entries, _ := os.ReadDir(p.views())
		for _, e := range entries {
			info, err := e.Info()
			if err != nil || info.ModTime().Before(since) {
				continue
			}
			links, _ := filepath.Glob(filepath.Join(escapeGlob(filepath.Join(p.views(), e.Name())), "*", "*", "*", "*", "*"))
			for _, link := range links {
				if target, err := os.Readlink(link); err == nil {
					linked[target] = true
				}
			}
		}
	}
	for _, p := range providerParts(dir) {
		packages, _ := filepath.Glob(filepath.Join(escapeGlob(p.packages()), "*", "*", "*", "*", "*", "*"))
		for _, path := range packages {
			info, err := os.Stat(path)
			if err == nil && info.ModTime().Before(since) && !linked[strings.TrimSuffix(path, ".json")] {
				paths = append(paths, path)
			}
		}
	}
	return paths
}
