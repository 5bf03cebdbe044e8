package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// marker is the file that tells a mirror of ours from any other directory: nothing without it is ever removed.
const marker = "driftless-mirror"

// Open opens the mirror at opts.Dir, and makes it when it is missing. It does not contact the remote. What an interrupted
// run left behind is removed; a damaged mirror is made anew, empty, for Fetch to fill.
func Open(ctx context.Context, opts Options) (*Mirror, error) {
	if opts.Dir == "" {
		return nil, errors.New("open the mirror: Options.Dir is empty")
	}
	remote, err := parseLocation(opts.URL)
	if err != nil {
		return nil, fmt.Errorf("open the mirror: %w", err)
	}
	if err := checkGit(ctx); err != nil {
		return nil, fmt.Errorf("open the mirror: %w", err)
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the mirror: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return nil, fmt.Errorf("open the mirror: %w", err)
	}
	m := newMirror(opts, dir, dir)
	m.remote = remote
	m.use.path, m.turn.path = dir+".lock", dir+".fetch.lock"
	if err := m.ensure(ctx); err != nil {
		return nil, fmt.Errorf("open the mirror of %s: %w", remote.display, err)
	}
	return m, nil
}

// ensure makes the mirror when there is none that git(1) can open.
func (m *Mirror) ensure(ctx context.Context) error {
	if sound, err := m.sound(ctx); err != nil || sound {
		return err
	}
	h, err := m.use.exclusive(ctx)
	if err != nil {
		return err
	}
	defer h.release()
	if sound, err := m.sound(ctx); err != nil || sound {
		return err // another process was faster
	}
	return m.create(ctx)
}

// marked reports whether the directory has our marker, as far as that can be known.
func (m *Mirror) marked() bool {
	_, err := os.Stat(filepath.Join(m.gitDir, marker))
	return err == nil
}

// sound reports whether git(1) takes the directory for a repository of ours. An error says that this cannot be known.
func (m *Mirror) sound(ctx context.Context) (bool, error) {
	if _, err := os.Stat(filepath.Join(m.gitDir, marker)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, err
	}
	env := append(remoteEnviron(), "GIT_DIR="+m.gitDir)
	out, err := call{args: []string{"rev-parse", "--is-bare-repository"}, dir: os.TempDir(), env: env}.run(ctx)
	if exitCode(err) > 0 {
		return false, nil
	}
	return strings.TrimSpace(out) == "true", err
}

// create puts an empty mirror in the place of whatever is there. The lock must be held exclusively.
func (m *Mirror) create(ctx context.Context) error {
	if err := m.mayReplace(); err != nil {
		return err
	}
	m.sweep()
	fresh := m.gitDir + ".new"
	args := []string{"init", "--quiet", "--bare", "--template=", "--object-format=sha1", "--", fresh}
	if _, err := (call{args: args, dir: filepath.Dir(m.gitDir), env: remoteEnviron()}).run(ctx); err != nil {
		return err
	}
	if err := os.Chmod(fresh, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(fresh, marker), []byte(m.remote.display+"\n"), 0o600); err != nil {
		return err
	}
	if err := os.Rename(m.gitDir, m.gitDir+".old"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(fresh, m.gitDir); err != nil {
		return err
	}
	m.sweep()
	m.made.Add(1)
	m.answers.forget()
	return nil
}

// sweep removes what create leaves when it is killed.
func (m *Mirror) sweep() {
	for _, suffix := range []string{".new", ".old"} {
		if err := os.RemoveAll(m.gitDir + suffix); err != nil {
			m.opts.Logger.Warn("cannot remove the rest of an old mirror", "error", err)
		}
	}
}

// mayReplace refuses to replace what we did not make.
func (m *Mirror) mayReplace() error {
	entries, err := os.ReadDir(m.gitDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == marker {
			return nil
		}
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s exists and is no mirror made by driftless: move it away, or choose another data directory", m.gitDir)
	}
	return nil
}
