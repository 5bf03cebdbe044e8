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
// Below its directory, packages/HASH holds each provider package once, by the hash that lock files know it by;
// views/HASH is a filesystem mirror of links to exactly the packages that one completed lock file names, so that a
// package that was rebuilt under its old version disturbs nobody; locks/KEY.hcl are the completed lock files.
type ProviderCache struct {
	opts ProviderCacheOptions
}

// NewProviderCache returns the cache at opts.Dir.
func NewProviderCache(opts ProviderCacheOptions) (*ProviderCache, error) {
	if !filepath.IsAbs(opts.Dir) {
		return nil, fmt.Errorf("engine: new provider cache: %q is not an absolute path", opts.Dir)
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	c := &ProviderCache{opts: opts}
	for _, dir := range []string{c.packages(), c.views(), c.locks(), c.staging(), c.viewOf(nil)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("engine: new provider cache: %w", err)
		}
	}
	c.sweep()
	return c, nil
}

// sweep removes what a process that was killed left behind. A download takes no day.
func (c *ProviderCache) sweep() {
	entries, _ := os.ReadDir(c.staging())
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.RemoveAll(filepath.Join(c.staging(), e.Name()))
		}
	}
}

func (c *ProviderCache) packages() string { return filepath.Join(c.opts.Dir, "packages") }
func (c *ProviderCache) views() string    { return filepath.Join(c.opts.Dir, "views") }
func (c *ProviderCache) locks() string    { return filepath.Join(c.opts.Dir, "locks") }
func (c *ProviderCache) staging() string  { return filepath.Join(c.opts.Dir, "staging") }

// viewOf is the mirror for a completed lock file; an empty one for none.
func (c *ProviderCache) viewOf(lock []byte) string {
	if len(lock) == 0 {
		return filepath.Join(c.views(), "empty")
	}
	sum := sha256.Sum256(lock)
	return filepath.Join(c.views(), hex.EncodeToString(sum[:]))
}

// view is the mirror for the lock file in a module's directory.
func (c *ProviderCache) view(dir string) (string, error) {
	lock, err := readLock(dir)
	if err != nil {
		return "", err
	}
	view := c.viewOf(lock)
	if exists(view) {
		return view, nil
	}
	parsed, err := parseLock(lock)
	if err != nil {
		return "", err
	}
	if len(parsed.Providers) == 0 {
		return c.viewOf(nil), nil
	}
	return "", fmt.Errorf("the providers of %s are not in the cache: call Prepare and write the lock file that it returns first", lockName)
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
