package forges

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// Mergeable reports whether a pull request has no conflicts with its base; known is false as often as Faults say.
func (r *Repo) Mergeable(n int) (clean, known bool, err error) {
	defer r.w.lock()()
	i, err := r.pull(n)
	if err != nil || !i.Open {
		return false, false, err
	}
	p := i.Pull
	if p.trial != p.HeadSHA+p.BaseSHA {
		if p.asked++; p.asked <= r.w.faults.UnknownMerges {
			return false, false, nil
		}
		r.try(i)
	}
	return p.clean, true, nil
}

// try merges without moving anything, and writes refs/pull/N/merge where the forge has it.
func (r *Repo) try(i *Issue) {
	p := i.Pull
	p.trial, p.asked, p.MergeCommit = p.HeadSHA+p.BaseSHA, 0, ""
	tree, err := r.mergeTree(p)
	if p.clean = err == nil; !p.clean || !r.w.o.MergeRefs {
		return
	}
	commit, err := r.write(i.Author, tree, fmt.Sprintf("Merge %s into %s", p.HeadSHA, p.BaseSHA), p.BaseSHA, p.HeadSHA)
	if err == nil {
		_, err = r.git("update-ref", pullRef(i.Number, "merge"), commit)
	}
	if err != nil {
		r.w.broken(err)
		return
	}
	p.MergeCommit = commit
}

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
	if err := r.mayMerge(i, head); err != nil {
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

func (r *Repo) mayMerge(i *Issue, head string) error {
	p, rules := i.Pull, r.rules[i.Pull.Base]
	switch {
	case !i.Open:
		return fmt.Errorf("it is closed: %w", ErrBlocked)
	case p.Draft:
		return fmt.Errorf("it is a draft: %w", ErrBlocked)
	case head != "" && head != p.HeadSHA:
		return ErrConflict
	case len(approvers(p.Reviews)) < rules.Reviews:
		return fmt.Errorf("at least %d approving reviews are required: %w", rules.Reviews, ErrBlocked)
	}
	if rules.Strict && r.behind(i) {
		return fmt.Errorf("it is behind its base: %w", ErrBlocked)
	}
	for _, c := range rules.Contexts {
		if !r.green(p.HeadSHA, c) {
			return fmt.Errorf("required status check %q is expected: %w", c, ErrBlocked)
		}
	}
	return nil
}

// Blocked says why the rules do not let a pull request be merged; nil = they do.
func (r *Repo) Blocked(n int) error {
	defer r.w.lock()()
	i, err := r.pull(n)
	if err != nil {
		return err
	}
	return r.mayMerge(i, "")
}

// Behind reports whether the base of a pull request has commits that it does not have.
func (r *Repo) Behind(n int) (bool, error) {
	defer r.w.lock()()
	i, err := r.pull(n)
	return err == nil && r.behind(i), err
}

func (r *Repo) behind(i *Issue) bool {
	_, err := r.git("merge-base", "--is-ancestor", i.Pull.BaseSHA, i.Pull.HeadSHA)
	return err != nil
}

// PullsWith returns the pull requests that brought a commit to their base, or that would.
func (r *Repo) PullsWith(commit string) []Issue {
	defer r.w.lock()()
	in := func(to string) bool {
		_, err := r.git("merge-base", "--is-ancestor", commit, to)
		return err == nil
	}
	var list []Issue
	for _, i := range r.issues {
		p := i.Pull
		switch {
		case p == nil, !i.Open && p.Merged.IsZero(), in(p.BaseSHA):
		case i.Open && in(p.HeadSHA), !i.Open && in(p.MergeCommit):
			list = append(list, i.copy())
		}
	}
	slices.SortFunc(list, func(a, b Issue) int { return a.Number - b.Number })
	return list
}

// approvers are those whose last review that is an opinion approves.
func approvers(reviews []Review) []string {
	last := map[string]string{}
	for _, v := range reviews {
		if v.State != "COMMENTED" {
			last[v.By] = v.State
		}
	}
	var list []string
	for by, state := range last {
		if state == "APPROVED" {
			list = append(list, by)
		}
	}
	slices.Sort(list)
	return list
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
