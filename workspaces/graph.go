package workspaces

import (
	"fmt"
	"slices"
	"strings"
)

// Waves orders workspaces by depends_on: each wave depends only on earlier ones. Dependencies that are not among all
// are taken as met. A cycle is an error that names it; Resolve gave its members Problems, so leave those out before.
func Waves(all []*Workspace) ([][]*Workspace, error) {
	if c := cycles(all); len(c) > 0 {
		return nil, fmt.Errorf("order workspaces: depends_on is a cycle: %s", cycleText(c[0]))
	}
	return untangle(all), nil
}

// untangle makes waves of the workspaces that neither are on a cycle nor depend on one.
func untangle(all []*Workspace) [][]*Workspace {
	waiting := map[ID]int{}
	for _, w := range all {
		waiting[w.ID] = 0
	}
	dependents := map[ID][]*Workspace{}
	for _, w := range all {
		for _, id := range w.DependsOn {
			if _, here := waiting[id]; here {
				waiting[w.ID]++
				dependents[id] = append(dependents[id], w)
			}
		}
	}
	var wave []*Workspace
	for _, w := range all {
		if waiting[w.ID] == 0 {
			wave = append(wave, w)
		}
	}
	var waves [][]*Workspace
	for len(wave) > 0 {
		waves = append(waves, wave)
		var next []*Workspace
		for _, w := range wave {
			for _, d := range dependents[w.ID] {
				if waiting[d.ID]--; waiting[d.ID] == 0 {
					next = append(next, d)
				}
			}
		}
		slices.SortFunc(next, func(a, b *Workspace) int { return strings.Compare(string(a.ID), string(b.ID)) })
		wave = next
	}
	return waves
}

// cycles returns the cycles of depends_on: each as a way that leads from every workspace in it to the next and from the
// last to the first. A workspace that merely depends on a cycle is in none. Every workspace on a cycle is in one at least.
func cycles(all []*Workspace) [][]*Workspace {
	byID := map[ID]*Workspace{}
	for _, w := range all {
		byID[w.ID] = w
	}
	var found [][]*Workspace
	covered := map[ID]bool{}
	for _, w := range tangled(all) {
		if covered[w.ID] {
			continue
		}
		if way := wayBack(w, byID); way != nil {
			found = append(found, way)
			for _, member := range way {
				covered[member.ID] = true
			}
		}
	}
	return found
}

// tangled leaves out workspaces that can be on no cycle: those whose dependencies all come before them.
func tangled(all []*Workspace) []*Workspace {
	sorted := map[ID]bool{}
	for _, wave := range untangle(all) {
		for _, w := range wave {
			sorted[w.ID] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(w *Workspace) bool { return sorted[w.ID] })
}

// wayBack returns a shortest way from w to itself, or nil.
func wayBack(w *Workspace, byID map[ID]*Workspace) []*Workspace {
	from := map[ID]*Workspace{}
	queue := []*Workspace{w}
	for i := 0; i < len(queue); i++ {
		for _, id := range queue[i].DependsOn {
			if id == w.ID {
				var way []*Workspace
				for at := queue[i]; at != w; at = from[at.ID] {
					way = append(way, at)
				}
				way = append(way, w)
				slices.Reverse(way)
				return way
			}
			if next := byID[id]; next != nil && from[id] == nil {
				from[id] = queue[i]
				queue = append(queue, next)
			}
		}
	}
	return nil
}

func cycleText(cycle []*Workspace) string {
	var names []string
	for _, w := range append(slices.Clone(cycle), cycle[0]) {
		names = append(names, string(w.ID))
	}
	return strings.Join(names, " → ")
}
