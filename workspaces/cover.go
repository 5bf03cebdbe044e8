package workspaces

import (
	"fmt"
	"path"
	"strings"
)

// cover is what the directory of a module holds for a digest: everything below it that an engine may read without being
// told by name, which is everything but
//   - directories with engine files: they are modules of their own, and count where they are called;
//   - variable files that are not loaded by themselves, which count where var_files names them;
//   - Markdown, files and directories whose names begin with a dot (but a workspace's lock file and version file count),
//     driftless.hcl.
//
// What an expression names counts in any case.
type cover struct {
	inputs   []Input
	problems []string // links that leave the repository
}

type coverKey struct {
	dir  string
	root bool // of a workspace: variable files may load by themselves
}

// cover returns the cover of a directory whose path holds no links.
func (v *view) cover(dir string, root bool) cover {
	return v.covers.get(coverKey{dir, root}, func() cover {
		var c cover
		c.add(v, dir, dir, root)
		return c
	})
}

func (c *cover) add(v *view, dir, top string, root bool) {
	entries, err := v.list(dir)
	if err != nil {
		c.inputs = append(c.inputs, Input{Kind: "dir", Name: dir, ID: "unreadable: " + err.Error()})
		return
	}
	for _, e := range entries {
		p := path.Join(dir, e.Name)
		switch {
		case isLeftOut(e, p, root && dir == top):
		case e.Mode == Dir && v.holdsEngineFiles(p):
		case e.Mode == Dir && !v.isPlain(p):
			c.add(v, p, top, root)
		case e.Mode == Symlink:
			c.link(v, p, e)
		default:
			c.inputs = append(c.inputs, inputOf(p, e))
		}
	}
}

func (c *cover) link(v *view, p string, e Entry) {
	c.inputs = append(c.inputs, Input{Kind: "link", Name: p, ID: e.ID})
	at, err := v.follow(p)
	switch err.(type) {
	case nil:
		c.inputs = append(c.inputs, v.deepInput(at)...)
	case *leavesError:
		c.problems = append(c.problems, err.Error())
	}
}

// isLeftOut says what of a directory does not count; see cover.
func isLeftOut(e Entry, p string, root bool) bool {
	switch {
	case p == RepositoryFileName, p == RepositoryFileName+".json":
		return true
	case isVarFile(e.Name):
		return !root || !isAutoVarFile(e.Name)
	case strings.HasSuffix(e.Name, ".md"):
		return true
	case strings.HasPrefix(e.Name, "."):
		return !root || e.Name != lockFile && e.Name != versionFiles["terraform"] && e.Name != versionFiles["tofu"]
	}
	return false
}

const lockFile = ".terraform.lock.hcl"

// inputOf returns the input that an entry is; its mode counts, because an engine may execute it.
func inputOf(p string, e Entry) Input {
	in := Input{Kind: "file", Name: p, ID: e.ID}
	switch e.Mode {
	case Executable:
		in.ID += " executable"
	case Dir:
		in.Kind = "dir"
	case Symlink:
		in.Kind = "link"
	case Submodule:
		in.Kind = "submodule"
	}
	return in
}

// deepInput returns the inputs of everything at a place, with the targets of all links below it.
func (v *view) deepInput(at place) []Input {
	inputs := append(append([]Input{}, at.links...), inputOf(at.path, at.entry))
	if at.entry.Mode == Dir {
		inputs = append(inputs, v.deep.get(at.path, func() (below []Input) {
			v.deepLinks(at.path, map[string]bool{at.path: true}, &below)
			return below
		})...)
	}
	return inputs
}

func (v *view) deepLinks(dir string, seen map[string]bool, inputs *[]Input) {
	if v.isPlain(dir) {
		return
	}
	entries, _ := v.list(dir)
	for _, e := range entries {
		p := path.Join(dir, e.Name)
		if e.Mode == Dir && !seen[p] {
			seen[p] = true
			v.deepLinks(p, seen, inputs)
		}
		if e.Mode != Symlink {
			continue
		}
		if at, err := v.follow(p); err == nil && !seen[at.path] {
			seen[at.path] = true
			*inputs = append(*inputs, inputOf(at.path, at.entry))
			if at.entry.Mode == Dir {
				v.deepLinks(at.path, seen, inputs)
			}
		}
	}
}

// isPlain reports whether the tree id of a directory says all: no links below it, and nothing that cover leaves out.
func (v *view) isPlain(dir string) bool {
	return v.plain.get(dir, func() bool {
		entries, err := v.list(dir)
		if err != nil {
			return false
		}
		for _, e := range entries {
			p := path.Join(dir, e.Name)
			if e.Mode == Symlink || isLeftOut(e, p, false) || e.Mode == Dir && (v.holdsEngineFiles(p) || !v.isPlain(p)) {
				return false
			}
		}
		return true
	})
}

// holdsEngineFiles reports whether a directory is a module by itself, whoever calls it.
func (v *view) holdsEngineFiles(dir string) bool {
	return v.engines.get(dir, func() bool {
		entries, _ := v.list(dir)
		for _, e := range entries {
			if e.Mode != Dir && e.Mode != Submodule && isEngineFile(e.Name) {
				return true
			}
		}
		return false
	})
}

// moduleInput returns one input that stands for the directory of a called module.
func (v *view) moduleInput(m *module) Input {
	in := Input{Kind: "module", Name: m.dir}
	switch {
	case m.missing != nil:
		in.ID = "missing"
	case m.at.entry.Mode != Dir:
		in.ID = m.at.entry.ID
	default:
		c := v.cover(m.at.path, false)
		in.ID = hashInputs(append(append([]Input{}, m.links...), c.inputs...))
	}
	return in
}

// globInputs returns what a glob relative to the repository's root matches, links followed.
func (v *view) globInputs(kind, glob string) []Input {
	return v.globs.get(kind+"\x00"+glob, func() []Input {
		inputs := v.matches(glob)
		for i := range inputs {
			if inputs[i].Kind == "file" {
				inputs[i].Kind = kind
			}
		}
		return inputs
	})
}

func missingInput(kind, name string) Input { return Input{Kind: kind, Name: name, ID: "missing"} }

func unreadable(what string, err error) string { return fmt.Sprintf("%s: %s", what, err) }
