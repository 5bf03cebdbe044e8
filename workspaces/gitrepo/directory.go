package gitrepo

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/driftlessops/driftless/workspaces"
)

// directory is one parsed tree object.
type directory struct {
	entries []workspaces.Entry // in Git's order
	byName  map[string]int
}

func (d *directory) lookup(name string) (workspaces.Entry, bool) {
	i, ok := d.byName[name]
	if !ok {
		return workspaces.Entry{}, false
	}
	return d.entries[i], true
}

// parseTree reads a tree object. Names that no file system can hold, or that Git refuses to check out, are errors.
func parseTree(o plumbing.EncodedObject) (*directory, error) {
	var t object.Tree
	if err := t.Decode(o); err != nil {
		return nil, fmt.Errorf("tree %s: %w", o.Hash(), err)
	}
	d := &directory{entries: make([]workspaces.Entry, 0, len(t.Entries)), byName: make(map[string]int, len(t.Entries))}
	for _, e := range t.Entries {
		if e.Name == "." || e.Name == ".." || strings.Contains(e.Name, "/") || strings.EqualFold(e.Name, ".git") {
			return nil, fmt.Errorf("tree %s holds the forbidden name %q", o.Hash(), e.Name)
		}
		if _, twice := d.byName[e.Name]; twice {
			return nil, fmt.Errorf("tree %s holds the name %q twice", o.Hash(), e.Name)
		}
		d.byName[e.Name] = len(d.entries)
		d.entries = append(d.entries, workspaces.Entry{Name: e.Name, Mode: modeOf(e.Mode), ID: e.Hash.String()})
	}
	return d, nil
}

func modeOf(mode filemode.FileMode) workspaces.Mode {
	switch mode {
	case filemode.Dir:
		return workspaces.Dir
	case filemode.Symlink:
		return workspaces.Symlink
	case filemode.Submodule:
		return workspaces.Submodule
	case filemode.Executable:
		return workspaces.Executable
	}
	return workspaces.File
}

func contentOf(o plumbing.EncodedObject) ([]byte, error) {
	r, err := o.Reader()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	content := make([]byte, o.Size())
	_, err = io.ReadFull(r, content)
	return content, err
}

// treeCache keeps the directories that were read last. It is bounded by their entries, not by their number: one hostile
// directory may hold a million.
type treeCache struct {
	mu      sync.Mutex
	lru     *simplelru.LRU[string, *directory]
	entries int
}

const maxCachedEntries = 200_000 // some 40 MB

func newTreeCache() *treeCache {
	c := &treeCache{}
	dropped := func(_ string, d *directory) { c.entries -= 1 + len(d.entries) }
	lru, err := simplelru.NewLRU(maxCachedEntries, dropped)
	if err != nil {
		panic(err) // only for a size below one
	}
	c.lru = lru
	return c
}

func (c *treeCache) get(id string) *directory {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, _ := c.lru.Get(id)
	return d
}

func (c *treeCache) add(id string, d *directory) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lru.Contains(id) {
		return
	}
	c.lru.Add(id, d)
	c.entries += 1 + len(d.entries)
	for c.entries > maxCachedEntries && c.lru.Len() > 1 {
		c.lru.RemoveOldest()
	}
}
