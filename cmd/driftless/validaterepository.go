package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/driftlessops/driftless/workspaces"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

func inRepository(ctx context.Context, dir string) bool {
	_, _, err := gitrepo.OpenLocal(ctx, dir)
	return err == nil
}

// repository checks a repository as its work tree is. A directory below its top that has a driftless.hcl of its own is taken
// for the top of one: examples, and repositories before their first commit of their own.
func (v *validity) repository(ctx context.Context, dir string, config *workspaces.Config) error {
	l, err := openLocal(ctx, dir, "", "", config)
	if err != nil {
		return err
	}
	whole := l.tree
	if l.tree, err = l.subtree(ctx, dir); err != nil {
		return err
	}
	set, err := l.resolve(ctx, l.tree, "")
	var diags hcl.Diagnostics
	switch {
	case errors.As(err, &diags):
		v.found(set.Sources, diags)
		return nil
	case err != nil:
		return err
	}
	v.found(set.Sources, set.Diagnostics)
	v.Workspaces = len(set.Workspaces)
	if whole == l.tree && l.top != "" && !samePlace(l.top, dir) {
		dir = fmt.Sprintf("%s, the repository of %s", l.top, dir)
	}
	v.what = fmt.Sprintf("%s in %s", count(len(set.Workspaces), "workspace", "workspaces"), dir)
	for _, w := range set.Workspaces {
		for _, p := range w.Problems {
			v.cannotRun(set, w.ID, p)
		}
	}
	return nil
}

func samePlace(a, b string) bool {
	abs, err := filepath.Abs(b)
	return err == nil && realPath(a) == realPath(abs)
}

// placed is a problem of a workspace that names its place.
var placed = regexp.MustCompile(`(?s)^([^:\n]+):(\d+): (.*)$`)

// cannotRun takes up a problem of a workspace, unless a diagnostic says the same.
func (v *validity) cannotRun(set *workspaces.Set, id workspaces.ID, text string) {
	for i, d := range v.diags {
		if said := strings.TrimSuffix(d.Detail, "."); d.Severity == hcl.DiagError && said != "" && strings.HasSuffix(text, said) {
			if v.Problems[i].Workspace != "" {
				continue
			}
			v.Problems[i].Workspace = string(id)
			if !strings.Contains(d.Detail, string(id)) {
				named := *d
				named.Detail = fmt.Sprintf("%s: %s", id, d.Detail)
				v.diags[i], v.Problems[i].Detail = &named, named.Detail
			}
			return
		}
	}
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Workspace cannot run", Detail: fmt.Sprintf("%s: %s", id, safe(text))}
	if m := placed.FindStringSubmatch(text); m != nil {
		if src, err := set.Tree.Read(m[1]); err == nil {
			d.Detail = fmt.Sprintf("%s: %s", id, safe(m[3]))
			d.Subject = v.line(m[1], m[2], src)
		}
	}
	v.found(v.files, append(v.diags, d))
	v.Problems[len(v.Problems)-1].Workspace = string(id)
}

// line is the range of a line of a file, which is kept to be shown.
func (v *validity) line(file, number string, src []byte) *hcl.Range {
	v.files[file] = src
	n, _ := strconv.Atoi(number)
	start := 0
	for range n - 1 {
		i := bytes.IndexByte(src[start:], '\n')
		if i < 0 {
			break // a file's name may look like a place
		}
		start += i + 1
	}
	at := hcl.Pos{Line: n, Column: 1, Byte: start}
	return &hcl.Range{Filename: file, Start: at, End: at}
}

// subtree is the tree of dir when dir is below the top and has a driftless.hcl, else that of the top.
func (l localTree) subtree(ctx context.Context, dir string) (string, error) {
	_, top, err := gitrepo.OpenLocal(ctx, dir)
	if err != nil || top == "" {
		return l.tree, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(realPath(top), realPath(abs))
	if err != nil || rel == "." {
		return l.tree, err
	}
	tree, err := l.mirror.Tree(ctx, l.tree)
	if err != nil {
		return "", err
	}
	rel = filepath.ToSlash(rel)
	for _, name := range []string{workspaces.RepositoryFileName, workspaces.RepositoryFileName + ".json"} {
		if _, err := tree.Lookup(rel + "/" + name); err != nil {
			continue
		}
		entry, err := tree.Lookup(rel)
		return entry.ID, err
	}
	return l.tree, nil
}
