package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// spares are checkouts that applies have left and the next ones of the same trees take: to look whether thousands of files are as they
// were, for each workspace of a merge, is much faster than to write them anew.
type spares struct {
	dir  string
	most int

	mu   sync.Mutex
	made int // so many were, of which the names are
	all  []spare
}

// spare is a checkout in which nobody works.
type spare struct {
	path string
	own  *own
}

// own is the checkout of one apply.
type own struct {
	mirror     *gitrepo.Mirror
	repo, tree string
	files      gitrepo.Files
}

// spareTime is how long it may take to make a checkout ready for the next apply.
const spareTime = time.Minute

// private makes a writable checkout at path, in place of what is there.
func (s *spares) private(ctx context.Context, mirror *gitrepo.Mirror, repo, tree, path string) (*own, error) {
	if err := errors.Join(os.RemoveAll(path), os.MkdirAll(filepath.Dir(path), 0o700)); err != nil {
		return nil, err
	}
	for {
		old, ok := s.take(repo, tree)
		if !ok {
			break
		}
		// It is looked at once more: what an apply left running may have written since.
		if mirror.Restore(ctx, tree, old.path, old.own.files) == nil && os.Rename(old.path, path) == nil {
			return old.own, nil
		}
		_ = os.RemoveAll(old.path)
	}
	if _, err := mirror.Checkout(ctx, tree, path); err != nil {
		return nil, fmt.Errorf("check out %.8s: %w", tree, err)
	}
	files, err := gitrepo.FilesOf(path)
	return &own{mirror, repo, tree, files}, err
}

// clear removes them all. What a process leaves that is killed goes with the shared checkouts when the next one begins.
func (s *spares) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = nil
	_ = os.RemoveAll(s.dir)
}

// take returns a spare checkout of a tree.
func (s *spares) take(repo, tree string) (found spare, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.all, func(one spare) bool { return one.own.repo == repo && one.own.tree == tree })
	if i < 0 {
		return found, false
	}
	found = s.all[i]
	s.all = slices.Delete(s.all, i, i+1)
	return found, true
}

// leave takes a checkout back that its apply is done with.
func (s *spares) leave(o *own, path string) {
	ctx, cancel := context.WithTimeout(context.Background(), spareTime)
	defer cancel()
	s.mu.Lock()
	s.made++
	to := filepath.Join(s.dir, strconv.Itoa(s.made))
	s.mu.Unlock()
	err := o.mirror.Restore(ctx, o.tree, path, o.files)
	if err = errors.Join(err, os.MkdirAll(s.dir, 0o700)); err == nil {
		err = os.Rename(path, to)
	}
	if err != nil {
		_ = os.RemoveAll(path)
		return
	}
	s.mu.Lock()
	s.all = append(s.all, spare{to, o})
	var out []spare
	if n := len(s.all) - s.most; n > 0 {
		out, s.all = slices.Clone(s.all[:n]), slices.Delete(s.all, 0, n)
	}
	s.mu.Unlock()
	for _, one := range out {
		_ = os.RemoveAll(one.path)
	}
}
