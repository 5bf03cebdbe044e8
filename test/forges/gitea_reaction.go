package forges

import (
	"net/http"
	"slices"
)

// giteaReactionNames are the reactions of [ui] REACTIONS.
var giteaReactionNames = []string{"+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"}

func giteaListReactions(c *giteaCall) reply {
	m, err := c.repo.CommentByID(c.number("id"))
	if err != nil {
		return c.failed(err)
	}
	var list []giteaReaction // null as long as there is none
	for _, r := range m.Reactions {
		list = append(list, c.reaction(r))
	}
	return ok(list)
}

func (c *giteaCall) reaction(r Reaction) giteaReaction {
	return giteaReaction{User: c.user(r.By), Content: r.Content, CreatedAt: r.Created}
}

func giteaReact(c *giteaCall) reply {
	var form struct {
		Content string `json:"content"`
	}
	if err := c.decode(&form); err != nil || !slices.Contains(giteaReactionNames, form.Content) {
		return c.refuse(http.StatusForbidden, "'%s' is not an allowed reaction", form.Content)
	}
	r, again, err := c.repo.React(c.doer, c.number("id"), form.Content)
	if err != nil {
		return c.failed(err)
	}
	if again {
		return ok(c.reaction(r))
	}
	return created(c.reaction(r))
}
