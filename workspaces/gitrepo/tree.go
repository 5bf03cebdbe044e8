package gitrepo

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/driftlessops/driftless/workspaces"
)

// Tree returns the tree of a revision (commit or tree id). It stays readable while something holds its objects, also
// across Fetch and Maintain; goroutines may share it. A file larger than 64 MiB cannot be read through it.
func (m *Mirror) Tree(ctx context.Context, rev string) (workspaces.Tree, error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return nil, err
	}
	defer h.release()
	id, err := m.resolve(ctx, h, rev, "tree")
	if err != nil {
		return nil, fmt.Errorf("read the tree of %s: %w", rev, err)
	}
	return &tree{m: m, id: id}, nil
}

type tree struct {
	m  *Mirror
	id string
}

func (t *tree) ID() string { return t.id }

func (t *tree) List(dir string) ([]workspaces.Entry, error) {
	e, err := t.Lookup(dir)
	if err != nil {
		return nil, relabel("list", err)
	}
	if e.Mode != workspaces.Dir {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: fmt.Errorf("not a directory: %w", fs.ErrInvalid)}
	}
	d, err := t.m.directory(e.ID)
	if err != nil {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: err}
	}
	return slices.Clone(d.entries), nil
}

func (t *tree) Lookup(name string) (workspaces.Entry, error) {
	at := workspaces.Entry{Mode: workspaces.Dir, ID: t.id}
	if strings.HasPrefix(name, "/") {
		return at, &fs.PathError{Op: "lookup", Path: name, Err: fs.ErrNotExist}
	}
	clean := path.Clean(name)
	if clean == "." {
		return at, nil
	}
	for part := range strings.SplitSeq(clean, "/") {
		if at.Mode != workspaces.Dir {
			return at, &fs.PathError{Op: "lookup", Path: name, Err: fs.ErrNotExist}
		}
		d, err := t.m.directory(at.ID)
		if err != nil {
			return at, &fs.PathError{Op: "lookup", Path: name, Err: err}
		}
		next, ok := d.lookup(part)
		if !ok {
			return at, &fs.PathError{Op: "lookup", Path: name, Err: fs.ErrNotExist}
		}
		at = next
	}
	return at, nil
}

func (t *tree) Read(name string) ([]byte, error) {
	e, err := t.Lookup(name)
	if err != nil {
		return nil, relabel("read", err)
	}
	if e.Mode == workspaces.Dir || e.Mode == workspaces.Submodule {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("not a file: %w", fs.ErrInvalid)}
	}
	content, err := t.m.blob(e.ID)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return content, nil
}

func relabel(op string, err error) error {
	if p, ok := err.(*fs.PathError); ok {
		return &fs.PathError{Op: op, Path: p.Path, Err: p.Err}
	}
	return err
}

// directory reads a tree object that is known to be part of a tree that was there.
func (m *Mirror) directory(id string) (*directory, error) {
	if d := m.objects.trees.get(id); d != nil {
		return d, nil // without the lock: it cannot have changed
	}
	h, err := m.use.shared(context.Background())
	if err != nil {
		return nil, err
	}
	defer h.release()
	d, err := m.objects.tree(id)
	if err == nil {
		return d, nil
	}
	raw, err := m.object(h, "tree", id, err)
	if err != nil {
		return nil, err
	}
	o := &plumbing.MemoryObject{}
	o.SetType(plumbing.TreeObject)
	if _, err := o.Write(raw); err != nil {
		return nil, err
	}
	if d, err = parseTree(o); err == nil {
		m.objects.trees.add(id, d)
	}
	return d, err
}

// blob reads a blob, likewise.
func (m *Mirror) blob(id string) ([]byte, error) {
	h, err := m.use.shared(context.Background())
	if err != nil {
		return nil, err
	}
	defer h.release()
	return m.blobHeld(h, id)
}

func (m *Mirror) blobHeld(h *held, id string) ([]byte, error) {
	content, err := m.objects.blob(id)
	if err == nil || err == errTooLarge {
		return content, err
	}
	return m.object(h, "blob", id, err)
}

// object asks git(1) for what go-git could not read: partial clones fetch on demand, relative alternates are not go-git's.
func (m *Mirror) object(h *held, kind, id string, why error) ([]byte, error) {
	raw, err := m.git(context.Background(), h, "cat-file", kind, id)
	if err != nil {
		m.doubt(fmt.Errorf("%s %s: %w", kind, id, why))
		return nil, fmt.Errorf("%s %s: %w (%v)", kind, id, ErrMissing, why)
	}
	return []byte(raw), nil
}
