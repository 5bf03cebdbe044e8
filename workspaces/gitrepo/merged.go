package gitrepo

import (
	"context"
	"errors"
	"fmt"
)

const (
	// equalityRange is how many commits, the newest, are compared by content: each costs a merge of some 5 ms.
	equalityRange = 1000
	// rebaseDepth is how many commits a rebased pull request may have to be found by content.
	rebaseDepth = 100
)

// MergedAs reports by which commit of (from, to] the pull request head is contained in to: head itself is an ancestor of
// to (the first commit of the range that contains it, along first parents), or a commit c of the range has the same tree as
// merging head into the parent of c gives (squash merges), or into an earlier ancestor of c within the range (rebase merges).
// from == "" looks at ancestry only. An empty pull request is never merged by equality. A head that is contained in from
// already is reported with the first commit of the range, or with to when there is none. Of longer ranges, only the
// newest 1000 commits are compared by content.
func (m *Mirror) MergedAs(ctx context.Context, head, from, to string) (commit string, ok bool, err error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return "", false, err
	}
	defer h.release()
	commit, err = m.mergedByAncestry(ctx, h, head, from, to)
	if err == nil && commit == "" && from != "" {
		commit, err = m.mergedByContent(ctx, h, head, from, to)
	}
	if err != nil {
		return "", false, fmt.Errorf("was %s merged into %s: %w", head, to, err)
	}
	return commit, commit != "", nil
}

func (m *Mirror) mergedByAncestry(ctx context.Context, h *held, head, from, to string) (string, error) {
	head, to, err := m.commits(ctx, h, head, to)
	if err != nil {
		return "", err
	}
	if contained, err := m.isAncestor(ctx, h, head, to); err != nil || !contained {
		return "", err
	}
	line, err := m.commitRange(ctx, h, from, to, 0, "--first-parent")
	if err != nil {
		return "", err
	}
	path, err := m.commitRange(ctx, h, head, to, 0, "--ancestry-path")
	if err != nil {
		return "", err
	}
	contains := map[string]bool{head: true}
	for _, c := range path {
		contains[c.ID] = true
	}
	first := to
	for _, c := range line { // newest first
		if contains[c.ID] {
			first = c.ID
		}
	}
	return first, nil
}

func (m *Mirror) mergedByContent(ctx context.Context, h *held, head, from, to string) (string, error) {
	commits, err := m.commitRange(ctx, h, from, to, equalityRange)
	if err != nil {
		return "", err
	}
	byID := make(map[string]Commit, len(commits))
	for _, c := range commits {
		byID[c.ID] = c
	}
	merged := map[string]string{} // commit → tree of merging head into it; "" when that changes nothing or fails
	for i := len(commits) - 1; i >= 0; i-- {
		c := commits[i]
		for at, depth := c, 0; len(at.Parents) > 0 && depth < rebaseDepth; depth++ {
			base := at.Parents[0]
			tree, known := merged[base]
			if !known {
				if tree, err = m.mergedTree(ctx, h, base, byID[base].Tree, head); err != nil {
					return "", err
				}
				merged[base] = tree
			}
			if tree == c.Tree {
				return c.ID, nil
			}
			inRange := false
			if at, inRange = byID[base]; !inRange {
				break
			}
		}
	}
	return "", nil
}

// mergedTree returns the tree of merging head into base, or "" when there is none or it says nothing: a head that adds
// nothing to base is in it already, or is empty. The tree of base may be given as before.
func (m *Mirror) mergedTree(ctx context.Context, h *held, base, before, head string) (string, error) {
	result, err := m.merge(ctx, h, base, head)
	if errors.Is(err, ErrUnrelated) || err == nil && result.Tree == "" {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if before == "" {
		if before, err = m.resolve(ctx, h, base, "tree"); err != nil {
			return "", err
		}
	}
	if before == result.Tree {
		return "", nil
	}
	return result.Tree, nil
}
