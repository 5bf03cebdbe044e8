package workspaces

import (
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// matches returns the inputs that a glob relative to the repository's root names. A directory stands for all below it.
func (v *view) matches(glob string) []Input {
	base, pattern := doublestar.SplitPattern(path.Clean(glob))
	if !strings.ContainsAny(pattern, "*?[{\\") {
		base, pattern = path.Join(base, pattern), ""
	}
	at, err := v.follow(base)
	if err != nil {
		return nil
	}
	if pattern == "" {
		return v.deepInput(at)
	}
	if at.entry.Mode == Submodule {
		return []Input{inputOf(at.path, at.entry)}
	}
	if pattern == "**" {
		return v.deepInput(at)
	}
	match := func(name string) bool { return doublestar.MatchUnvalidated(pattern, name) }
	return append(append([]Input{}, at.links...), v.below(at.path, match)...)
}

// below returns the inputs below a directory whose path, relative to it, matches. Links to directories are followed.
func (v *view) below(dir string, match func(name string) bool) []Input {
	w := &belowWalk{v: v, match: match, ways: map[string]int{}}
	w.walk(dir, "")
	return w.inputs
}

type belowWalk struct {
	v      *view
	match  func(name string) bool
	ways   map[string]int // links that led to a directory
	inputs []Input
}

func (w *belowWalk) walk(dir, relative string) {
	entries, err := w.v.list(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		p, rel := path.Join(dir, e.Name), path.Join(relative, e.Name)
		matched := w.match(rel)
		switch {
		case e.Mode == Symlink:
			w.link(p, rel, e, matched)
		case matched:
			w.inputs = append(w.inputs, w.v.deepInput(place{path: p, entry: e})...)
		case e.Mode == Dir:
			w.walk(p, rel)
		}
	}
}

// link follows a link. A directory that was met before counts as a whole: another way to it has other names for what it holds.
func (w *belowWalk) link(p, rel string, e Entry, matched bool) {
	at, err := w.v.follow(p)
	if !matched && (err != nil || at.entry.Mode != Dir) {
		return
	}
	w.inputs = append(w.inputs, Input{Kind: "link", Name: p, ID: e.ID})
	if err != nil {
		return
	}
	if w.ways[at.path]++; matched || w.ways[at.path] == 2 {
		w.inputs = append(w.inputs, w.v.deepInput(at)...)
	} else if w.ways[at.path] == 1 {
		w.walk(at.path, rel)
	}
}
