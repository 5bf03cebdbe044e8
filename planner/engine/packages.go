package engine

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"
)

// platform is the engine's name for where it runs.
const platform = runtime.GOOS + "_" + runtime.GOARCH

// known is what is recorded beside a package: the address and version that the engine installed it for, and all
// hashes that the engine found to be of that release.
type known struct {
	Address string   `json:"address"`
	Version string   `json:"version"`
	Hashes  []string `json:"hashes"`
}

// packageDir is where the package with an "h1:" hash is kept, or "" when the hash is of another scheme.
func (c *ProviderCache) packageDir(h1 string) string {
	encoded, ok := strings.CutPrefix(h1, "h1:")
	sum, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(sum) != 32 {
		return ""
	}
	return filepath.Join(c.packages(), hex.EncodeToString(sum))
}

// have is the directory of the package of a locked provider for this platform, or "".
func (c *ProviderCache) have(p lockedProvider) string {
	for _, h := range p.Hashes {
		if dir := c.packageDir(h); dir != "" && exists(dir) {
			return dir
		}
	}
	return ""
}

// packagePath is where a package lies in an unpacked mirror and in a plugin cache.
func packagePath(address, version string) (string, error) {
	path := filepath.Join(filepath.FromSlash(address), version, platform)
	if !filepath.IsLocal(path) || strings.Count(filepath.ToSlash(path), "/") != 4 {
		return "", fmt.Errorf("the lock file names a provider %q at version %q, which is none", address, version)
	}
	return path, nil
}

// link makes a mirror of links to the packages in hand.
func (c *ProviderCache) link(mirror string, lock depLock) error {
	for _, p := range lock.Providers {
		dir := c.have(p)
		if dir == "" {
			continue
		}
		path, err := packagePath(p.Address, p.Version)
		if err != nil {
			return err
		}
		path = filepath.Join(mirror, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(dir, path)); err != nil {
			return err
		}
	}
	return nil
}

// store keeps what the engine downloaded into a plugin cache.
func (c *ProviderCache) store(pluginCache string, lock depLock) error {
	for _, p := range lock.Providers {
		rel, err := packagePath(p.Address, p.Version)
		if err != nil {
			return err
		}
		dir, err := filepath.EvalSymlinks(filepath.Join(pluginCache, rel))
		if errors.Is(err, fs.ErrNotExist) {
			continue // locked, and not required any more
		}
		if err == nil {
			err = c.storePackage(dir, known{p.Address, p.Version, p.Hashes})
		}
		if err != nil {
			return fmt.Errorf("keep provider %s %s: %w", p.Address, p.Version, err)
		}
	}
	return nil
}

func (c *ProviderCache) storePackage(dir string, k known) error {
	target := dir
	if !within(c.packages(), dir) {
		h1, err := dirhash.HashDir(dir, "", dirhash.Hash1)
		if err != nil {
			return err
		}
		if !slices.Contains(k.Hashes, h1) {
			return errors.New("it is not what the lock file names")
		}
		if target = c.packageDir(h1); !exists(target) {
			if err := c.add(dir, target); err != nil {
				return err
			}
		}
	}
	if earlier, ok := readKnown(target + ".json"); ok {
		k.Hashes = slices.Concat(k.Hashes, earlier.Hashes)
	}
	slices.Sort(k.Hashes)
	k.Hashes = slices.Compact(k.Hashes)
	record, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return writeFile(target+".json", record)
}

// within reports whether a real path is below dir.
func within(dir, path string) bool {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// add moves a downloaded package into the cache; one that the engine took from a mirror by a link is copied.
func (c *ProviderCache) add(dir, target string) error {
	if within(c.staging(), dir) {
		if err := os.Rename(dir, target); err != nil && !exists(target) {
			return err
		}
		return nil
	}
	tmp, err := os.MkdirTemp(c.staging(), "package-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	if err := copyTree(dir, filepath.Join(tmp, "p")); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(tmp, "p"), target); err != nil && !exists(target) {
		return err
	}
	return nil
}

func readKnown(path string) (known, bool) {
	var k known
	text, err := os.ReadFile(path)
	return k, err == nil && json.Unmarshal(text, &k) == nil
}

// copyTree copies a package; links to files become files. A mirror may be changed in place, so it is not linked.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		return copyFile(path, filepath.Join(to, rel), info.Mode().Perm())
	})
}

func copyFile(from, to string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, mode|0o400)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// missingHashes are this platform's hashes for providers that a lock file names by other hashes of the same release,
// such as the ones that a colleague on another platform committed. They save a download.
func (c *ProviderCache) missingHashes(lock depLock) map[string][]string {
	more := map[string][]string{}
	records, _ := filepath.Glob(filepath.Join(escapeGlob(c.packages()), "*.json"))
	for _, path := range records {
		k, ok := readKnown(path)
		if !ok {
			continue
		}
		sum, err := hex.DecodeString(strings.TrimSuffix(filepath.Base(path), ".json"))
		if err != nil {
			continue
		}
		for _, p := range lock.Providers {
			if p.Address == k.Address && p.Version == k.Version && c.have(p) == "" && sameRelease(p.Hashes, k.Hashes) {
				more[p.Address] = append(more[p.Address], "h1:"+base64.StdEncoding.EncodeToString(sum))
			}
		}
	}
	return more
}

// sameRelease compares the hashes of packed packages: the registry signs all of a release's together.
func sameRelease(a, b []string) bool {
	return slices.ContainsFunc(a, func(h string) bool { return strings.HasPrefix(h, "zh:") && slices.Contains(b, h) })
}
