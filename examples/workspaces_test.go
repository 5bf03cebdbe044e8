package examples_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/examples"
	"github.com/driftlessops/driftless/workspaces"
)

// TestWorkspaces wants the workspaces that the READMEs name, in their order, and nothing to complain of.
func TestWorkspaces(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"minimal":  {"minimal//."},
		"monorepo": {"monorepo//apps/api@dev", "monorepo//apps/api@prod", "monorepo//apps/web", "monorepo//jobs/report", "monorepo//platform"},
		"shop":     {"shop//network", "shop//production/shop", "shop//staging/shop"},
	} {
		set := resolve(t, name, files(t, name))
		for _, d := range set.Diagnostics {
			t.Errorf("%s: %s", name, d)
		}
		var got []string
		for _, w := range set.Workspaces {
			got = append(got, string(w.ID))
			if len(w.Problems) > 0 {
				t.Errorf("%s: %q", w.ID, w.Problems)
			}
			for _, upstream := range w.DependsOn {
				if set.Workspace(upstream) == nil {
					t.Errorf("%s depends on %s, which is none", w.ID, upstream)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		if _, err := workspaces.Waves(set.Workspaces); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAffected wants the monorepo to be touched as its README says.
func TestAffected(t *testing.T) {
	t.Parallel()
	base := resolve(t, "monorepo", files(t, "monorepo"))
	for path, want := range map[string]string{
		"modules/label/main.tf":    "apps/api@dev apps/api@prod apps/web platform",
		"modules/app/main.tf":      "apps/api@dev apps/api@prod apps/web",
		"shared/header.txt":        "apps/web jobs/report",
		"apps/api/prod.tfvars":     "apps/api@prod",
		"jobs/report/schedule.txt": "jobs/report",
		"attic/old/main.tf":        "",
	} {
		changed := files(t, "monorepo")
		changed[path] += "\n"
		effects, err := workspaces.NewDigester(nil, nil).Affected(t.Context(), base, resolve(t, "monorepo", changed))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range effects {
			if e.Affected {
				got = append(got, strings.TrimPrefix(string(e.Workspace.ID), "monorepo//"))
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func resolve(t *testing.T, name string, files map[string]string) *workspaces.Set {
	t.Helper()
	set, err := workspaces.Resolve(workspaces.Source{
		Repository: workspaces.Repository{Name: name}, Tree: workspaces.NewMapTree(files),
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return set
}

// files are those of an example, by their path in the repository.
func files(t *testing.T, name string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(examples.FS, name, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(examples.FS, path)
		found[strings.TrimPrefix(path, name+"/")] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
