package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Resolve returns the commit that rev names, in any form that Git understands: HEAD, main, origin/main, HEAD~1, v1.2, an
// abbreviated id. It is ErrMissing when there is none.
func (m *Mirror) Resolve(ctx context.Context, rev string) (string, error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return "", err
	}
	defer h.release()
	id, err := m.resolve(ctx, h, rev, "commit")
	if err != nil {
		return "", fmt.Errorf("resolve %q: %w", rev, err)
	}
	return id, nil
}

// resolve returns the object of this kind that rev names or leads to.
func (m *Mirror) resolve(ctx context.Context, h *held, rev, kind string) (string, error) {
	if rev == "" || strings.ContainsAny(rev, "\x00\n") {
		return "", fmt.Errorf("%q is no revision: %w", rev, ErrMissing)
	}
	ask := m.git
	if isID(rev) {
		if m.objects.holds(rev, kind) {
			return rev, nil
		}
		if kind == "tree" && !m.local { // not where it may be replaced (git replace)
			if tree, _, ok := m.objects.commit(rev); ok && m.objects.holds(tree, kind) {
				return tree, nil
			}
		}
		ask = m.ask
	}
	out, err := ask(ctx, h, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{"+kind+"}")
	var failed *gitError
	if errors.As(err, &failed) {
		if text := brief(failed.stderr); text != "" {
			return "", fmt.Errorf("%w: %s", ErrMissing, text)
		}
		return "", ErrMissing
	}
	if err != nil {
		return "", err
	}
	if id := strings.TrimSpace(out); isID(id) {
		return id, nil
	}
	return "", fmt.Errorf("%w: git printed %q", ErrMissing, out)
}

// commit is resolve for an id that is used as an argument: full ids pass unchecked, since the command itself will check them.
func (m *Mirror) commit(ctx context.Context, h *held, rev string) (string, error) {
	if isID(rev) {
		return rev, nil
	}
	return m.resolve(ctx, h, rev, "commit")
}

// commits is commit for two.
func (m *Mirror) commits(ctx context.Context, h *held, a, b string) (string, string, error) {
	first, err := m.commit(ctx, h, a)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", a, err)
	}
	second, err := m.commit(ctx, h, b)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", b, err)
	}
	return first, second, nil
}
