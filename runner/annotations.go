package runner

import (
	"context"
	"path"
	"path/filepath"
	"strings"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
	"github.com/driftlessops/driftless/workspaces"
)

// annotations point what policy and engine complain of at the lines that it is about.
func (w *watcher) annotations(pull Pull, doc report.Document) (all []forge.Annotation) {
	tree, err := w.mirror.Tree(context.Background(), pull.Tree) // reads Git objects of this machine
	if err != nil {
		return nil
	}
	for _, row := range doc.Rows {
		dir, _, _ := strings.Cut(afterRepository(workspaces.ID(row.Workspace)), "@")
		all = append(all, failures(tree, dir, row)...)
		if row.Verdict == nil {
			continue
		}
		for _, result := range row.Verdict.Results {
			if result.Resource == "" {
				continue
			}
			file, line, ok := workspaces.Locate(tree, dir, result.Resource)
			if !ok {
				continue
			}
			all = append(all, forge.Annotation{
				Path: file, Line: line, Failure: result.Level != "warn", Title: row.Workspace + ": " + result.Resource, Message: result.Message,
			})
		}
	}
	return all
}

// failures are what the engine said of lines of the repository when it failed. What it says of modules of elsewhere is in the
// report alone.
func failures(tree workspaces.Tree, dir string, row report.Row) (all []forge.Annotation) {
	for _, p := range engine.Places(row.Failure) {
		file := path.Join(dir, filepath.ToSlash(p.File))
		entry, err := tree.Lookup(file)
		if err != nil || path.IsAbs(p.File) || entry.Mode != workspaces.File && entry.Mode != workspaces.Executable {
			continue
		}
		all = append(all, forge.Annotation{Path: file, Line: p.Line, Failure: p.Error, Title: row.Workspace, Message: p.Text})
	}
	return all
}
