package forges

import (
	"fmt"
	"slices"
	"time"
)

// Comment is a comment on an issue or pull request.
type Comment struct {
	ID        int64
	Number    int
	Author    string
	Body      string
	Created   time.Time
	Updated   time.Time
	Reactions []Reaction

	hidden int // so many edits still answer that it is not there
}

// Reaction is one person's reaction.
type Reaction struct {
	ID      int64
	By      string
	Content string
	Created time.Time
}

// Comment writes a comment on an issue or pull request.
func (r *Repo) Comment(by string, n int, body string) (id int64, err error) {
	defer r.w.lock()()
	i, err := r.issue(n)
	if err != nil {
		return 0, err
	}
	now := r.w.now()
	c := &Comment{ID: r.w.id(), Number: n, Author: by, Body: body, Created: now, Updated: now, hidden: r.w.faults.HiddenEdits}
	r.comments[c.ID] = c
	i.Comments++
	i.Updated = now
	r.w.happened(Event{Kind: "issue_comment", Action: "created", Repo: r.path(), Number: n, Comment: c.ID, By: by})
	return c.ID, nil
}

// EditComment changes a comment.
func (r *Repo) EditComment(by string, id int64, body string) error {
	defer r.w.lock()()
	c, err := r.comment(id)
	if err != nil {
		return err
	}
	c.Body, c.Updated = body, r.w.now()
	r.w.happened(Event{Kind: "issue_comment", Action: "edited", Repo: r.path(), Number: c.Number, Comment: id, By: by})
	return nil
}

// DeleteComment removes a comment.
func (r *Repo) DeleteComment(by string, id int64) error {
	defer r.w.lock()()
	c, err := r.comment(id)
	if err != nil {
		return err
	}
	delete(r.comments, id)
	if i := r.issues[c.Number]; i != nil {
		i.Comments--
	}
	r.w.happened(Event{Kind: "issue_comment", Action: "deleted", Repo: r.path(), Number: c.Number, Comment: id, By: by})
	return nil
}

// React adds a reaction. again reports that it was there.
func (r *Repo) React(by string, id int64, content string) (re Reaction, again bool, err error) {
	defer r.w.lock()()
	c, err := r.comment(id)
	if err != nil {
		return Reaction{}, false, err
	}
	for _, old := range c.Reactions {
		if old.By == by && old.Content == content {
			return old, true, nil
		}
	}
	re = Reaction{ID: r.w.id(), By: by, Content: content, Created: r.w.now()}
	c.Reactions = append(c.Reactions, re)
	return re, false, nil
}

// CommentByID returns a copy of a comment.
func (r *Repo) CommentByID(id int64) (Comment, error) {
	defer r.w.lock()()
	c, err := r.comment(id)
	if err != nil {
		return Comment{}, err
	}
	return c.copy(), nil
}

// CommentsOf returns the comments on an issue or pull request, oldest first; 0 = on all.
func (r *Repo) CommentsOf(n int) []Comment {
	defer r.w.lock()()
	list := []Comment{}
	for _, c := range r.comments {
		if n == 0 || c.Number == n {
			list = append(list, c.copy())
		}
	}
	slices.SortFunc(list, func(a, b Comment) int { return int(a.ID - b.ID) })
	return list
}

func (r *Repo) comment(id int64) (*Comment, error) {
	if c := r.comments[id]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("comment %d in %s: %w", id, r.path(), ErrNotFound)
}

func (c *Comment) copy() Comment {
	d := *c
	d.Reactions = slices.Clone(c.Reactions)
	return d
}
