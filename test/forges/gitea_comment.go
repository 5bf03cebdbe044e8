package forges

import (
	"net/http"
	"time"
)

// between returns the comments that were changed at since or later and at before or earlier, oldest first by when they were
// written.
func (c *giteaCall) between(list []Comment) ([]giteaComment, *reply) {
	var limits [2]time.Time
	for i, name := range []string{"since", "before"} {
		value := c.URL.Query().Get(name)
		if value == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, value)
		if err != nil {
			a := c.refuse(http.StatusUnprocessableEntity, "%v", err)
			return nil, &a
		}
		limits[i] = t.Truncate(time.Second)
	}
	shown := []giteaComment{}
	for _, m := range list {
		if (limits[0].IsZero() || !m.Updated.Before(limits[0])) && (limits[1].IsZero() || !m.Updated.After(limits[1])) {
			shown = append(shown, c.comment(m))
		}
	}
	return shown, nil
}

// giteaRepoComments is paged, but without links.
func giteaRepoComments(c *giteaCall) reply {
	list, refused := c.between(c.repo.CommentsOf(0))
	if refused != nil {
		return *refused
	}
	return giteaList(c, list, false)
}

// giteaIssueComments knows no pages: all comments come at once, whatever page and limit say.
func giteaIssueComments(c *giteaCall) reply {
	n := int(c.number("index"))
	if _, err := c.repo.Issue(n); err != nil {
		return c.noIssue()
	}
	list, refused := c.between(c.repo.CommentsOf(n))
	if refused != nil {
		return *refused
	}
	_, header := giteaPage(c, list, false)
	return reply{status: http.StatusOK, body: list, header: header}
}

// noIssue is the answer to who asks for the comments of an issue that is not there: up to 1.25 at least it is no 404, and says nothing.
func (c *giteaCall) noIssue() reply {
	return c.refuse(http.StatusInternalServerError, "%s", "")
}

func giteaGetComment(c *giteaCall) reply {
	m, err := c.repo.CommentByID(c.number("id"))
	if err != nil {
		return c.failed(err)
	}
	return ok(c.comment(m))
}

type giteaBodyOption struct {
	Body string `json:"body"`
}

func giteaAddComment(c *giteaCall) reply {
	var form giteaBodyOption
	if err := c.decode(&form); err != nil || form.Body == "" {
		return c.refuse(http.StatusUnprocessableEntity, "[Body]: Required")
	}
	n := int(c.number("index"))
	id, err := c.repo.Comment(c.doer, n, form.Body)
	if err != nil {
		return c.noIssue()
	}
	m, err := c.repo.CommentByID(id)
	if err != nil {
		return c.failed(err)
	}
	return created(c.comment(m))
}

// own reports whether who asks may change a comment: its author, and everybody who may write.
func (c *giteaCall) own(m Comment) bool {
	return m.Author == c.doer || c.repo.Permission(c.doer) >= Write
}

func giteaEditComment(c *giteaCall) reply {
	var form giteaBodyOption
	if err := c.decode(&form); err != nil || form.Body == "" {
		return c.refuse(http.StatusUnprocessableEntity, "[Body]: Required")
	}
	m, err := c.repo.CommentByID(c.number("id"))
	if err != nil {
		return c.failed(err)
	}
	if !c.own(m) {
		return reply{status: http.StatusForbidden}
	}
	if err := c.repo.EditComment(c.doer, m.ID, form.Body); err != nil {
		return c.failed(err)
	}
	if m, err = c.repo.CommentByID(m.ID); err != nil {
		return c.failed(err)
	}
	return ok(c.comment(m))
}

func giteaDeleteComment(c *giteaCall) reply {
	m, err := c.repo.CommentByID(c.number("id"))
	if err != nil {
		return c.failed(err)
	}
	if !c.own(m) {
		return reply{status: http.StatusForbidden}
	}
	if err := c.repo.DeleteComment(c.doer, m.ID); err != nil {
		return c.failed(err)
	}
	return none()
}
