package policy

import "testing"

func TestProblems(t *testing.T) {
	t.Parallel()
	good := Source{Name: "good", Files: []File{{Path: "a.rego", Data: []byte("package a\ndeny contains \"x\" if input.resource_changes == 1")}}}
	bad := Source{Name: "bad", Files: []File{{Path: "b.rego", Data: []byte("package b\ndeny contains {")}}}
	if got := Compile([]Source{good}).Problems(); len(got) != 0 {
		t.Errorf("%v", got)
	}
	got := Compile([]Source{good, bad}).Problems()
	if len(got) != 1 || got[0].Policy != "bad" || got[0].Message == "" {
		t.Errorf("%v", got)
	}
}
