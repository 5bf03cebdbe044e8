package gitrepo

import (
	"context"
	"errors"
	"fmt"
)

// Maintain packs the mirror and prunes what nothing holds. It excludes every other use of the mirror while it runs.
func (m *Mirror) Maintain(ctx context.Context) error {
	if m.local {
		return fmt.Errorf("maintain %s: %w", m.gitDir, errors.New("it is not a mirror of ours"))
	}
	turn, err := m.turn.exclusive(ctx) // waits for a fetch, without keeping readers from their work meanwhile
	if err != nil {
		return fmt.Errorf("maintain the mirror of %s: %w", m.remote.display, err)
	}
	defer turn.release()
	err = m.maintain(ctx)
	if lockedOut(err) {
		if err := m.unlock(ctx); err != nil {
			return fmt.Errorf("maintain the mirror of %s: %w", m.remote.display, err)
		}
		err = m.maintain(ctx)
	}
	if err != nil {
		return fmt.Errorf("maintain the mirror of %s: %w", m.remote.display, err)
	}
	return nil
}

func (m *Mirror) maintain(ctx context.Context) error {
	h, err := m.use.exclusive(ctx)
	if err != nil {
		return err
	}
	defer h.release()
	_, err = m.git(ctx, h, "gc", "--quiet", "--force", "--prune=now")
	return err
}
