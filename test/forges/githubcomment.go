package forges

import (
	"net/http"
	"slices"
	"time"
)

func (c *call) listComments() reply {
	n, since := int(c.number("n")), c.since()
	if _, err := c.repo.Issue(n); err != nil && c.PathValue("n") != "" {
		return refuse(http.StatusNotFound, "Not Found")
	}
	list := slices.DeleteFunc(c.repo.CommentsOf(n), func(m Comment) bool { return m.Updated.Before(since) })
	if n == 0 { // those of one are by id, whatever is asked
		sorted(c, list, "asc", func(m Comment) time.Time { return m.Created }, func(m Comment) time.Time { return m.Updated })
	}
	return listed(c, list, func(m Comment) any { return c.commentJSON(c.repo, m) })
}

func (c *call) getComment() reply {
	m, err := c.repo.CommentByID(c.number("id"))
	if err != nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return ok(c.commentJSON(c.repo, m))
}

// body reads the body of a comment; refused is not nil if it cannot be one.
func (c *call) text() (body string, refused *reply) {
	var in struct{ Body string }
	var a reply
	switch err := c.decode(&in); {
	case err != nil:
		a = refuse(http.StatusBadRequest, "Problems parsing JSON")
	case in.Body == "":
		a = invalid("IssueComment", "body", "can't be blank")
	case tooLong(in.Body):
		a = invalid("IssueComment", "body", tooLongFor)
	default:
		return in.Body, nil
	}
	return "", &a
}

func (c *call) addComment() reply {
	body, refused := c.text()
	if refused != nil {
		return *refused
	}
	id, err := c.repo.Comment(c.token.Login, int(c.number("n")), body)
	if err != nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	m, err := c.repo.CommentByID(id)
	if err != nil {
		return failed(err)
	}
	return created(c.commentJSON(c.repo, m))
}

// mayTouch returns the refusal to edit or delete a comment, or nil.
func (c *call) mayTouch(id int64) *reply {
	m, err := c.repo.CommentByID(id)
	var a reply
	switch {
	case err != nil, c.repo.hidden(id):
		a = refuse(http.StatusNotFound, "Not Found")
	case m.Author != c.token.Login && (c.token.App != 0 || c.repo.Permission(c.token.Login) < Write):
		a = refuse(http.StatusForbidden, "Must have admin rights to Repository.")
	default:
		return nil
	}
	return &a
}

func (c *call) editComment() reply {
	id := c.number("id")
	body, refused := c.text()
	if refused == nil {
		refused = c.mayTouch(id)
	}
	if refused != nil {
		return *refused
	}
	if err := c.repo.EditComment(c.token.Login, id, body); err != nil {
		return failed(err)
	}
	return c.getComment()
}

func (c *call) deleteComment() reply {
	id := c.number("id")
	if refused := c.mayTouch(id); refused != nil {
		return *refused
	}
	if err := c.repo.DeleteComment(c.token.Login, id); err != nil {
		return failed(err)
	}
	return none()
}

func (c *call) listReactions() reply {
	m, err := c.repo.CommentByID(c.number("id"))
	if err != nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return listed(c, m.Reactions, c.reactionJSON)
}

func (c *call) reactionJSON(re Reaction) any {
	return object{"id": re.ID, "node_id": nodeID("Reaction", re.ID), "user": c.userJSON(re.By), "content": re.Content, "created_at": stamp(re.Created)}
}

var githubReactions = []string{"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}

func (c *call) react() reply {
	var in struct{ Content string }
	if err := c.decode(&in); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	if !slices.Contains(githubReactions, in.Content) {
		return invalid("Reaction", "content", "is not a valid reaction")
	}
	re, again, err := c.repo.React(c.token.Login, c.number("id"), in.Content)
	switch {
	case err != nil:
		return refuse(http.StatusNotFound, "Not Found")
	case again:
		return ok(c.reactionJSON(re))
	}
	return created(c.reactionJSON(re))
}
