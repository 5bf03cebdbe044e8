package gitrepo

import (
	"context"
	"fmt"
	"strings"
)

// ChangedFiles returns the paths that differ between two revisions (commits or trees), in Git's order. A renamed file is two
// paths, a submodule is one. Paths are bytes as in the tree, not always UTF-8.
func (m *Mirror) ChangedFiles(ctx context.Context, a, b string) ([]string, error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return nil, err
	}
	defer h.release()
	var trees [2]string
	for i, rev := range []string{a, b} {
		if trees[i], err = m.resolve(ctx, h, rev, "tree"); err != nil {
			return nil, fmt.Errorf("changed files: %s: %w", rev, err)
		}
	}
	out, err := m.git(ctx, h, "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--ignore-submodules=none", trees[0], trees[1])
	if err != nil {
		return nil, fmt.Errorf("changed files of %s..%s: %w", a, b, err)
	}
	return parseNames(out), nil
}

// parseNames reads names that each end with a NUL.
func parseNames(out string) []string {
	if out == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
}
