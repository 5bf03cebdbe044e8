package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// doubtFile in a mirror says that an object could not be read: the next Fetch looks into it. It is on disk because the next
// Fetch may be another process's.
const doubtFile = "driftless-doubt"

// damage is what git(1) prints when a repository is broken, and for some odd but healthy repositories: it only raises doubt.
var damage = regexp.MustCompile(`(?i)corrupt|object file .* is empty|unable to (read|unpack|find)|missing (blob|tree|commit|object)|` +
	`packfile .* (cannot|is far|does not)|not a git repository|inflate|bad tree object|bad config|unresolved delta|` +
	`did not send all necessary objects|unable to parse|broken link|invalid sha1 pointer|bad signature|index file`)

func (m *Mirror) doubt(why error) {
	if m.local {
		return
	}
	m.answers.forget()
	m.opts.Logger.Warn("the mirror may be damaged; it is checked at the next fetch", "repository", m.remote.display, "error", why)
	if err := os.WriteFile(filepath.Join(m.gitDir, doubtFile), []byte(why.Error()+"\n"), 0o600); err != nil {
		m.opts.Logger.Debug("cannot note the doubt", "error", err) // then the directory is gone, which Fetch sees anyway
	}
}

// Doubted reports whether the mirror may be damaged: the next Fetch, or Mend, looks into it.
func (m *Mirror) Doubted() bool {
	if m.local {
		return false
	}
	_, err := os.Stat(filepath.Join(m.gitDir, doubtFile))
	return err == nil
}

// Blames reports whether the mirror may be to blame for an error, since it may be damaged.
func (m *Mirror) Blames(err error) bool {
	var failed *gitError
	return (errors.Is(err, ErrMissing) || errors.As(err, &failed)) && m.Doubted()
}

// Mend looks into a mirror that may be damaged. One that is gets made anew, empty: Fetch and FetchCommits fill it.
func (m *Mirror) Mend(ctx context.Context) error {
	if !m.Doubted() {
		return nil
	}
	turn, err := m.turn.exclusive(ctx)
	if err == nil {
		defer turn.release()
		err = m.repair(ctx)
	}
	if err != nil {
		return fmt.Errorf("repair the mirror of %s: %w", m.remote.display, err)
	}
	return nil
}

// Made counts how often this process made the mirror: afterwards it lacks what was in it before.
func (m *Mirror) Made() int64 { return m.made.Load() }

// repair makes a damaged mirror anew, empty. Held objects that the remote does not have any more are lost with it.
func (m *Mirror) repair(ctx context.Context) error {
	sound, err := m.sound(ctx)
	if err != nil || sound && !m.Doubted() {
		return err
	}
	if sound {
		whole, err := m.whole(ctx)
		if err != nil {
			return err
		}
		if whole {
			return os.Remove(filepath.Join(m.gitDir, doubtFile))
		}
	}
	h, err := m.use.exclusive(ctx)
	if err != nil {
		return err
	}
	defer h.release()
	if sound, err := m.sound(ctx); err != nil || sound && !m.Doubted() {
		return err // another process has done it
	}
	m.opts.Logger.Warn("the mirror is damaged; it is made anew", "repository", m.remote.display)
	return m.create(ctx)
}

// whole reports whether every object that a ref needs is there and readable.
func (m *Mirror) whole(ctx context.Context) (bool, error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return false, err
	}
	defer h.release()
	c := call{args: []string{"fsck", "--full", "--no-dangling", "--no-progress"}, dir: m.gitDir, held: h}
	c.env = append(m.environ(), "GIT_DIR="+m.gitDir)
	out, err := c.run(ctx)
	if err != nil && exitCode(err) < 0 {
		return false, err
	}
	var failed *gitError
	if errors.As(err, &failed) {
		out += failed.stderr
	}
	return !broken(out), nil
}

// broken reads the output of git fsck. Objects that were always malformed ("error in commit …: missingEmail") are not
// damage: making the mirror anew would bring them back.
func broken(out string) bool {
	for line := range strings.Lines(out) {
		for _, sign := range []string{"error: ", "fatal: ", "missing ", "broken link", "bad sha1"} {
			if strings.HasPrefix(line, sign) {
				return true
			}
		}
	}
	return false
}

// unlock removes the lock files of a git(1) that was killed. Nobody else can own them: every git(1) that writes holds our lock
// for as long as it lives.
func (m *Mirror) unlock(ctx context.Context) error {
	h, err := m.use.exclusive(ctx)
	if err != nil {
		return err
	}
	defer h.release()
	for _, dir := range []string{"", "refs"} {
		root := filepath.Join(m.gitDir, dir)
		err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && dir == "" && path != root:
				return filepath.SkipDir
			case !entry.IsDir() && strings.HasSuffix(path, ".lock"):
				return os.Remove(path)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lockedOut says that git(1) met a lock file.
func lockedOut(err error) bool {
	return exitCode(err) > 0 && strings.Contains(err.Error(), ".lock': File exists")
}
