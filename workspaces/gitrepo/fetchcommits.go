package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// FetchCommits brings commits into the mirror by their ids, with their histories, and holds them until Keep lets them go. One that
// the remote has not, or does not give by its id, is ErrMissing. What else the remote is to blame for is of type *RemoteError.
func (m *Mirror) FetchCommits(ctx context.Context, ids []string) error {
	if m.local {
		return fmt.Errorf("fetch into %s: %w", m.gitDir, errLocal)
	}
	turn, err := m.turn.exclusive(ctx)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", m.remote.display, err)
	}
	defer turn.release()
	return m.unlocking(ctx, func() error { return m.fetchCommits(ctx, ids) })
}

func (m *Mirror) fetchCommits(ctx context.Context, ids []string) error {
	if err := m.repair(ctx); err != nil {
		return fmt.Errorf("fetch %s: repair the mirror: %w", m.remote.display, err)
	}
	h, err := m.use.shared(ctx)
	if err != nil {
		return err
	}
	defer h.release()
	var specs strings.Builder
	for _, id := range ids {
		if !isID(id) {
			return fmt.Errorf("fetch %s: %q is no commit", m.remote.display, id)
		}
		fmt.Fprintf(&specs, "+%s:%s\n", id, holdRef(id))
	}
	auth, err := m.auth(ctx)
	if err != nil {
		return err
	}
	err = m.fetchSpecs(ctx, h, auth, specs.String())
	if exitCode(err) > 0 && refusedID(err.Error()) {
		return errors.Join(ErrMissing, m.remote.remoteError(ctx, err, auth))
	} else if err != nil && !lockedOut(err) {
		return m.remote.remoteError(ctx, err, auth)
	}
	return err
}

// refusedID reports whether a server says that it has not, or does not give, what was asked for by its id.
func refusedID(text string) bool {
	return strings.Contains(text, "not our ref") || strings.Contains(text, "couldn't find remote ref") ||
		strings.Contains(text, "does not allow request for unadvertised object") || strings.Contains(text, "did not send all necessary objects")
}
