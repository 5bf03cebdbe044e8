package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Files tell what lies in a checkout, by path, so that it can be told later what somebody changed there.
type Files map[string]stamp

// stamp tells one file from itself after it was written to: nobody can set the time of the last change. Of a directory it is the mode.
type stamp struct {
	mode         uint32
	inode        uint64
	size         int64
	written, set syscall.Timespec
}

func stampOf(info fs.FileInfo) stamp {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return stamp{}
	}
	if info.IsDir() {
		return stamp{mode: s.Mode}
	}
	return stamp{mode: s.Mode, inode: s.Ino, size: s.Size, written: s.Mtim, set: s.Ctim}
}

// FilesOf looks what lies in a checkout.
func FilesOf(dir string) (Files, error) {
	all := Files{}
	err := below(dir, func(path string, info fs.FileInfo) error {
		all[path] = stampOf(info)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look what is in %s: %w", dir, err)
	}
	return all, nil
}

// below calls f for everything below a directory.
func below(dir string, f func(path string, info fs.FileInfo) error) error {
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		path, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		return f(path, info)
	})
}

// mostRestored is how many files are written anew in a checkout; to make one anew is as good where there are more.
const mostRestored = 100

// Restore makes a checkout of a tree what it was when it was looked at: what came is removed, what changed is written anew. After an
// error the checkout is good for nothing.
func (m *Mirror) Restore(ctx context.Context, tree, dir string, files Files) error {
	if err := m.restore(ctx, tree, dir, files); err != nil {
		return fmt.Errorf("restore the checkout of %s in %s: %w", tree, dir, err)
	}
	return nil
}

func (m *Mirror) restore(ctx context.Context, tree, dir string, files Files) error {
	changed, err := files.changed(dir)
	if err != nil || len(changed) == 0 {
		return err
	} else if len(changed) > mostRestored {
		return fmt.Errorf("%d files changed", len(changed))
	}
	h, err := m.use.shared(ctx)
	if err != nil {
		return err
	}
	defer h.release()
	private, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".partial-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(private) }()
	w := worktree{m: m, held: h, files: dir, index: filepath.Join(private, "index")}
	if _, err := w.stage(ctx, tree); err != nil {
		return err
	}
	if _, err := w.git(ctx, strings.Join(changed, "\x00")+"\x00", "checkout-index", "--force", "--quiet", "--prefix="+dir+"/", "-z", "--stdin"); err != nil {
		return err
	}
	for _, path := range changed {
		info, err := os.Lstat(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		files[path] = stampOf(info)
	}
	return nil
}

// changed removes what is in a directory and was not, and what is not as it was, and returns the files that are missing then.
func (f Files) changed(dir string) (missing []string, err error) {
	there := make(map[string]bool, len(f))
	err = below(dir, func(path string, info fs.FileInfo) error {
		if was, known := f[path]; known && was == stampOf(info) {
			there[path] = true
			return nil
		}
		if err := os.RemoveAll(filepath.Join(dir, path)); err != nil {
			return err
		}
		if info.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for path, was := range f {
		if there[path] {
			continue
		}
		if was.mode&syscall.S_IFMT == syscall.S_IFDIR {
			return nil, errors.New("a directory is not as it was")
		}
		missing = append(missing, path)
	}
	return missing, nil
}
