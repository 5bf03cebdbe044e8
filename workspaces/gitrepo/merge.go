package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MergeResult is the tree of a merge, or its conflicts.
type MergeResult struct {
	Tree      string   // with conflicts, "": nothing can be planned on it
	Conflicts []string // paths; empty when clean
}

// Merge merges head into base without touching any ref (git merge-tree). Both are kept alive until Maintain.
// Histories that have nothing in common are ErrUnrelated.
func (m *Mirror) Merge(ctx context.Context, base, head string) (MergeResult, error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return MergeResult{}, err
	}
	defer h.release()
	result, err := m.merge(ctx, h, base, head)
	if err != nil {
		return MergeResult{}, fmt.Errorf("merge %s into %s: %w", head, base, err)
	}
	return result, nil
}

func (m *Mirror) merge(ctx context.Context, h *held, base, head string) (MergeResult, error) {
	ours, theirs, err := m.commits(ctx, h, base, head)
	if err != nil {
		return MergeResult{}, err
	}
	out, err := m.git(ctx, h, "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs)
	tree, conflicts, ok := parseMergeTree(out)
	switch {
	case err == nil && ok:
		return MergeResult{Tree: tree}, nil
	case exitCode(err) == 1 && ok:
		return MergeResult{Conflicts: conflicts}, nil
	case err == nil:
		return MergeResult{}, fmt.Errorf("git merge-tree printed %q", out)
	case strings.Contains(err.Error(), "unrelated histories"):
		return MergeResult{}, errors.Join(ErrUnrelated, m.shallow())
	case strings.Contains(err.Error(), "not something we can merge"):
		return MergeResult{}, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	return MergeResult{}, err // exit 1 is a missing object as well as a conflict: only an id on the first line makes it one
}

// parseMergeTree reads what git merge-tree -z --name-only prints: the tree, then the paths with conflicts.
func parseMergeTree(out string) (tree string, conflicts []string, ok bool) {
	tree, rest, _ := strings.Cut(out, "\x00")
	if !isID(tree) {
		return "", nil, false
	}
	for name := range strings.SplitSeq(rest, "\x00") {
		if name != "" {
			conflicts = append(conflicts, name)
		}
	}
	slices.Sort(conflicts)
	conflicts = slices.Compact(conflicts)
	if len(conflicts) == 0 {
		conflicts = []string{"."} // a conflict of directories can come without a path
	}
	return tree, conflicts, true
}

// MergeBase returns the best common ancestor, or "" for unrelated histories.
func (m *Mirror) MergeBase(ctx context.Context, a, b string) (string, error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return "", err
	}
	defer h.release()
	first, second, err := m.commits(ctx, h, a, b)
	if err != nil {
		return "", fmt.Errorf("merge base: %w", err)
	}
	out, err := m.git(ctx, h, "merge-base", first, second)
	if exitCode(err) == 1 && out == "" {
		return "", m.shallow()
	}
	if err != nil {
		return "", fmt.Errorf("merge base of %s and %s: %w", a, b, missing(err))
	}
	return strings.TrimSpace(out), nil
}

// Follows is IsAncestor of an earlier commit, which the mirror need not have: then it is none.
func (m *Mirror) Follows(ctx context.Context, commit, earlier string) (bool, error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return false, err
	}
	defer h.release()
	if m.isParent(earlier, commit) {
		return true, nil
	}
	if !m.has(ctx, h, earlier) {
		return false, nil
	}
	return m.isAncestor(ctx, h, earlier, commit)
}

// isParent reports whether a commit can be read here as a parent of another one, as after a merge. It need not be one where commits may
// be replaced (git replace).
func (m *Mirror) isParent(parent, commit string) bool {
	if m.local {
		return false
	}
	_, parents, ok := m.objects.commit(commit)
	return ok && slices.Contains(parents, parent) && m.objects.holds(parent, "commit")
}

// IsAncestor reports whether commit a is b or an ancestor of it.
func (m *Mirror) IsAncestor(ctx context.Context, a, b string) (bool, error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return false, err
	}
	defer h.release()
	return m.isAncestor(ctx, h, a, b)
}

func (m *Mirror) isAncestor(ctx context.Context, h *held, a, b string) (bool, error) {
	first, second, err := m.commits(ctx, h, a, b)
	if err != nil {
		return false, fmt.Errorf("is an ancestor: %w", err)
	}
	if first == second && m.objects.holds(first, "commit") {
		return true, nil
	}
	if m.isParent(first, second) {
		return true, nil
	}
	_, err = m.ask(ctx, h, "merge-base", "--is-ancestor", first, second)
	if exitCode(err) == 1 {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("is %s an ancestor of %s: %w", a, b, missing(err))
	}
	return true, nil
}
