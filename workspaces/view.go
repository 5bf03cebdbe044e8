package workspaces

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// view is a Tree in which symbolic links are followed and every listing is remembered. It is safe for concurrent use.
type view struct {
	tree    Tree
	mu      sync.Mutex
	lists   map[string][]Entry
	entries int // in lists

	modules  memo[moduleKey, *module]
	plain    memo[string, bool]
	engines  memo[string, bool]
	covers   memo[coverKey, cover]
	globs    memo[string, []Input]
	deep     memo[string, []Input] // targets of links below directories
	ends     memo[[3]string, []Input]
	texts    memo[string, []pathRef] // of templates
	keys     memo[moduleKey, string]
	tools    memo[string, string] // default engines
	versions memo[moduleKey, versionAt]
	inputs   memo[moduleKey, Input]
	ways     memo[string, *walk]
	reached  memo[moduleKey, []*module]
}

// Limits of a tree. A few kilobytes of Git objects can describe a tree without end, whose directories hold each other many times.
const (
	maxEntries = 2_000_000
	maxPath    = 4096 // bytes
)

func newView(t Tree) *view { return &view{tree: t, lists: map[string][]Entry{}} }

// memo remembers the results of a pure function; two callers at once may both compute, and get equal results.
type memo[K comparable, V any] struct {
	mu sync.RWMutex
	m  map[K]V
}

func (m *memo[K, V]) get(key K, find func() V) V {
	m.mu.RLock()
	v, ok := m.m[key]
	m.mu.RUnlock()
	if ok {
		return v
	}
	v = find()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.m == nil {
		m.m = map[K]V{}
	}
	m.m[key] = v
	return v
}

// list returns the entries of a directory whose path holds no links, sorted by name.
func (v *view) list(dir string) ([]Entry, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if entries, ok := v.lists[dir]; ok {
		return entries, nil
	}
	if len(dir) > maxPath || v.entries > maxEntries {
		return nil, fmt.Errorf("list %s: the tree is too large (more than %d entries, or paths longer than %d bytes)", dir[:min(len(dir), 100)], maxEntries, maxPath)
	}
	entries, err := v.tree.List(dir)
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(e Entry) bool {
		return e.Name == "" || e.Name == "." || e.Name == ".." || strings.Contains(e.Name, "/") // Git makes none; an enemy can
	})
	v.entries += len(entries)
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	v.lists[dir] = entries
	return entries, nil
}

func (v *view) entry(dir, name string) (Entry, error) {
	entries, err := v.list(dir)
	if err != nil {
		return Entry{}, err
	}
	i, ok := slices.BinarySearchFunc(entries, name, func(e Entry, n string) int { return strings.Compare(e.Name, n) })
	if !ok {
		return Entry{}, notThere{dir, name}
	}
	return entries[i], nil
}

// notThere is a name that a directory does not hold. Most names that are looked for are not there.
type notThere struct{ dir, name string }

func (e notThere) Error() string {
	return fmt.Sprintf("find %s: %s", path.Join(e.dir, e.name), fs.ErrNotExist)
}

// Unwrap makes it fs.ErrNotExist.
func (e notThere) Unwrap() error { return fs.ErrNotExist }

// leavesError is a path or a link that points out of the repository.
type leavesError struct{ path, target string }

func (e *leavesError) Error() string {
	if e.target == "" {
		return fmt.Sprintf("%s leaves the repository", e.path)
	}
	return fmt.Sprintf("symbolic link %s leaves the repository (it points to %s)", e.path, e.target)
}

// place is where a path ends after all links: the entry there, and the links that were passed.
type place struct {
	path  string
	entry Entry
	links []Input
}

const maxLinks = 40 // as Linux

// follow walks p component by component as the operating system would: ".." after a link is the parent of its target.
// A path below a submodule ends at the submodule.
// Where the directories on the way lead is remembered.
func (v *view) follow(p string) (place, error) {
	if i := strings.LastIndexByte(p, '/'); i > 0 {
		from := v.ways.get(p[:i], func() *walk {
			w := v.begin(p[:i])
			w.err = w.run()
			w.at.links = slices.Clip(w.at.links)
			return w
		})
		if from.err == nil {
			w := walk{v: v, at: from.at, todo: []string{p[i+1:]}, link: p, target: from.target}
			if from.target != "" {
				w.link = from.link
			}
			err := w.run()
			return w.at, err
		}
	}
	w := v.begin(p)
	err := w.run()
	return w.at, err
}

func (v *view) begin(p string) *walk {
	at := place{path: ".", entry: Entry{Name: ".", Mode: Dir, ID: v.tree.ID()}}
	return &walk{v: v, at: at, todo: strings.Split(strings.TrimPrefix(p, "/"), "/"), link: p}
}

func (w *walk) run() error {
	for len(w.todo) > 0 {
		name := w.todo[0]
		w.todo = w.todo[1:]
		if err := w.step(name); err != nil {
			w.at = place{}
			return err
		}
	}
	return nil
}

type walk struct {
	v            *view
	at           place
	todo         []string
	link, target string // the last link passed, for the error
	err          error
}

func (w *walk) step(name string) error {
	switch {
	case name == "" || name == ".":
		return nil
	case name == ".." && w.at.path == ".":
		return &leavesError{path: w.link, target: w.target}
	case w.at.entry.Mode == Submodule:
		return nil
	case w.at.entry.Mode != Dir:
		return &fs.PathError{Op: "open", Path: path.Join(w.at.path, name), Err: fs.ErrNotExist}
	case name == "..":
		return w.to(path.Dir(w.at.path))
	}
	e, err := w.v.entry(w.at.path, name)
	if err != nil {
		return err
	}
	next := path.Join(w.at.path, name)
	if e.Mode != Symlink {
		w.at.path, w.at.entry = next, e
		return nil
	}
	return w.pass(next, e)
}

func (w *walk) to(dir string) error {
	e := Entry{Name: ".", Mode: Dir, ID: w.v.tree.ID()}
	if dir != "." {
		var err error
		if e, err = w.v.entry(path.Dir(dir), path.Base(dir)); err != nil {
			return err
		}
	}
	w.at.path, w.at.entry = dir, e
	return nil
}

func (w *walk) pass(link string, e Entry) error {
	if len(w.at.links) == maxLinks {
		return fmt.Errorf("%s: too many levels of symbolic links", link)
	}
	raw, err := w.v.tree.Read(link)
	if err != nil {
		return fmt.Errorf("read link %s: %w", link, err)
	}
	target := string(raw)
	if len(target) > maxPath {
		return fmt.Errorf("%s: the target of the symbolic link is too long", link)
	}
	w.link, w.target = link, target
	if strings.HasPrefix(target, "/") {
		return &leavesError{path: link, target: target}
	}
	w.at.links = append(w.at.links, Input{Kind: "link", Name: link, ID: e.ID})
	w.todo = append(strings.Split(target, "/"), w.todo...)
	return nil
}

// isMissing reports whether err means that nothing is there, in difference to a tree that cannot be read.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
