package main

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/driftlessops/driftless/workspaces"
)

// choose returns the workspaces that words name: each by identity, with or without the repository, or by directory, from
// here or from the top of the work tree. A directory that is no workspace names those below it.
func (l localTree) choose(set *workspaces.Set, words []string) (map[workspaces.ID]bool, error) {
	chosen := map[workspaces.ID]bool{}
	for _, word := range words {
		found := l.named(set, word)
		if len(found) == 0 {
			return nil, fmt.Errorf("there is no workspace %q here: `driftless workspaces --repo .` lists them", word)
		}
		for _, w := range found {
			chosen[w.ID] = true
		}
	}
	return chosen, nil
}

func (l localTree) named(set *workspaces.Set, word string) (found []*workspaces.Workspace) {
	dirs := []string{l.fromHere(word)}
	if !strings.HasPrefix(word, ".") {
		dirs = append(dirs, path.Clean(filepath.ToSlash(word)))
	}
	match := func(fits func(w *workspaces.Workspace) bool) bool {
		for _, w := range set.Workspaces {
			if fits(w) {
				found = append(found, w)
			}
		}
		return len(found) > 0
	}
	if match(func(w *workspaces.Workspace) bool {
		_, rest, _ := strings.Cut(string(w.ID), "//")
		return word == string(w.ID) || word == rest && word != "."
	}) {
		return found
	}
	for _, dir := range dirs {
		if match(func(w *workspaces.Workspace) bool { return w.Dir == dir }) {
			return found
		}
	}
	for _, dir := range dirs {
		if match(func(w *workspaces.Workspace) bool {
			return dir == "." || dir != "" && strings.HasPrefix(w.Dir, dir+"/")
		}) {
			return found
		}
	}
	return nil
}

// fromHere is the path of a directory relative to the top of the work tree, or "" when it is elsewhere.
func (l localTree) fromHere(word string) string {
	abs, err := filepath.Abs(word)
	if err != nil {
		return ""
	}
	rel, err := filepath.Rel(realPath(l.top), realPath(abs))
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.ToSlash(rel)
}

// edited reports whether the work tree differs from a commit.
func (l localTree) edited(ctx context.Context, commit string) (bool, error) {
	c, err := l.mirror.Commit(ctx, commit)
	return err == nil && c.Tree != l.tree, err
}
