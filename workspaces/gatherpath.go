package workspaces

import (
	"fmt"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// paths adds what the expressions of a module name.
func (g *gatherer) paths(m *module) {
	for i, ref := range m.paths {
		g.path(m, ref, fmt.Sprintf("%s:%d", m.pathFiles[i], ref.line))
	}
}

func (g *gatherer) path(m *module, ref pathRef, place string) {
	base := g.w.Dir
	if ref.module {
		base = m.dir
	}
	switch {
	case ref.plain:
		g.mention(m, ref, g.w.Dir, place) // engines start in the root module,
		if m.dir != g.w.Dir {
			g.mention(m, ref, m.dir, place) // but a module may join it with path.module
		}
	case ref.computed:
		g.float("%s: %s() of a computed path cannot be followed", place, ref.function)
	case strings.HasPrefix(ref.path, "/") || strings.HasPrefix(ref.path, "~"):
		g.float("%s: %s is outside of the repository", place, ref.path)
	case ref.pattern != "" && ref.complete:
		g.fileset(base, ref)
	case !ref.complete, ref.function == "fileset": // its pattern is computed
		g.partly(m, ref, base, place)
	default:
		g.wholly(m, ref, base, place)
	}
}

// mention adds what a string names that is a path by its looks, if that is there.
func (g *gatherer) mention(m *module, ref pathRef, base, place string) {
	if ref.complete {
		g.wholly(m, ref, base, place)
	} else if strings.Trim(ref.path, "./") != "" { // "../${var.x}" may mean anything
		g.partly(m, ref, base, place)
	}
}

// wholly adds what is at a path that is known.
func (g *gatherer) wholly(m *module, ref pathRef, base, place string) {
	at, err := g.v.follow(base + "/" + ref.path)
	if err != nil {
		g.lost(ref, path.Join(base, ref.path), place, err)
		return
	}
	if g.isOwn(m, at) {
		return // covered already
	}
	g.add(g.v.deepInput(at)...)
	if ref.function == "templatefile" {
		g.template(m, at, place)
	}
}

func (g *gatherer) isOwn(m *module, at place) bool {
	return at.path == m.at.path || at.path == g.modules[0].at.path
}

// partly adds what a path may name of which only the beginning is known: "${path.module}/files/${var.x}.json" is something
// below files. A module's own directory counts already but for what cover leaves out, so there the end counts too.
func (g *gatherer) partly(m *module, ref pathRef, base, place string) {
	cut := strings.LastIndex(ref.path, "/") + 1
	if ref.complete { // a directory
		cut = len(ref.path)
	}
	at, err := g.v.follow(base + "/" + ref.path[:cut])
	if err != nil {
		g.lost(ref, path.Join(base, ref.path[:cut]), place, err)
		return
	}
	if g.isOwn(m, at) && at.entry.Mode == Dir {
		g.add(at.links...)
		g.add(g.v.between(at.path, ref.path[cut:], ref.end())...)
		return
	}
	g.add(g.v.deepInput(at)...)
}

// end is the end of the name of what an incomplete path means, "" when that is not sure: a pattern, a command line, or a way up.
func (r pathRef) end() string {
	if r.function == "" && strings.ContainsAny(r.suffix, " \t\r\n\"'`;,:()|&<>*?[]{}$") || path.Clean("/x"+r.suffix) != "/x"+r.suffix {
		return ""
	}
	return r.suffix
}

// between returns the inputs below a directory whose names begin and end so.
func (v *view) between(dir, prefix, suffix string) []Input {
	return v.ends.get([3]string{dir, prefix, suffix}, func() []Input {
		if prefix+suffix == "" {
			at, err := v.follow(dir)
			if err != nil {
				return nil
			}
			return v.deepInput(at)
		}
		return v.below(dir, func(name string) bool {
			return strings.HasPrefix(name, prefix) && strings.HasSuffix("/"+name, suffix)
		})
	})
}

// lost handles a path at which nothing is. For a file function that is an input: it may appear. Other strings may mean anything.
func (g *gatherer) lost(ref pathRef, name, place string, err error) {
	if ref.function == "" {
		return
	}
	if _, leaves := err.(*leavesError); leaves {
		g.float("%s: %s() reads outside of the repository", place, ref.function)
		return
	}
	g.add(missingInput("file", name))
}

func (g *gatherer) fileset(base string, ref pathRef) {
	glob := path.Join(base, ref.path, ref.pattern)
	if escapes(glob) || !isCheap(glob) || !doublestar.ValidatePattern(glob) {
		g.float("fileset(%q, %q) cannot be followed: it reads outside of the repository, or its pattern is not understood", ref.path, ref.pattern)
		return
	}
	g.add(g.v.globInputs("file", glob)...)
}

// template adds what file functions in a template read.
func (g *gatherer) template(m *module, at place, from string) {
	if at.entry.Mode != File && at.entry.Mode != Executable || g.read[at.path] {
		return
	}
	g.read[at.path] = true
	for _, ref := range g.v.templatePaths(at.path) {
		g.path(m, ref, fmt.Sprintf("%s (template %s:%d)", from, at.path, ref.line))
	}
}

// templatePaths returns the paths in file functions of a template. There is no path.module in it.
func (v *view) templatePaths(file string) []pathRef {
	return v.texts.get(file, func() []pathRef {
		src, err := v.tree.Read(file)
		if err != nil || checkParseable(src) != nil {
			return nil
		}
		e, _ := hclsyntax.ParseTemplate(src, file, hcl.InitialPos)
		if e == nil {
			return nil
		}
		finder := &pathFinder{arguments: map[hclsyntax.Node]bool{}}
		_ = hclsyntax.Walk(e, finder)
		var found []pathRef
		for _, ref := range finder.found {
			if ref.function != "" {
				found = append(found, ref)
			}
		}
		return found
	})
}
