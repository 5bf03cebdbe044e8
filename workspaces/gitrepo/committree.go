package gitrepo

import (
	"context"
	"fmt"
	"strings"
)

// CommitTree makes a commit of a tree on top of its parents, without touching any ref: for what nobody has committed yet.
func (m *Mirror) CommitTree(ctx context.Context, tree, message string, parents ...string) (commit string, err error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return "", err
	}
	defer h.release()
	who := []string{"GIT_AUTHOR_NAME=driftless", "GIT_AUTHOR_EMAIL=driftless@localhost", "GIT_COMMITTER_NAME=driftless", "GIT_COMMITTER_EMAIL=driftless@localhost"}
	args := []string{"commit-tree", "--no-gpg-sign", "-m", message}
	for _, parent := range parents {
		args = append(args, "-p", parent)
	}
	out, err := m.call(ctx, call{args: append(args, tree), held: h, env: who})
	if err != nil {
		return "", fmt.Errorf("commit tree %s: %w", tree, err)
	}
	return strings.TrimSpace(out), nil
}
