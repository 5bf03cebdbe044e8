package forges

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Method is how a pull request is merged.
type Method string

// The methods.
const (
	MergeCommit Method = "merge"
	Squash      Method = "squash"
	Rebase      Method = "rebase"
)

// MergePull merges a pull request as somebody.
func (r *Repo) MergePull(n int, m Method, by string) (commit string, err error) {
	return r.Merge(by, n, m, "", "")
}

// Merge merges a pull request if its head is still the given commit ("" = whichever it is), with this title of the commit.
func (r *Repo) Merge(by string, n int, m Method, head, title string) (commit string, err error) {
	defer r.w.lock()()
	i, err := r.pull(n)
	if err != nil {
		return "", err
	}
	if err := r.mayMerge(i, head, by); err != nil {
		return "", fmt.Errorf("merge %s#%d: %w", r.path(), n, err)
	}
	if title == "" {
		title = fmt.Sprintf("%s (#%d)", i.Title, n)
	}
	commit, err = r.make(i, m, by, title)
	if err != nil {
		return "", fmt.Errorf("merge %s#%d: %w", r.path(), n, err)
	}
	if _, err := r.git("update-ref", "refs/heads/"+i.Pull.Base, commit, r.heads[i.Pull.Base]); err != nil {
		return "", fmt.Errorf("merge %s#%d: the base was modified: %w", r.path(), n, errors.Join(ErrConflict, err))
	}
	r.merged(i, by, commit)
	r.move(i.Pull.Base, commit, by)
	return commit, nil
}

// merged closes a pull request as merged by a commit of its base.
func (r *Repo) merged(i *Issue, by, commit string) {
	now := r.w.now()
	i.Open, i.Closed, i.Updated = false, now, now
	i.Pull.Merged, i.Pull.MergedBy, i.Pull.MergeCommit = now, by, commit
	r.w.happened(Event{Kind: "pull_request", Action: "closed", Repo: r.path(), Number: i.Number, Commit: i.Pull.HeadSHA, By: by})
}

// make makes the commit that a merge puts on the base.
func (r *Repo) make(i *Issue, m Method, by, title string) (string, error) {
	p := i.Pull
	tree, err := r.mergeTree(p)
	if err != nil {
		return "", err
	}
	switch m {
	case MergeCommit:
		return r.write(by, tree, title, p.BaseSHA, p.HeadSHA)
	case Squash:
		return r.write(i.Author, tree, title, p.BaseSHA)
	case Rebase:
		return r.rebase(p, by)
	}
	return "", fmt.Errorf("merge method %q %w", m, ErrInvalid)
}

func (r *Repo) mergeTree(p *Pull) (string, error) {
	out, err := r.git("merge-tree", "--write-tree", p.BaseSHA, p.HeadSHA)
	if err != nil {
		return "", fmt.Errorf("it has conflicts: %w", ErrBlocked)
	}
	return strings.TrimSpace(out), nil
}

// write writes a commit.
func (r *Repo) write(by, tree, message string, parents ...string) (string, error) {
	args := []string{"commit-tree", tree, "-m", message}
	for _, p := range parents {
		args = append(args, "-p", p)
	}
	return r.w.run(r.dir, by, "", args...)
}

// rebase writes the commits of a pull request anew on top of its base.
func (r *Repo) rebase(p *Pull, by string) (string, error) {
	dir := filepath.Join(r.w.o.Dir, fmt.Sprintf("rebase-%d-%d", r.w.id(), time.Now().UnixNano()))
	if _, err := r.git("worktree", "add", "--quiet", "--detach", dir, p.BaseSHA); err != nil {
		return "", err
	}
	defer func() {
		_ = os.RemoveAll(dir)
		_, _ = r.git("worktree", "prune")
	}()
	if _, err := r.w.run(dir, by, "", "cherry-pick", "--allow-empty", "--keep-redundant-commits", p.BaseSHA+".."+p.HeadSHA); err != nil {
		return "", fmt.Errorf("it cannot be rebased: %w", errors.Join(ErrBlocked, err))
	}
	return r.w.run(dir, by, "", "rev-parse", "HEAD")
}
