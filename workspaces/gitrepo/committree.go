package gitrepo

import (
	"context"
	"fmt"
	"strings"
)

// CommitTree makes a commit of a tree on top of a parent, without touching any ref: for merging what is not committed yet.
func (m *Mirror) CommitTree(ctx context.Context, tree, parent string) (commit string, err error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return "", err
	}
	defer h.release()
	who := []string{"GIT_AUTHOR_NAME=driftless", "GIT_AUTHOR_EMAIL=driftless@localhost", "GIT_COMMITTER_NAME=driftless", "GIT_COMMITTER_EMAIL=driftless@localhost"}
	out, err := m.call(ctx, call{args: []string{"commit-tree", "--no-gpg-sign", "-p", parent, "-m", "The work tree", tree}, held: h, env: who})
	if err != nil {
		return "", fmt.Errorf("commit tree %s: %w", tree, err)
	}
	return strings.TrimSpace(out), nil
}
