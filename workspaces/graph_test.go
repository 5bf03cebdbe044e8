package workspaces

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func graph(edges map[string]string) []*Workspace {
	var all []*Workspace
	for _, name := range sortedKeys(edges) {
		w := &Workspace{ID: ID(name)}
		for _, d := range edges[name] {
			w.DependsOn = append(w.DependsOn, ID(d))
		}
		all = append(all, w)
	}
	return all
}

func TestWaves(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		edges map[string]string
		want  string
	}{
		{nil, "[]"},
		{map[string]string{"a": "", "b": "a", "c": "ab", "d": ""}, "[[a d] [b] [c]]"},
		{map[string]string{"a": "z"}, "[[a]]"},
		{map[string]string{"a": "b", "b": "c", "c": "b"}, "order workspaces: depends_on is a cycle: b → c → b"},
		{map[string]string{"a": "a"}, "order workspaces: depends_on is a cycle: a → a"},
	} {
		waves, err := Waves(graph(c.edges))
		names := make([][]ID, len(waves))
		for i, wave := range waves {
			for _, w := range wave {
				names[i] = append(names[i], w.ID)
			}
		}
		got := fmt.Sprint(names)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.edges, got, c.want)
		}
	}
}

// TestWavesOfLargeGraphs holds the promise of Waves against graphs that nobody thought of.
func TestWavesOfLargeGraphs(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var all []*Workspace
		for i := range 200 {
			w := &Workspace{ID: ID(fmt.Sprint(i))}
			for range r.IntN(4) {
				if i > 0 {
					w.DependsOn = append(w.DependsOn, ID(fmt.Sprint(r.IntN(i))))
				}
			}
			all = append(all, w)
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		waves, err := Waves(all)
		if err != nil {
			t.Fatal(err)
		}
		done := map[ID]bool{}
		for _, wave := range waves {
			for _, w := range wave {
				for _, d := range w.DependsOn {
					if !done[d] {
						t.Fatalf("%s before %s", w.ID, d)
					}
				}
			}
			for _, w := range wave {
				done[w.ID] = true
			}
		}
		if len(done) != len(all) {
			t.Fatal("lost", len(all)-len(done))
		}
	}
}
