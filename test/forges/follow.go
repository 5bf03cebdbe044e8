package forges

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// look scans the repositories that were pushed to.
func (w *World) look() {
	told, err := os.ReadDir(filepath.Join(w.o.Dir, pushed))
	if err != nil {
		w.broken(err)
	}
	for _, entry := range told {
		file := filepath.Join(w.o.Dir, pushed, entry.Name())
		by, err := os.ReadFile(file)
		if err != nil || os.Remove(file) != nil {
			continue
		}
		for _, r := range w.repos {
			if strconv.FormatInt(r.id, 10) == entry.Name() {
				r.scan(strings.TrimSpace(string(by)))
			}
		}
	}
}

// scan compares the branches with what was known, and follows what somebody moved.
func (r *Repo) scan(by string) {
	out, err := r.git("for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads")
	if err != nil {
		r.w.broken(err)
		return
	}
	now := map[string]string{}
	for line := range strings.Lines(out) {
		commit, branch, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		now[branch] = commit
	}
	for _, branch := range r.branches() {
		if now[branch] == "" {
			r.move(branch, "", by)
		}
	}
	for branch, commit := range now {
		r.move(branch, commit, by)
	}
}

// move notes that a branch is at another commit now, and lets the pull requests from it and into it follow.
func (r *Repo) move(branch, commit, by string) {
	before := r.heads[branch]
	if before == commit {
		return
	}
	if r.heads[branch] = commit; commit == "" {
		delete(r.heads, branch)
	}
	r.pushed = r.w.now()
	r.w.happened(Event{Kind: "push", Repo: r.path(), Branch: branch, Before: before, Commit: commit, By: by})
	r.mergedByPush(branch, commit, by)
	for _, base := range r.w.repos {
		for _, i := range base.open() {
			p := i.Pull
			from, into := p.from == r && p.Head == branch, base == r && p.Base == branch
			switch {
			case !from && !into:
			case commit == "":
				if err := base.setOpen(by, i, false); err != nil {
					r.w.broken(err)
				}
			default:
				base.follow(i)
			}
		}
	}
}

// open returns the open pull requests, by number.
func (r *Repo) open() []*Issue {
	var list []*Issue
	for _, i := range r.issues {
		if i.Open && i.Pull != nil {
			list = append(list, i)
		}
	}
	slices.SortFunc(list, func(a, b *Issue) int { return a.Number - b.Number })
	return list
}

// follow brings an open pull request and its ref to where its branches are.
func (r *Repo) follow(i *Issue) {
	p := i.Pull
	if !i.Open {
		return
	}
	if base := r.heads[p.Base]; base != "" {
		p.BaseSHA = base
	}
	head, ref := p.from.heads[p.Head], pullRef(i.Number, "head")
	if head == "" || head == p.HeadSHA {
		return
	}
	args := []string{"update-ref", ref, head}
	if p.from != r {
		args = []string{"fetch", "--quiet", "--no-write-fetch-head", p.from.dir, "+refs/heads/" + p.Head + ":" + ref}
	}
	if _, err := r.git(args...); err != nil {
		r.w.broken(err)
		return
	}
	if p.HeadSHA != "" {
		i.Updated = r.w.now()
		r.w.happened(Event{Kind: "pull_request", Action: "synchronize", Repo: r.path(), Number: i.Number, Commit: head})
	}
	p.HeadSHA = head
}

// mergedByPush marks the pull requests whose heads a push brought into their base.
func (r *Repo) mergedByPush(branch, commit, by string) {
	open := slices.DeleteFunc(r.open(), func(i *Issue) bool { return i.Pull.Base != branch })
	if len(open) == 0 || commit == "" {
		return
	}
	out, err := r.git("for-each-ref", "--merged="+commit, "--format=%(refname)", "refs/pull")
	if err != nil {
		r.w.broken(err)
		return
	}
	refs := strings.Split(out, "\n")
	for _, i := range open {
		if slices.Contains(refs, pullRef(i.Number, "head")) {
			r.merged(i, by, commit)
		}
	}
}

func pullRef(n int, what string) string { return "refs/pull/" + strconv.Itoa(n) + "/" + what }
