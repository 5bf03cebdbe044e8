package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/driftlessops/driftless/workspaces"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// localTree is one tree of a local repository, and what judges it.
type localTree struct {
	mirror *gitrepo.Mirror
	name   string // of the repository
	tree   string // tree or commit id
}

// openLocal opens the repository at or above dir. Without a revision it looks at the work tree, with what is not committed.
func openLocal(ctx context.Context, dir, name, rev string) (l localTree, err error) {
	var top string
	if l.mirror, top, err = gitrepo.OpenLocal(ctx, dir); err != nil {
		return l, err
	}
	if l.name = name; name == "" {
		abs, err := filepath.Abs(top)
		if err != nil {
			return l, err
		}
		l.name = filepath.Base(abs)
	}
	if rev == "" {
		if l.tree, err = l.mirror.WorkTree(ctx); err == nil {
			return l, nil
		}
		rev = "HEAD" // a bare repository has no work tree
	}
	if l.tree, err = l.mirror.Resolve(ctx, rev); err != nil {
		return l, fmt.Errorf("revision %q: %w", rev, err)
	}
	return l, nil
}

// resolve finds the workspaces of a tree; trusted says what they may do ("" = the tree itself).
func (l localTree) resolve(ctx context.Context, tree, trusted string) (*workspaces.Set, error) {
	src := workspaces.Source{Repository: workspaces.Repository{Name: l.name}}
	var err error
	if src.Tree, err = l.mirror.Tree(ctx, tree); err != nil {
		return nil, err
	}
	if trusted != "" {
		if src.Trusted, err = l.mirror.Tree(ctx, trusted); err != nil {
			return nil, err
		}
	}
	return workspaces.Resolve(src)
}

// localSet finds the workspaces of a local repository at a revision.
func localSet(ctx context.Context, dir, name, rev string) (*workspaces.Set, error) {
	l, err := openLocal(ctx, dir, name, rev)
	if err != nil {
		return nil, err
	}
	return l.resolve(ctx, l.tree, "")
}
