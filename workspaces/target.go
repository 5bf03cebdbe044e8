package workspaces

import "path"

// target is what a workspace block is about: a directory, and a name when the directory holds several workspaces.
type target struct{ dir, name string }

// target reads label and dir of a workspace block: without dir the label is the directory; with another dir it is the name.
func (b *Block) target() target {
	label := path.Clean(b.Label)
	if b.Dir == "" || path.Clean(b.Dir) == label {
		return target{dir: label}
	}
	return target{dir: path.Clean(b.Dir), name: b.Label}
}

// String returns "dir" or "dir@name".
func (t target) String() string {
	if t.name == "" {
		return t.dir
	}
	return t.dir + "@" + t.name
}

func (t target) id(repository string) ID { return ID(repository + "//" + t.String()) }
