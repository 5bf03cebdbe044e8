package workspaces

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// link turns the words of depends_on into identities, and reports unknown ones, ambiguous ones and cycles.
func (r *resolver) link() {
	for _, w := range r.set.Workspaces {
		for _, word := range r.words[w] {
			id, err := r.set.dependency(word)
			if err != nil {
				w.problem("%s: depends_on: %s", r.blockPlace(w), err)
				continue
			}
			if !slices.Contains(w.DependsOn, id) {
				w.DependsOn = append(w.DependsOn, id)
			}
		}
	}
	for _, cycle := range cycles(r.set.Workspaces) {
		text := cycleText(cycle)
		for _, w := range cycle {
			w.problem("%s: depends_on is a cycle: %s", r.blockPlace(w), text)
			if at := r.blocks[w]; at.Filename != "" {
				r.set.Diagnostics = append(r.set.Diagnostics, errorAt(at, "depends_on is a cycle", "%s.", text))
			}
		}
	}
}

// dependency finds the one workspace that a word of depends_on names.
func (s *Set) dependency(word string) (ID, error) {
	found := s.named(word)
	switch len(found) {
	case 1:
		return found[0].ID, nil
	case 0:
		var known []string
		for _, w := range s.Workspaces {
			known = append(known, w.target().String())
		}
		return "", fmt.Errorf("there is no workspace %q in this repository.%s", word, didYouMean(word, known...))
	}
	var names []string
	for _, w := range found {
		names = append(names, w.target().String())
	}
	return "", fmt.Errorf("%q may be %s: write one of these", word, strings.Join(names, " or "))
}

// named returns the workspaces that a word names: first by identity, then by directory and name, then by either.
func (s *Set) named(word string) []*Workspace {
	for _, match := range []func(w *Workspace) bool{
		func(w *Workspace) bool { return string(w.ID) == word },
		func(w *Workspace) bool { return w.target().String() == word },
		func(w *Workspace) bool { return w.Name == word || w.Dir == path.Clean(word) },
	} {
		var found []*Workspace
		for _, w := range s.Workspaces {
			if match(w) {
				found = append(found, w)
			}
		}
		if word != "" && len(found) > 0 {
			return found
		}
	}
	return nil
}

func (w *Workspace) target() target { return target{dir: w.Dir, name: w.Name} }
