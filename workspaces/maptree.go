package workspaces

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // Git's object ids
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// MapFile is an entry of a MapTree that is not a plain file.
type MapFile struct {
	Path    string
	Mode    Mode   // Executable, Symlink or Submodule
	Content string // of the file; target of the link; commit of the submodule
}

// MapTree is a Tree in memory, with the object ids that Git would give. It is for tests, and for trees that never were in Git.
type MapTree struct {
	id    string
	dirs  map[string][]Entry
	blobs map[string]string
}

// NewMapTree returns the tree of the given files (path → content) and other entries.
// It panics on a path that Git could not hold: an empty one, one with "..", or a file that is also a directory.
func NewMapTree(files map[string]string, others ...MapFile) *MapTree {
	t := &MapTree{dirs: map[string][]Entry{".": nil}, blobs: map[string]string{}}
	for p, content := range files {
		t.add(MapFile{Path: p, Mode: File, Content: content})
	}
	for _, f := range others {
		t.add(f)
	}
	t.id = t.seal(".")
	return t
}

func (t *MapTree) add(f MapFile) {
	if !fs.ValidPath(f.Path) || f.Path == "." {
		panic(fmt.Sprintf("MapTree: %q is not a path of a file", f.Path))
	}
	id := f.Content
	if f.Mode != Submodule {
		id = objectID("blob", f.Content)
		t.blobs[f.Path] = f.Content
	}
	t.put(f.Path, f.Mode, id)
}

// put adds an entry to its directory, and the directory to its parents.
func (t *MapTree) put(p string, mode Mode, id string) {
	dir, name := path.Dir(p), path.Base(p)
	if _, isFile := t.blobs[dir]; isFile {
		panic(fmt.Sprintf("MapTree: %q is a file and a directory", dir))
	}
	if _, made := t.dirs[dir]; !made {
		t.dirs[dir] = nil
		t.put(dir, Dir, "")
	}
	if slices.ContainsFunc(t.dirs[dir], func(e Entry) bool { return e.Name == name }) {
		panic(fmt.Sprintf("MapTree: %q is there twice", p))
	}
	t.dirs[dir] = append(t.dirs[dir], Entry{Name: name, Mode: mode, ID: id})
}

// seal sorts a directory as Git does, names its subdirectories, and returns its tree id.
func (t *MapTree) seal(dir string) string {
	entries := t.dirs[dir]
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(sortKey(a), sortKey(b)) })
	var object strings.Builder
	for i := range entries {
		e := &entries[i]
		if e.Mode == Dir {
			e.ID = t.seal(path.Join(dir, e.Name))
		}
		raw, err := hex.DecodeString(e.ID)
		if err != nil {
			raw = []byte(e.ID)
		}
		fmt.Fprintf(&object, "%s %s\x00%s", octal[e.Mode], e.Name, raw)
	}
	return objectID("tree", object.String())
}

var octal = map[Mode]string{File: "100644", Executable: "100755", Symlink: "120000", Dir: "40000", Submodule: "160000"}

func sortKey(e Entry) string {
	if e.Mode == Dir {
		return e.Name + "/"
	}
	return e.Name
}

func objectID(kind, content string) string {
	sum := sha1.Sum([]byte(fmt.Sprintf("%s %d\x00%s", kind, len(content), content))) //nolint:gosec
	return hex.EncodeToString(sum[:])
}

// ID implements Tree.
func (t *MapTree) ID() string { return t.id }

// List implements Tree.
func (t *MapTree) List(dir string) ([]Entry, error) {
	entries, ok := t.dirs[cleanTreePath(dir)]
	if !ok {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: fs.ErrNotExist}
	}
	return slices.Clone(entries), nil
}

// Lookup implements Tree.
func (t *MapTree) Lookup(p string) (Entry, error) {
	p = cleanTreePath(p)
	if p == "." {
		return Entry{Name: ".", Mode: Dir, ID: t.id}, nil
	}
	for _, e := range t.dirs[path.Dir(p)] {
		if e.Name == path.Base(p) {
			return e, nil
		}
	}
	return Entry{}, &fs.PathError{Op: "lookup", Path: p, Err: fs.ErrNotExist}
}

// Read implements Tree.
func (t *MapTree) Read(p string) ([]byte, error) {
	content, ok := t.blobs[cleanTreePath(p)]
	if !ok {
		return nil, &fs.PathError{Op: "read", Path: p, Err: fs.ErrNotExist}
	}
	return []byte(content), nil
}

func cleanTreePath(p string) string { return path.Clean("./" + strings.TrimPrefix(p, "/")) }
