package forges

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Issue is an issue, or a pull request as one: they share a sequence of numbers.
type Issue struct {
	ID       int64
	Number   int
	Author   string
	Title    string
	Body     string
	Open     bool
	Labels   []string
	Comments int
	Created  time.Time
	Updated  time.Time
	Closed   time.Time // zero while it is open
	Pull     *Pull     // nil = an issue
}

// Label is a label of a repository.
type Label struct {
	ID          int64
	Name        string
	Color       string // six hexadecimal digits
	Description string
}

// IssueEdit changes what is not nil.
type IssueEdit struct {
	Title  *string
	Body   *string
	Open   *bool
	Labels *[]string
}

// OpenIssue opens an issue.
func (r *Repo) OpenIssue(by, title, body string, labels ...string) (number int, err error) {
	defer r.w.lock()()
	if title == "" {
		return 0, fmt.Errorf("open issue in %s: without a title it %w", r.path(), ErrInvalid)
	}
	i := r.newIssue(by, title, body)
	i.Labels = r.useLabels(labels)
	r.w.happened(Event{Kind: "issues", Action: "opened", Repo: r.path(), Number: i.Number, By: by})
	return i.Number, nil
}

func (r *Repo) newIssue(by, title, body string) *Issue {
	r.number++
	now := r.w.now()
	i := &Issue{ID: r.w.id(), Number: r.number, Author: by, Title: title, Body: body, Open: true, Created: now, Updated: now}
	r.issues[i.Number] = i
	return i
}

// EditIssue changes an issue or pull request.
func (r *Repo) EditIssue(by string, n int, e IssueEdit) error {
	defer r.w.lock()()
	i, err := r.issue(n)
	if err != nil {
		return err
	}
	if e.Open != nil && *e.Open != i.Open {
		if err := r.setOpen(by, i, *e.Open); err != nil {
			return err
		}
	}
	if e.Title != nil {
		i.Title = *e.Title
	}
	if e.Body != nil {
		i.Body = *e.Body
	}
	if e.Labels != nil {
		i.Labels = r.useLabels(*e.Labels)
	}
	i.Updated = r.w.now()
	if e.Title != nil || e.Body != nil {
		r.w.happened(Event{Kind: i.kind(), Action: "edited", Repo: r.path(), Number: n, By: by})
	}
	return nil
}

// Close closes an issue or pull request.
func (r *Repo) Close(by string, n int) error { return r.EditIssue(by, n, IssueEdit{Open: new(bool)}) }

// Reopen opens an issue or pull request again.
func (r *Repo) Reopen(by string, n int) error {
	open := true
	return r.EditIssue(by, n, IssueEdit{Open: &open})
}

// EditTitle gives an issue or pull request another title.
func (r *Repo) EditTitle(by string, n int, title string) error {
	return r.EditIssue(by, n, IssueEdit{Title: &title})
}

// DeleteIssue removes an issue and its comments.
func (r *Repo) DeleteIssue(n int) error {
	defer r.w.lock()()
	if _, err := r.issue(n); err != nil {
		return err
	}
	delete(r.issues, n)
	for id, c := range r.comments {
		if c.Number == n {
			delete(r.comments, id)
		}
	}
	return nil
}

// Issue returns a copy of an issue or pull request.
func (r *Repo) Issue(n int) (Issue, error) {
	defer r.w.lock()()
	i, err := r.issue(n)
	if err != nil {
		return Issue{}, err
	}
	return i.copy(), nil
}

// Issues returns copies of all issues and pull requests, by number.
func (r *Repo) Issues() []Issue {
	defer r.w.lock()()
	var list []Issue
	for _, i := range r.issues {
		list = append(list, i.copy())
	}
	slices.SortFunc(list, func(a, b Issue) int { return a.Number - b.Number })
	return list
}

// AddLabel makes a label.
func (r *Repo) AddLabel(name, color, description string) (Label, error) {
	defer r.w.lock()()
	if slices.ContainsFunc(r.labels, func(l Label) bool { return strings.EqualFold(l.Name, name) }) {
		return Label{}, fmt.Errorf("add label %s to %s: a label that exists %w", name, r.path(), ErrInvalid)
	}
	return r.addLabel(name, color, description), nil
}

// Labels returns the labels, oldest first.
func (r *Repo) Labels() []Label {
	defer r.w.lock()()
	return slices.Clone(r.labels)
}

func (r *Repo) addLabel(name, color, description string) Label {
	l := Label{ID: r.w.id(), Name: name, Color: color, Description: description}
	r.labels = append(r.labels, l)
	return l
}

// useLabels returns the names as the repository spells them, and makes what is not there yet.
func (r *Repo) useLabels(names []string) []string {
	used := []string{}
	for _, name := range names {
		at := slices.IndexFunc(r.labels, func(l Label) bool { return strings.EqualFold(l.Name, name) })
		if at >= 0 {
			name = r.labels[at].Name
		} else {
			r.addLabel(name, "ededed", "")
		}
		if !slices.Contains(used, name) {
			used = append(used, name)
		}
	}
	return used
}

func (r *Repo) issue(n int) (*Issue, error) {
	if i := r.issues[n]; i != nil {
		return i, nil
	}
	return nil, fmt.Errorf("%s#%d: %w", r.path(), n, ErrNotFound)
}

func (i *Issue) kind() string {
	if i.Pull != nil {
		return "pull_request"
	}
	return "issues"
}

func (i *Issue) copy() Issue {
	c := *i
	c.Labels = slices.Clone(i.Labels)
	if i.Pull != nil {
		p := *i.Pull
		p.Reviews, p.Pending = slices.Clone(p.Reviews), slices.Clone(p.Pending)
		c.Pull = &p
	}
	return c
}
