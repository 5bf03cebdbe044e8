package main

import (
	"os"
	"path/filepath"
	"regexp"
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

// pages are the documents that people read, by their paths from here.
func pages(t *testing.T) map[string]string {
	t.Helper()
	root := filepath.Join("..", "..")
	names, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range []string{"README.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md"} {
		names = append(names, filepath.Join(root, name))
	}
	texts := map[string]string{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(data)
	}
	return texts
}

// TestDocumentedConfiguration parses what the pages show as configuration.
func TestDocumentedConfiguration(t *testing.T) {
	t.Parallel()
	for page, text := range pages(t) {
		for _, block := range strings.Split(text, "```hcl\n")[1:] {
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
	}
}

// TestLinks looks where the links of the pages lead: to a file, and to a heading in it.
func TestLinks(t *testing.T) {
	t.Parallel()
	texts := pages(t)
	for page, text := range texts {
		for _, link := range strings.Split(text, "](")[1:] {
			target, _, _ := strings.Cut(link, ")")
			name, heading, within := strings.Cut(target, "#")
			if strings.Contains(target, "://") {
				continue
			}
			file := page
			if name != "" {
				file = filepath.Join(filepath.Dir(page), name)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: link: %v", page, err)
			} else if within && !headings(texts[file])[heading] {
				t.Errorf("%s: link %s: there is no such heading", page, target)
			}
		}
	}
}

var notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// headings are the names by which forges link to the headings of a page.
func headings(text string) map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(text) {
		if title := strings.TrimLeft(line, "#"); title != line && strings.HasPrefix(title, " ") {
			title = notInAnchors.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
			found[strings.ReplaceAll(title, " ", "-")] = true
		}
	}
	return found
}
