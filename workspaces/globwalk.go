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
	inputs := append([]Input{}, at.links...)
	v.matchBelow(at.path, "", pattern, &inputs)
	return inputs
}

func (v *view) matchBelow(dir, relative, pattern string, inputs *[]Input) {
	entries, err := v.list(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		p, rel := path.Join(dir, e.Name), path.Join(relative, e.Name)
		matched := doublestar.MatchUnvalidated(pattern, rel)
		switch {
		case matched && e.Mode == Symlink:
			*inputs = append(*inputs, Input{Kind: "link", Name: p, ID: e.ID})
			if at, err := v.follow(p); err == nil {
				*inputs = append(*inputs, v.deepInput(at)...)
			}
		case matched && e.Mode != Dir:
			*inputs = append(*inputs, inputOf(p, e))
		case e.Mode == Dir:
			v.matchBelow(p, rel, pattern, inputs)
		}
	}
}
