package forges

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Permission is what somebody may do in a repository. Higher ones include lower ones.
type Permission int

// The permissions.
const (
	None Permission = iota
	Read
	Triage
	Write
	Maintain
	Admin
)

func (p Permission) String() string {
	return [...]string{"none", "read", "triage", "write", "maintain", "admin"}[p]
}

// Repo is a repository. Its verbs are in the files named after what they act on.
type Repo struct {
	w       *World
	id      int64
	owner   string
	name    string
	dir     string
	branch  string // the default one
	private bool
	archive bool
	deleted bool
	forkOf  *Repo
	created time.Time
	pushed  time.Time

	heads    map[string]string // branches as last seen
	grants   map[string]Permission
	number   int
	issues   map[int]*Issue
	comments map[int64]*Comment
	statuses []Status
	checks   []*Check
	labels   []Label
	rules    map[string]Protection
}

// RepoInfo is what a repository is.
type RepoInfo struct {
	ID       int64
	Owner    string
	Name     string
	Branch   string // the default one
	Private  bool
	Archived bool
	Empty    bool
	Fork     bool
	Parent   string // path of what it is a fork of
	Created  time.Time
	Pushed   time.Time
}

// Path is owner/name.
func (i RepoInfo) Path() string { return i.Owner + "/" + i.Name }

// AddRepo makes an empty private repository "owner/name" with the default branch main. The owner is made if need be.
func (w *World) AddRepo(path string) (*Repo, error) {
	defer w.lock()()
	return w.addRepo(path)
}

func (w *World) addRepo(path string) (*Repo, error) {
	owner, name, ok := strings.Cut(path, "/")
	if !ok || w.repos[strings.ToLower(path)] != nil {
		return nil, fmt.Errorf("add repository %s: %w", path, ErrInvalid)
	}
	w.addUser(User{Login: owner})
	r := &Repo{
		w: w, id: w.id(), owner: owner, name: name, branch: "main", private: true, created: w.now(), pushed: w.now(),
		heads: map[string]string{}, grants: map[string]Permission{}, issues: map[int]*Issue{}, comments: map[int64]*Comment{},
		rules: map[string]Protection{},
	}
	r.dir = filepath.Join(w.o.Dir, fmt.Sprintf("%d", r.id), name+".git")
	if err := r.init(); err != nil {
		return nil, fmt.Errorf("add repository %s: %w", path, err)
	}
	w.repos[strings.ToLower(path)] = r
	delete(w.moved, strings.ToLower(path))
	return r, nil
}

// Repo returns a repository by its path. moved reports that it is by an old one.
func (w *World) Repo(path string) (r *Repo, moved bool) {
	defer w.lock()()
	return w.repo(path)
}

func (w *World) repo(path string) (r *Repo, moved bool) {
	path = strings.ToLower(path)
	for r = w.repos[path]; r == nil && w.moved[path] != ""; r = w.repos[path] {
		path, moved = w.moved[path], true
	}
	return r, moved
}

// Repos returns the repositories of an owner, all of them for "", by id.
func (w *World) Repos(owner string) []*Repo {
	defer w.lock()()
	var list []*Repo
	for _, r := range w.repos {
		if owner == "" || strings.EqualFold(r.owner, owner) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *Repo) int { return int(a.id - b.id) })
	return list
}

// Dir is the bare repository. A push to it by its path counts from the next request or verb on.
func (r *Repo) Dir() string { return r.dir }

// Info says what the repository is now.
func (r *Repo) Info() RepoInfo {
	defer r.w.lock()()
	i := RepoInfo{
		ID: r.id, Owner: r.owner, Name: r.name, Branch: r.branch, Private: r.private, Archived: r.archive,
		Empty: len(r.heads) == 0, Fork: r.forkOf != nil, Created: r.created, Pushed: r.pushed,
	}
	if r.forkOf != nil {
		i.Parent = r.forkOf.path()
	}
	return i
}

func (r *Repo) path() string { return r.owner + "/" + r.name }

// Grant gives somebody a permission; None takes it away.
func (r *Repo) Grant(login string, p Permission) {
	defer r.w.lock()()
	r.w.addUser(User{Login: login})
	r.grants[strings.ToLower(login)] = p
}

// Permission is what somebody may do here: owners everything, members of the organisation and, if it is public, everybody
// may read.
func (r *Repo) Permission(login string) Permission {
	defer r.w.lock()()
	return r.permission(login)
}

func (r *Repo) permission(login string) Permission {
	p := r.grants[strings.ToLower(login)]
	org := r.w.orgs[strings.ToLower(r.owner)]
	switch {
	case strings.EqualFold(login, r.owner):
		return Admin
	case !r.private, org != nil && contains(org.Members, login):
		return max(p, Read)
	}
	return p
}

// SetPublic lets everybody read.
func (r *Repo) SetPublic() {
	defer r.w.lock()()
	r.private = false
}

// SetArchived makes the repository read-only, or not.
func (r *Repo) SetArchived(archived bool) {
	defer r.w.lock()()
	r.archive = archived
}

// Rename gives the repository another path "owner/name"; the old one redirects there.
func (r *Repo) Rename(path string) error {
	defer r.w.lock()()
	owner, name, ok := strings.Cut(path, "/")
	if other := r.w.repos[strings.ToLower(path)]; !ok || other != nil && other != r {
		return fmt.Errorf("rename %s to %s: %w", r.path(), path, ErrInvalid)
	}
	old := strings.ToLower(r.path())
	delete(r.w.repos, old)
	delete(r.w.moved, strings.ToLower(path))
	if old != strings.ToLower(path) {
		r.w.moved[old] = strings.ToLower(path)
	}
	r.w.addUser(User{Login: owner})
	r.owner, r.name = owner, name
	r.w.repos[strings.ToLower(path)] = r
	return nil
}

// Delete removes the repository.
func (r *Repo) Delete() error {
	defer r.w.lock()()
	delete(r.w.repos, strings.ToLower(r.path()))
	r.deleted = true
	return os.RemoveAll(r.dir)
}
