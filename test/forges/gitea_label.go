package forges

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

func giteaListLabels(c *giteaCall) reply {
	list := []giteaLabel{}
	for _, l := range c.repo.Labels() {
		list = append(list, c.label(l))
	}
	slices.SortFunc(list, func(a, b giteaLabel) int { return strings.Compare(a.Name, b.Name) })
	return giteaList(c, list, false)
}

var giteaColor = regexp.MustCompile(`^#?[0-9a-fA-F]{6}$`)

// giteaAddLabel refuses a second label of the same name, which Gitea would make: the world's issues know labels by name.
func giteaAddLabel(c *giteaCall) reply {
	var form struct {
		Name        string `json:"name"`
		Color       string `json:"color"`
		Description string `json:"description"`
	}
	if err := c.decode(&form); err != nil || form.Name == "" || !giteaColor.MatchString(form.Color) {
		return c.refuse(http.StatusUnprocessableEntity, "[Color]: a name and a color like #00aabb are required")
	}
	l, err := c.repo.AddLabel(form.Name, strings.TrimPrefix(form.Color, "#"), form.Description)
	if err != nil {
		return c.failed(err)
	}
	return created(c.label(l))
}

func (c *giteaCall) labelNames(ids []int64) []string {
	names := []string{}
	for _, l := range c.repo.Labels() {
		if slices.Contains(ids, l.ID) {
			names = append(names, l.Name)
		}
	}
	return names
}

func giteaIssueLabels(c *giteaCall) reply {
	i, err := c.repo.Issue(int(c.number("index")))
	if err != nil {
		return c.failed(err)
	}
	return ok(c.labels(i.Labels))
}

func giteaAddLabels(c *giteaCall) reply { return c.putLabels(true) }

func giteaReplaceLabels(c *giteaCall) reply { return c.putLabels(false) }

// putLabels sets the labels of an issue by their ids or names; ids and names that do not exist are passed over.
func (c *giteaCall) putLabels(keep bool) reply {
	var form struct {
		Labels []any `json:"labels"`
	}
	if err := c.decode(&form); err != nil {
		return c.refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	i, err := c.repo.Issue(int(c.number("index")))
	if err != nil {
		return c.failed(err)
	}
	if c.repo.Permission(c.doer) < Write {
		return c.refuse(http.StatusForbidden, "write permission is required")
	}
	var names []string
	if keep {
		names = i.Labels
	}
	for _, l := range c.repo.Labels() {
		if slices.Contains(form.Labels, any(l.Name)) || slices.Contains(form.Labels, any(float64(l.ID))) {
			names = append(names, l.Name)
		}
	}
	if err := c.repo.EditIssue(c.doer, i.Number, IssueEdit{Labels: &names}); err != nil {
		return c.failed(err)
	}
	if i, err = c.repo.Issue(i.Number); err != nil {
		return c.failed(err)
	}
	return ok(c.labels(i.Labels))
}
