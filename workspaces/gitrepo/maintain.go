package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// How many loose objects and packs a mirror may have before it is worth the time to pack it. Each costs every command some.
const (
	manyLoose = 2000
	manyPacks = 20
)

// Untidy reports whether Maintain is worth its time.
func (m *Mirror) Untidy() bool {
	if m.local {
		return false
	}
	dir := os.DirFS(m.gitDir)
	loose, _ := fs.Glob(dir, "objects/[0-9a-f][0-9a-f]/*") // the patterns are sound, and what cannot be read is not there
	packs, _ := fs.Glob(dir, "objects/pack/*.pack")
	return len(loose) > manyLoose || len(packs) > manyPacks
}

// Maintain packs the mirror and prunes what nothing holds and nobody wrote within the grace: that may be about to be wanted. It
// excludes every other use of the mirror while it runs; packs that are large already are left as they are, so that it is short.
func (m *Mirror) Maintain(ctx context.Context, grace time.Duration) error {
	if m.local {
		return fmt.Errorf("maintain %s: %w", m.gitDir, errors.New("it is not a mirror of ours"))
	}
	turn, err := m.turn.exclusive(ctx) // waits for a fetch, without keeping readers from their work meanwhile
	if err != nil {
		return fmt.Errorf("maintain the mirror of %s: %w", m.remote.display, err)
	}
	defer turn.release()
	err = m.unlocking(ctx, func() error { return m.maintain(ctx, grace) })
	if err != nil {
		return fmt.Errorf("maintain the mirror of %s: %w", m.remote.display, err)
	}
	return nil
}

func (m *Mirror) maintain(ctx context.Context, grace time.Duration) error {
	h, err := m.use.exclusive(ctx)
	if err != nil {
		return err
	}
	defer h.release()
	since := "now"
	if grace > 0 {
		since = time.Now().Add(-grace).UTC().Format(time.RFC3339)
	}
	defer m.answers.forget()
	_, err = m.git(ctx, h, "-c", "gc.bigPackThreshold=128m", "gc", "--quiet", "--force", "--prune="+since)
	return err
}
