package workspaces

// Mode is the kind of a tree entry.
type Mode int

// The kinds of entries that a Git tree holds.
const (
	File Mode = iota
	Executable
	Symlink
	Dir
	Submodule
)

// Entry is one name in a directory of a Git tree.
type Entry struct {
	Name string
	Mode Mode
	ID   string // Git object id: a blob, a tree, or the commit of a submodule
}

// Tree is a read-only view of one Git tree. Paths are slash-separated and relative to its root; "" and "." are the root.
// Symbolic links are never followed by a Tree: Read of a link returns its target. A missing path is fs.ErrNotExist.
type Tree interface {
	// ID is the object id of the root tree.
	ID() string
	// List returns the entries of a directory in Git's order. The slice is the caller's own.
	List(dir string) ([]Entry, error)
	// Lookup returns the entry at path without reading its content.
	Lookup(path string) (Entry, error)
	// Read returns the content of the blob at path.
	Read(path string) ([]byte, error)
}
