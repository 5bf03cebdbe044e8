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

// known is what is recorded beside a package: which lock files name it by other hashes. One that holds all hashes of
// any of the sets does. A set is a hash that the engine learned when it downloaded the package, from the registry; or
// all hashes of a lock file that the engine found the package to fit, since who wrote them is not known one by one.
type known struct {
	Sets [][]string `json:"sets"`
}

// packageDir is where the package of a locked provider with an "h1:" hash is kept, or "" when there can be none: one that
// was downloaded for another address or version is another package, whatever a lock file says.
func (p part) packageDir(provider lockedProvider, h1 string) string {
	encoded, ok := strings.CutPrefix(h1, "h1:")
	sum, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(sum) != 32 {
		return ""
	}
	path, err := packagePath(provider)
	if err != nil {
		return ""
	}
	return filepath.Join(p.packages(), path, hex.EncodeToString(sum))
}

// have is the directory of the package of a locked provider for this platform, or "".
func (ps parts) have(provider lockedProvider) string {
	for _, h := range provider.Hashes {
		if dir := ps.havePackage(provider, h); dir != "" {
			return dir
		}
	}
	return ""
}

func (ps parts) havePackage(provider lockedProvider, h1 string) string {
	for _, p := range ps {
		if dir := p.packageDir(provider, h1); dir != "" && exists(dir) {
			return dir
		}
	}
	return ""
}

// packagePath is where a package lies in an unpacked mirror and in a plugin cache.
func packagePath(p lockedProvider) (string, error) {
	path := p.Address + "/" + p.Version + "/" + platform
	if !filepath.IsLocal(path) || strings.Count(p.Address, "/") != 2 || strings.Contains(p.Version, "/") || filepath.ToSlash(filepath.Clean(path)) != path {
		return "", fmt.Errorf("the lock file names a provider %q at version %q, which is none", p.Address, p.Version)
	}
	return filepath.FromSlash(path), nil
}

// link makes a mirror of links to the packages in hand.
func (ps parts) link(mirror string, lock depLock) error {
	for _, p := range lock.Providers {
		dir := ps.have(p)
		if dir == "" {
			continue
		}
		path, err := packagePath(p)
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

// store keeps what the engine downloaded into a plugin cache. The lock files are those before and after the download.
func (ps parts) store(pluginCache string, before, after depLock) error {
	for _, p := range after.Providers {
		rel, err := packagePath(p)
		if err != nil {
			return err
		}
		dir, err := filepath.EvalSymlinks(filepath.Join(pluginCache, rel))
		if errors.Is(err, fs.ErrNotExist) {
			continue // locked, and not required any more
		}
		if err == nil && !ps.within(dir) {
			err = ps.storePackage(dir, p, before)
		}
		if err != nil {
			return fmt.Errorf("keep provider %s %s: %w", p.Address, p.Version, err)
		}
	}
	return nil
}

// storePackage keeps one package, and what the download told about it.
func (ps parts) storePackage(dir string, p lockedProvider, before depLock) error {
	h1, err := dirhash.HashDir(dir, "", dirhash.Hash1)
	if err != nil {
		return err
	}
	target := ps.own().packageDir(p, h1)
	if !slices.Contains(p.Hashes, h1) || target == "" {
		return errors.New("it is not what the lock file names")
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	verified := within(ps.own().staging(), dir)
	if ps.havePackage(p, h1) == "" {
		if err := ps.own().add(dir, target); err != nil {
			return err
		}
	}
	k := readKnown(target + ".json")
	k.learn(p, before, verified)
	record, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return writeFile(target+".json", record)
}

// learn takes up what the lock file says after the download of a package, and did not say before. One that was only
// linked to from a mirror is not verified: the engine does not look at hashes of packed packages then.
func (k *known) learn(p lockedProvider, before depLock, verified bool) {
	var old []string
	for _, earlier := range before.Providers {
		if earlier.Address != p.Address {
			continue
		}
		if old = earlier.Hashes; verified && len(old) > 0 && earlier.Version == p.Version {
			k.Sets = append(k.Sets, slices.Sorted(slices.Values(old)))
		}
	}
	for _, h := range p.Hashes {
		if !slices.Contains(old, h) {
			k.Sets = append(k.Sets, []string{h})
		}
	}
	slices.SortFunc(k.Sets, slices.Compare)
	k.Sets = slices.CompactFunc(k.Sets, slices.Equal)
}

// names reports whether a lock file with these hashes names the package.
func (k known) names(hashes []string) bool {
	return slices.ContainsFunc(k.Sets, func(set []string) bool {
		return len(set) > 0 && !slices.ContainsFunc(set, func(h string) bool { return !slices.Contains(hashes, h) })
	})
}

// within reports whether a package is one of the cache's own.
func (ps parts) within(dir string) bool {
	return slices.ContainsFunc(ps, func(p part) bool { return within(p.packages(), dir) })
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
func (p part) add(dir, target string) error {
	if within(p.staging(), dir) {
		if err := os.Rename(dir, target); err != nil && !exists(target) {
			return err
		}
		return nil
	}
	tmp, err := os.MkdirTemp(p.staging(), "package-")
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

// readKnown knows nothing where there is no record, or a broken one: it costs a download.
func readKnown(path string) known {
	var k known
	if text, err := os.ReadFile(path); err != nil || json.Unmarshal(text, &k) != nil {
		return known{}
	}
	return k
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
func (ps parts) missingHashes(lock depLock) map[string][]string {
	more := map[string][]string{}
	for _, provider := range lock.Providers {
		path, err := packagePath(provider)
		if err != nil || ps.have(provider) != "" {
			continue
		}
		for _, p := range ps {
			records, _ := filepath.Glob(filepath.Join(escapeGlob(filepath.Join(p.packages(), path)), "*.json"))
			for _, record := range records {
				sum, err := hex.DecodeString(strings.TrimSuffix(filepath.Base(record), ".json"))
				h1 := "h1:" + base64.StdEncoding.EncodeToString(sum)
				if err == nil && ps.havePackage(provider, h1) != "" && readKnown(record).names(provider.Hashes) {
					more[provider.Address] = append(more[provider.Address], h1)
				}
			}
		}
	}
	return more
}
