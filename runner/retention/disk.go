package retention

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/driftlessops/driftless/runner"
)

const day = 24 * time.Hour

// Disk is what driftless keeps on the disk beside its database.
type Disk struct {
	Dir      string                         // the data directory
	Temp     string                         // where temporary directories are; "" = none are looked at
	Mirrored func(mirror string) bool       // whether a mirror's directory is of a repository that is configured
	Unused   func(since time.Time) []string // engines and providers that nothing used since
}

// sweep removes the directories that nothing uses any more. States that an engine left behind never go by themselves.
func (d *Disk) sweep(ctx context.Context, p *pass) error {
	since := p.before(p.k.opts.Keep.Unused)
	keys, err := d.workspaceKeys(ctx, p)
	if err != nil {
		return err
	}
	paths := slices.Concat(
		d.old("mirrors", since, func(name string) bool { return !d.Mirrored(name) }),
		d.old("data", since, func(name string) bool { return !keys[name] }),
		d.old("work", since, func(name string) bool { return !keys[name] && !d.holdsState(name) }),
		d.Unused(since), d.temporary(since))
	runs, keep, err := d.runs(ctx, p)
	problems := []error{err}
	for _, path := range append(paths, runs...) {
		size := sizeOf(path)
		if err := p.remove(func() error { return d.remove(path, keep[path]) }); err != nil {
			problems = append(problems, err)
			continue
		}
		p.removed.Paths, p.removed.PathBytes = p.removed.Paths+1, p.removed.PathBytes+size
	}
	return errors.Join(append(problems, ctx.Err())...)
}

// remove removes a directory; what an apply left there that is on no record is kept elsewhere.
func (d *Disk) remove(path string, keep bool) error {
	if keep {
		if _, err := runner.KeepApply(d.Dir, filepath.Base(path)); err != nil {
			return err
		}
	}
	return os.RemoveAll(path)
}

// old lists the entries of a directory that were last changed before a time.
func (d *Disk) old(dir string, since time.Time, unused func(name string) bool) (paths []string) {
	entries, _ := os.ReadDir(filepath.Join(d.Dir, dir))
	for _, e := range entries {
		path := filepath.Join(d.Dir, dir, e.Name())
		if unused(e.Name()) && changed(path).Before(since) {
			paths = append(paths, path)
		}
	}
	return paths
}

// changed is when a directory or what lies directly in it was last changed.
func changed(path string) (last time.Time) {
	entries, _ := os.ReadDir(path)
	for _, name := range append([]string{"."}, names(entries)...) {
		if info, err := os.Lstat(filepath.Join(path, name)); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

func names(entries []os.DirEntry) (all []string) {
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// workspaceKeys are the names of the directories of the workspaces that are on record.
func (d *Disk) workspaceKeys(ctx context.Context, p *pass) (map[string]bool, error) {
	keys := map[string]bool{}
	err := p.k.opts.Store.View(ctx, func(tx runner.Tx) error {
		all, err := tx.Workspaces(runner.WorkspaceFilter{})
		for _, w := range all {
			keys[runner.WorkspaceKey(w.ID)] = true
		}
		return err
	})
	return keys, err
}

// holdsState reports whether an engine left a state in a work directory.
func (d *Disk) holdsState(name string) (holds bool) {
	_ = filepath.WalkDir(filepath.Join(d.Dir, "work", name), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(e.Name(), ".tfstate") {
			holds = true
			return fs.SkipAll
		}
		return nil
	})
	return holds
}

// runs lists the directories of runs whose result is on record since a day, and those of runs that are not on record. What
// somebody works in stays.
func (d *Disk) runs(ctx context.Context, p *pass) (paths []string, keep map[string]bool, err error) {
	keep = map[string]bool{}
	for _, path := range d.old("runs", p.before(day), func(name string) bool { return runName.MatchString(name) }) {
		err = p.k.opts.Store.View(ctx, func(tx runner.Tx) error {
			run, what, err := runner.LeftIn(tx, path)
			if err != nil {
				return err
			}
			if keep[path] = what == runner.Keep; keep[path] || what == runner.Remove && (run.ID == 0 || !waits(run) && touched(run).Before(p.before(day))) {
				paths = append(paths, path)
			}
			return nil
		})
		if err != nil {
			return paths, keep, err
		}
	}
	return paths, keep, nil
}

// runName is the name of a run's directory.
var runName = regexp.MustCompile(`^[0-9]+$`)

// ours are the names of temporary directories that driftless makes.
var ours = regexp.MustCompile(`^driftless(-index-|-ssh-|-plan-|-)?[0-9]+$`)

// temporary lists what a process of the same user that was killed left among the temporary directories.
func (d *Disk) temporary(since time.Time) (paths []string) {
	if d.Temp == "" {
		return nil
	}
	entries, _ := os.ReadDir(d.Temp)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() || !ours.MatchString(e.Name()) || !ownedByUs(info) {
			continue
		}
		if path := filepath.Join(d.Temp, e.Name()); changed(path).Before(since) {
			paths = append(paths, path)
		}
	}
	return paths
}

func ownedByUs(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == os.Getuid()
}

// sizeOf is how many bytes the files below a path have.
func sizeOf(path string) (total int64) {
	_ = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil
		}
		if info, err := e.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}

// Room is how many bytes the disk of a directory has, and how many are left for this user.
func Room(dir string) (size, free int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, fmt.Errorf("room on the disk of %s: %w", dir, err)
	}
	block := uint64(s.Bsize)
	return int64(s.Blocks * block), int64(s.Bavail * block), nil
}
