package plaingit

import (
	"slices"
	"testing"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"driftless/*", "driftless/a", true},
		{"driftless/*", "driftless/a/b", true},
		{"driftless/*", "driftless/", true},
		{"driftless/*", "driftless", false},
		{"driftless/*", "x/driftless/a", false},
		{"*", "anything/at/all", true},
		{"main", "main", true},
		{"main", "main2", false},
		{"*-infra", "my-infra", true},
		{"*-infra", "my-infra-2", false},
		{"a*b*c", "a1b2c", true},
		{"a*b*c", "acb", false},
		{"aa*aa", "aaa", false},
		{"feature/*/infra", "feature/x/y/infra", true},
		{"[a]*", "[a]b", true},
		{"", "", true},
		{"", "x", false},
	} {
		if got := Match(c.pattern, c.name); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("a*b*c", "a1b2c")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		Match(pattern, name)
		if !Match("*", name) || !Match(name+"*", name) && !slices.Contains([]byte(name), '*') {
			t.Errorf("%q does not match itself", name)
		}
	})
}

func TestPollLeavesOutTheTrackedBranchAndTags(t *testing.T) {
	t.Parallel()
	view := forge.View{Branch: "main", Refs: gitrepo.Refs{All: map[string]string{
		"refs/heads/main": "1", "refs/heads/b": "2", "refs/heads/a": "3", "refs/tags/v1": "4", "refs/pull/1/head": "5",
	}}}
	got, err := New(Options{Pattern: "*"}).Poll(t.Context(), view)
	want := []forge.PullRequest{{Key: "a", Head: "3", Ref: "refs/heads/a"}, {Key: "b", Head: "2", Ref: "refs/heads/b"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v %v", got, err)
	}
}
