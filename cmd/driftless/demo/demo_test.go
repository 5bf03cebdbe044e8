package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRequirements(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	program := func(name, prints string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\necho '"+prints+"'\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	want := func(engine, problem string) {
		t.Helper()
		got, err := requirements(t.Context())
		if got != engine || (err == nil) != (problem == "") || err != nil && !strings.Contains(err.Error(), problem) {
			t.Errorf("%q, %v", got, err)
		}
	}
	want("", "there is no git on PATH")
	program("git", "git version 2.30.1")
	want("", "the git on PATH is 2.30")
	program("git", "git version 2.39.5 (Apple Git-154)")
	want("", "neither terraform nor tofu")
	program("tofu", "")
	want("tofu", "")
	program("terraform", "")
	want("terraform", "")
}

func TestTexts(t *testing.T) {
	t.Parallel()
	if got := editText(map[string]any{"size": "small", "x": 1}, map[string]any{"size": "xlarge"}); got != "size from small to xlarge" {
		t.Error(got)
	}
	if got := commented([][2]string{{"a b", "one"}, {"c", "two"}}); got != "a b  # one\nc    # two\n" {
		t.Error(got)
	}
}
