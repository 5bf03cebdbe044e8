package workspaces

import (
	"strings"
	"testing"
)

// resolve resolves a tree without operator's settings.
func resolve(t *testing.T, tree Tree) *Set {
	t.Helper()
	return resolveFrom(t, Source{Repository: Repository{Name: "infra"}, Tree: tree})
}

func resolveFrom(t *testing.T, src Source) *Set {
	t.Helper()
	src.Repository.Name = "infra"
	set, err := Resolve(src)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func ids(all []*Workspace) string {
	var names []string
	for _, w := range all {
		names = append(names, strings.TrimPrefix(string(w.ID), "infra//"))
	}
	return strings.Join(names, " ")
}

func operatorSettings(t *testing.T, src string) Repository {
	t.Helper()
	c, diags := Parse(OperatorFile, "config.hcl", []byte("repository \"infra\" {\n url = \"x\"\n"+src+"\n}"))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return c.Repositories[0]
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

func problems(w *Workspace) string { return strings.Join(w.Problems, "\n") }
