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
	n := s.names()
	either := slices.Concat(n.names[word], n.dirs[path.Clean(word)])
	slices.Sort(either)
	for _, at := range [][]int{n.ids[ID(word)], n.targets[word], slices.Compact(either)} {
		var found []*Workspace
		for _, i := range at {
			found = append(found, s.Workspaces[i])
		}
		if word != "" && len(found) > 0 {
			return found
		}
	}
	return nil
}

// nameIndex finds workspaces by what they are called: their places in the set, in its order.
type nameIndex struct {
	ids                  map[ID][]int
	targets, names, dirs map[string][]int
}

// names are those of a set whose workspaces are all there.
func (s *Set) names() *nameIndex {
	s.naming.Do(func() {
		n := &nameIndex{map[ID][]int{}, map[string][]int{}, map[string][]int{}, map[string][]int{}}
		for i, w := range s.Workspaces {
			n.ids[w.ID] = append(n.ids[w.ID], i)
			target := w.target().String()
			n.targets[target] = append(n.targets[target], i)
			if w.Name != "" {
				n.names[w.Name] = append(n.names[w.Name], i)
			}
			n.dirs[w.Dir] = append(n.dirs[w.Dir], i)
		}
		s.nameIndex = n
	})
	return s.nameIndex
}

func (w *Workspace) target() target { return target{dir: w.Dir, name: w.Name} }
