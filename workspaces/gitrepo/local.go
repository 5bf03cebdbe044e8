package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// OpenLocal opens an existing repository (work tree or bare) at or above dir for reading; Fetch, Remote and Maintain are
// errors, no ref is ever written. It also returns the top of the work tree, "" when there is none. The user's own Git
// configuration counts in it.
func OpenLocal(ctx context.Context, dir string) (m *Mirror, top string, err error) {
	if err := checkGit(ctx); err != nil {
		return nil, "", fmt.Errorf("open the repository at %s: %w", dir, err)
	}
	ask := func(args ...string) (string, error) {
		args = append([]string{"rev-parse", "--path-format=absolute"}, args...)
		out, err := call{args: args, dir: dir, env: withSettings(base(), always)}.run(ctx)
		return strings.TrimSuffix(out, "\n"), err // paths may end with blanks
	}
	gitDir, err := ask("--git-dir")
	if err != nil {
		return nil, "", fmt.Errorf("open the repository at %s: %w", dir, err)
	}
	common, err := ask("--git-common-dir")
	if err != nil {
		return nil, "", fmt.Errorf("open the repository at %s: %w", dir, err)
	}
	if format, err := ask("--show-object-format"); err == nil && format != "sha1" {
		return nil, "", fmt.Errorf("open the repository at %s: %w", dir, errSHA256)
	}
	if bare, err := ask("--is-bare-repository"); err == nil && bare != "true" {
		if top, err = ask("--show-toplevel"); err != nil {
			return nil, "", fmt.Errorf("open the repository at %s: %w", dir, err)
		}
	}
	m = newMirror(Options{Dir: gitDir}, gitDir, common)
	m.local, m.top = true, top
	return m, top, nil
}

// engineData are files of the engine that nobody means to plan: providers, and modules that init downloaded.
const engineData = ":(exclude,glob)**/.terraform/**"

// WorkTree returns the tree id of the local work tree as it is now, with everything that is uncommitted or untracked and not
// ignored, except .terraform directories. The user's own index stays as it is.
func (m *Mirror) WorkTree(ctx context.Context) (treeID string, err error) {
	if m.top == "" {
		return "", fmt.Errorf("read the work tree of %s: %w", m.gitDir, errors.New("the repository has none"))
	}
	h, err := m.use.shared(ctx)
	if err != nil {
		return "", err
	}
	defer h.release()
	private, err := os.MkdirTemp("", "driftless-index-")
	if err != nil {
		return "", fmt.Errorf("read the work tree of %s: %w", m.top, err)
	}
	defer func() { _ = os.RemoveAll(private) }()
	w := worktree{m: m, held: h, files: m.top, index: filepath.Join(private, "index")}
	// From the user's index: what is tracked though ignored stays in, and unchanged files need not be hashed again.
	if err := copyFile(filepath.Join(m.gitDir, "index"), w.index); err != nil {
		return "", fmt.Errorf("read the work tree of %s: %w", m.top, err)
	}
	if _, err := w.git(ctx, "", "add", "--all", "--", ".", engineData); err != nil {
		return "", fmt.Errorf("read the work tree of %s: %w", m.top, err)
	}
	out, err := w.git(ctx, "", "write-tree")
	if err != nil {
		return "", fmt.Errorf("read the work tree of %s: %w", m.top, err)
	}
	return strings.TrimSpace(out), nil
}

// copyFile copies a file; a missing one stays missing.
func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	// Git takes a file for unchanged when it is older than the index: a younger index would hide an edit.
	info, err := in.Stat()
	if err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

var errShallow = errors.New("the history of this repository is cut off: run git fetch --unshallow in it (in CI, check out with full depth)")

// shallow returns errShallow when history may be missing from the repository, which then looks unrelated.
func (m *Mirror) shallow() error {
	if _, err := os.Stat(filepath.Join(m.objects.dir, "shallow")); err != nil {
		return nil
	}
	return errShallow
}
