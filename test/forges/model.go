// Package forges is a forge for tests: people, organisations and repositories that are real git, with pull requests, issues,
// comments, reviews, statuses and checks, held in memory. A World is one forge. Tests act in it as people do, by the verbs of
// World and Repo, and look at it by their readers, which return copies; a face (GitHub) shows the same to a driver over HTTP.
// Everything is safe for concurrent use.
package forges

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// What a forge refuses with. A face turns each into its own status.
var (
	ErrNotFound  = errors.New("not found")             // 404
	ErrForbidden = errors.New("not allowed")           // 403
	ErrConflict  = errors.New("the head has moved")    // 409
	ErrBlocked   = errors.New("not mergeable")         // 405
	ErrInvalid   = errors.New("cannot be as it is")    // 422
	errBroken    = errors.New("the forge is not well") // a fault of this package
)

// Options of a world.
type Options struct {
	Dir       string           // repositories are below it; required
	Now       func() time.Time // nil = time.Now
	MergeRefs bool             // refs/pull/N/merge is written once mergeability is known; the GitHub face turns it on
}

// World is one forge. Make it with New.
type World struct {
	o Options

	mu       sync.Mutex
	last     time.Time // of the clock
	ids      int64
	users    map[string]*User // by login in lower case
	orgs     map[string]*Org
	repos    map[string]*Repo  // by path in lower case
	moved    map[string]string // old path → new one
	tokens   map[string]*Token
	apps     map[int64]*App
	events   []Event
	requests []Request
	refs     int // questions of git for them
	objects  int // and for objects
	problems []string
	faults   faultState
}

// New returns an empty forge.
func New(o Options) (*World, error) {
	if o.Dir == "" {
		return nil, errors.New("new world: Dir is required")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := os.MkdirAll(filepath.Join(o.Dir, pushed), 0o700); err != nil {
		return nil, fmt.Errorf("new world: %w", err)
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("new world: %w", err)
	}
	o.Dir = dir
	return &World{
		o: o, users: map[string]*User{}, orgs: map[string]*Org{}, repos: map[string]*Repo{}, moved: map[string]string{},
		tokens: map[string]*Token{}, apps: map[int64]*App{}, faults: newFaultState(),
	}, nil
}

// User is a person, a bot or an organisation as an owner.
type User struct {
	ID      int64
	Login   string
	Bot     bool
	Org     bool
	Created time.Time
}

// Org is an organisation.
type Org struct {
	User
	Members []string
	Teams   map[string]*Team // by slug
}

// Team is a part of an organisation.
type Team struct {
	ID      int64
	Slug    string
	Members []string
}

// Member reports whether somebody is in the team.
func (t *Team) Member(login string) bool { return contains(t.Members, login) }

// AddUser makes a person, who may exist.
func (w *World) AddUser(login string) User { return w.add(User{Login: login}) }

// AddBot makes a program's account.
func (w *World) AddBot(login string) User { return w.add(User{Login: login, Bot: true}) }

func (w *World) add(u User) User {
	defer w.lock()()
	return *w.addUser(u)
}

func (w *World) addUser(u User) *User {
	if old := w.users[strings.ToLower(u.Login)]; old != nil {
		return old
	}
	u.ID, u.Created = w.id(), w.now()
	w.users[strings.ToLower(u.Login)] = &u
	return &u
}

// User returns an account by its login.
func (w *World) User(login string) (User, bool) {
	defer w.lock()()
	u := w.users[strings.ToLower(login)]
	if u == nil {
		return User{}, false
	}
	return *u, true
}

// AddOrg makes an organisation, or adds members to it.
func (w *World) AddOrg(name string, members ...string) {
	defer w.lock()()
	w.addOrg(name, members)
}

func (w *World) addOrg(name string, members []string) *Org {
	org := w.orgs[strings.ToLower(name)]
	if org == nil {
		org = &Org{User: *w.addUser(User{Login: name, Org: true}), Teams: map[string]*Team{}}
		w.orgs[strings.ToLower(name)] = org
	}
	for _, m := range members {
		w.addUser(User{Login: m})
		if !contains(org.Members, m) {
			org.Members = append(org.Members, m)
		}
	}
	return org
}

// AddTeam makes a team of an organisation, both of which may exist, with these members and no others.
func (w *World) AddTeam(org, slug string, members ...string) {
	defer w.lock()()
	o := w.addOrg(org, members)
	id := w.id()
	if old := o.Teams[strings.ToLower(slug)]; old != nil {
		id = old.ID
	}
	o.Teams[strings.ToLower(slug)] = &Team{ID: id, Slug: slug, Members: members}
}

// Org returns a copy of an organisation.
func (w *World) Org(name string) (Org, bool) {
	defer w.lock()()
	org := w.orgs[strings.ToLower(name)]
	if org == nil {
		return Org{}, false
	}
	c := Org{User: org.User, Members: append([]string(nil), org.Members...), Teams: map[string]*Team{}}
	for slug, t := range org.Teams {
		team := *t
		team.Members = append([]string(nil), t.Members...)
		c.Teams[slug] = &team
	}
	return c, true
}

// lock takes the world, which first looks for pushes, and returns what gives it back.
func (w *World) lock() func() {
	w.mu.Lock()
	w.look()
	return w.mu.Unlock
}

func (w *World) id() int64 {
	w.ids++
	return w.ids
}

// Now is the world's time: whole seconds, never going back.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now()
}

func (w *World) now() time.Time {
	if t := w.o.Now().UTC().Truncate(time.Second); t.After(w.last) {
		w.last = t
	}
	return w.last
}

// broken notes what this package could not do: Check tells it.
func (w *World) broken(err error) {
	w.problems = append(w.problems, fmt.Errorf("%w: %w", errBroken, err).Error())
}

func contains(list []string, login string) bool {
	for _, l := range list {
		if strings.EqualFold(l, login) {
			return true
		}
	}
	return false
}
