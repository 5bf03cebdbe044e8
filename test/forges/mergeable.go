package forges

import (
	"fmt"
	"slices"
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

func (r *Repo) mayMerge(i *Issue, head, by string) error {
	p, rules := i.Pull, r.rules[i.Pull.Base]
	switch {
	case !i.Open:
		return fmt.Errorf("it is closed: %w", ErrBlocked)
	case p.Draft:
		return fmt.Errorf("it is a draft: %w", ErrBlocked)
	case head != "" && head != p.HeadSHA:
		return ErrConflict
	case by != "" && by == rules.Bypass:
		return nil
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
	return r.mayMerge(i, "", "")
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
