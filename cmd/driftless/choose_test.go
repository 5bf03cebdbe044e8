package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/workspaces"
)

func TestChoose(t *testing.T) {
	top := t.TempDir()
	if err := os.MkdirAll(filepath.Join(top, "prod", "network"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(top, "prod"))
	set := &workspaces.Set{}
	for _, dir := range []string{"network", "prod/app", "prod/network", "stage"} {
		set.Workspaces = append(set.Workspaces, &workspaces.Workspace{ID: workspaces.ID("infra//" + dir), Dir: dir})
	}
	set.Workspaces = append(set.Workspaces, &workspaces.Workspace{ID: "infra//stage@eu", Dir: "stage", Name: "eu"})
	l := localTree{top: top}
	for word, want := range map[string]string{
		".": "prod/app prod/network", "..": "network prod/app prod/network stage stage@eu", "./network": "prod/network", "network": "network", "network/": "prod/network",
		"app": "prod/app", "prod/app": "prod/app", "prod": "prod/app prod/network", "infra//stage@eu": "stage@eu", "stage@eu": "stage@eu",
		"../stage": "stage stage@eu", "../..": "", "./stage": "", "nope": "",
	} {
		chosen, err := l.choose(set, []string{word})
		var got []string
		for id := range chosen {
			got = append(got, strings.TrimPrefix(string(id), "infra//"))
		}
		if slices.Sort(got); strings.Join(got, " ") != want || (err != nil) != (want == "") {
			t.Errorf("%s: %v, %v", word, got, err)
		}
	}
}
