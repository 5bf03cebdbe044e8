package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/driftlessops/driftless/workspaces"
)

// TestReferencePages fails when the code was changed and the pages were not made again.
func TestReferencePages(t *testing.T) {
	t.Parallel()
	for _, name := range referencePages {
		want, err := referencePage(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil || string(got) != want {
			t.Errorf("docs/%s is not what the code says (%v): run `go generate ./cmd/driftless`", name, err)
		}
	}
}

// TestDocumentedConfiguration parses what the pages show as configuration, and looks where their links lead.
func TestDocumentedConfiguration(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for _, page := range append(pages, filepath.Join("..", "..", "README.md")) {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, block := range strings.Split(string(data), "```hcl\n")[1:] {
			src, _, _ := strings.Cut(block, "```")
			var problems hcl.Diagnostics
			for _, kind := range []workspaces.FileKind{workspaces.OperatorFile, workspaces.RepositoryFile} {
				if _, problems = workspaces.Parse(kind, "x.hcl", []byte(src)); !problems.HasErrors() {
					break
				}
			}
			if problems.HasErrors() {
				t.Errorf("%s shows what is neither an operator's file nor a driftless.hcl: %v\n%s", page, problems, src)
			}
		}
		for _, link := range strings.Split(string(data), "](")[1:] {
			target, _, _ := strings.Cut(link, ")")
			target, _, _ = strings.Cut(target, "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), target)); err != nil {
				t.Errorf("%s: link: %v", page, err)
			}
		}
	}
}
