package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// lockName is the dependency lock file of both engines.
const lockName = ".terraform.lock.hcl"

// ProviderCacheOptions say where providers come from.
type ProviderCacheOptions struct {
	Dir     string   // shared cache, absolute
	Mirrors []string // filesystem mirrors that are asked before the registries; what they hold is not asked elsewhere
	Logger  *slog.Logger
}

// ProviderCache is the shared provider cache: downloads go into it under a lock, runs read it as a filesystem mirror.
//
// It has two parts: what trusted runs downloaded, which all runs read, and what pull requests did, which only they read.
// Of each, packages/ADDRESS/VERSION/PLATFORM/HASH holds a provider package as it was downloaded for that address and
// version; views/HASH is a filesystem mirror of links to exactly the packages that one completed lock file names, so
// that a package that was rebuilt under its old version disturbs nobody; locks/KEY.hcl are the completed lock files.
type ProviderCache struct {
	opts           ProviderCacheOptions
	trusted, pulls part
}

// NewProviderCache returns the cache at opts.Dir.
func NewProviderCache(opts ProviderCacheOptions) (*ProviderCache, error) {
	if !filepath.IsAbs(opts.Dir) {
		return nil, fmt.Errorf("engine: new provider cache: %q is not an absolute path", opts.Dir)
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	c := &ProviderCache{
		opts: opts, trusted: part{filepath.Join(opts.Dir, "trusted")}, pulls: part{filepath.Join(opts.Dir, "pulls")},
	}
	for _, p := range c.parts(false) {
		for _, dir := range []string{p.packages(), p.views(), p.locks(), p.staging(), p.viewOf(nil)} {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return nil, fmt.Errorf("engine: new provider cache: %w", err)
			}
		}
		p.sweep()
	}
	return c, nil
}

// parts are what a run reads.
func (c *ProviderCache) parts(trusted bool) parts {
	if trusted {
		return parts{c.trusted}
	}
	return parts{c.trusted, c.pulls}
}

// view is the mirror for the lock file in a module's directory.
func (c *ProviderCache) view(dir string, trusted bool) (string, error) {
	lock, err := readLock(dir)
	if err != nil {
		return "", err
	}
	parts := c.parts(trusted)
	if view := parts.view(lock); view != "" {
		used(view)
		return view, nil
	}
	parsed, err := parseLock(lock)
	if err != nil {
		return "", err
	}
	if len(parsed.Providers) == 0 {
		return parts.view(nil), nil
	}
	return "", fmt.Errorf("the providers of %s are not in the cache: call Prepare and write the lock file that it returns first", lockName)
}

// parts are the parts of the cache that a run reads, in order. It writes into the last.
type parts []part

func (ps parts) own() part { return ps[len(ps)-1] }

// view is the mirror for a completed lock file, or "".
func (ps parts) view(lock []byte) string {
	for _, p := range ps {
		if view := p.viewOf(lock); exists(view) {
			return view
		}
	}
	return ""
}

// part is a directory of packages, views and lock files that runs of one trust made.
type part struct{ dir string }

func (p part) packages() string { return filepath.Join(p.dir, "packages") }
func (p part) views() string    { return filepath.Join(p.dir, "views") }
func (p part) locks() string    { return filepath.Join(p.dir, "locks") }
func (p part) staging() string  { return filepath.Join(p.dir, "staging") }

// viewOf is where the mirror for a completed lock file is or is to be; an empty one for none.
func (p part) viewOf(lock []byte) string {
	if len(lock) == 0 {
		return filepath.Join(p.views(), "empty")
	}
	sum := sha256.Sum256(lock)
	return filepath.Join(p.views(), hex.EncodeToString(sum[:]))
}

// sweep removes what a process that was killed left behind. A download takes no day.
func (p part) sweep() {
	entries, _ := os.ReadDir(p.staging())
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.RemoveAll(filepath.Join(p.staging(), e.Name()))
		}
	}
}

// readLock returns nil when a module has no lock file.
func readLock(dir string) ([]byte, error) {
	lock, err := readConfig(filepath.Join(dir, lockName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the lock file: %w", err)
	}
	return lock, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
