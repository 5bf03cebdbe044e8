package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Checkout writes the tree (commit or tree id) into dir, which must not exist; it appears whole or not at all.
// Symbolic links that leave the tree, also by way of other links, are written as empty files and returned in skipped.
// Submodules are empty directories. There is no .git. Attributes that change line ends hold as in git checkout; filters
// (LFS) do not run. Permissions follow the umask. While it is written it is a directory beside dir, named after it with
// ".partial-"; a killed process leaves that behind.
func (m *Mirror) Checkout(ctx context.Context, tree, dir string) (skipped []string, err error) {
	h, err := m.use.shared(ctx)
	if err != nil {
		return nil, err
	}
	defer h.release()
	if skipped, err = m.checkout(ctx, h, tree, dir); err != nil {
		return nil, fmt.Errorf("check out %s: %w", tree, err)
	}
	return skipped, nil
}

func (m *Mirror) checkout(ctx context.Context, h *held, tree, dir string) ([]string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fmt.Errorf("%s: %w", dir, fs.ErrExist)
		}
		return nil, err
	}
	id := tree
	if !m.indexes.Contains(tree) {
		if id, err = m.resolve(ctx, h, tree, "tree"); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return nil, err
	}
	partial, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".partial-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(partial) }()
	w := worktree{m: m, held: h, files: filepath.Join(partial, "tree"), index: filepath.Join(partial, "index")}
	if err := os.Mkdir(w.files, 0o777); err != nil { // not MkdirTemp, which would make it private
		return nil, err
	}
	skipped, err := w.write(ctx, id)
	if err != nil {
		return nil, err
	}
	return skipped, appear(w.files, dir)
}

// appear puts the finished directory in its place.
func appear(from, to string) error {
	err := os.Rename(from, to)
	if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, syscall.EEXIST) || errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%s: %w", to, fs.ErrExist) // somebody else was faster
	}
	return err
}

// worktree is a directory of files with an index of its own.
type worktree struct {
	m            *Mirror
	held         *held
	files, index string
}

func (w worktree) git(ctx context.Context, stdin string, args ...string) (string, error) {
	return w.m.call(ctx, call{args: args, stdin: stdin, dir: w.files, held: w.held,
		env: []string{"GIT_INDEX_FILE=" + w.index, "GIT_WORK_TREE=" + w.files}})
}

func (w worktree) write(ctx context.Context, tree string) (skipped []string, err error) {
	if known, ok := w.m.indexes.Get(tree); ok {
		err = os.WriteFile(w.index, known, 0o600)
	} else {
		skipped, err = w.fill(ctx, tree)
	}
	if err != nil {
		return nil, err
	}
	_, err = w.git(ctx, "", "checkout-index", "--all", "--quiet", "--prefix="+w.files+"/")
	return skipped, err
}

// Indexes are remembered of as many trees, if they are not larger: each of the applies of a merge is checked out by itself.
const (
	mostIndexes  = 4
	largestIndex = 8 << 20
)

// fill makes the index, and remembers it unless it was made for this mirror alone.
func (w worktree) fill(ctx context.Context, tree string) (skipped []string, err error) {
	if _, err := w.git(ctx, "", "read-tree", tree); err != nil {
		return nil, err
	}
	links, err := w.links(ctx)
	if err != nil {
		return nil, err
	}
	skipped = escaping(links)
	slices.Sort(skipped)
	if len(skipped) > 0 {
		return skipped, w.empty(ctx, skipped)
	}
	index, err := os.ReadFile(w.index)
	if err == nil && len(index) <= largestIndex {
		w.m.indexes.Add(tree, index)
	}
	return nil, err
}

// links returns the symbolic links of the index: path → target.
func (w worktree) links(ctx context.Context) (map[string]string, error) {
	out, err := w.git(ctx, "", "ls-files", "--stage", "-z")
	if err != nil {
		return nil, err
	}
	links := map[string]string{}
	for _, entry := range parseStage(out) {
		if entry.mode != "120000" {
			continue
		}
		target, err := w.m.blobHeld(w.held, entry.id)
		if err != nil {
			return nil, fmt.Errorf("read the link %q: %w", entry.path, err)
		}
		links[entry.path] = string(target)
	}
	return links, nil
}

// empty makes the index say that these paths are empty files.
func (w worktree) empty(ctx context.Context, paths []string) error {
	out, err := w.git(ctx, "", "hash-object", "-w", "-t", "blob", os.DevNull)
	if err != nil {
		return err
	}
	var info strings.Builder
	for _, path := range paths {
		fmt.Fprintf(&info, "100644 %s\t%s\x00", strings.TrimSpace(out), path)
	}
	_, err = w.git(ctx, info.String(), "update-index", "-z", "--index-info")
	return err
}

type staged struct{ mode, id, path string }

// parseStage reads what git ls-files --stage -z prints: "mode id stage TAB path NUL".
func parseStage(out string) []staged {
	var entries []staged
	for _, line := range parseNames(out) {
		meta, path, ok := strings.Cut(line, "\t")
		if field := strings.Fields(meta); ok && len(field) == 3 {
			entries = append(entries, staged{mode: field[0], id: field[1], path: path})
		}
	}
	return entries
}
