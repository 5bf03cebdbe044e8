package workspaces

import (
	"context"
	"errors"
	"testing"
)

// TestAnswers: what digests took from outside of their trees is asked again, and says when they are not what they were.
func TestAnswers(t *testing.T) {
	t.Parallel()
	tree := NewMapTree(map[string]string{
		"app/main.tf":   rootTF + callTF("far", "git::https://git.example.com/far.git?ref=main"),
		"other/main.tf": rootTF,
	})
	version, commit := "terraform 1.11.4", "c1"
	var fault, away error
	asked := 0
	d := NewDigester(func(*Workspace) (string, error) { asked++; return version, fault }, func(context.Context, string, string) (string, error) { return commit, away })
	look := func() *Set {
		set, err := Resolve(Source{Repository: Repository{Name: "infra"}, Tree: tree})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	take := func() *Answers {
		set := look()
		for _, w := range set.Workspaces {
			_, _ = d.Digest(t.Context(), set, w)
		}
		return d.Answers(set)
	}
	a := take()
	if a == nil || !d.Still(t.Context(), look(), a) {
		t.Fatal("nothing moved")
	}
	if asked > 2 {
		t.Errorf("engines of the same kind and version were asked for %d times, in two looks", asked)
	}
	for what, change := range map[string]func(){
		"another engine":            func() { version = "terraform 1.12.0" },
		"no engine could be asked":  func() { fault = errors.New("no") },
		"another commit":            func() { commit = "c2" },
		"the module's host is away": func() { away = errors.New("no") },
	} {
		change()
		if d.Still(t.Context(), look(), a) {
			t.Error(what)
		}
		if unanswered := fault != nil || away != nil; (take() == nil) != unanswered {
			t.Errorf("%s: it is remembered: %t", what, unanswered)
		}
		version, commit, fault, away = "terraform 1.11.4", "c1", nil, nil
	}
	if NewDigester(nil, nil).Still(t.Context(), look(), a) {
		t.Error("nobody resolves refs")
	}
}
