package forges

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

func giteaListIssues(c *giteaCall) reply {
	q := c.URL.Query()
	by := q.Get("created_by")
	if _, ok := c.w.User(by); by != "" && !ok {
		return c.notFound()
	}
	var since time.Time
	if value := q.Get("since"); value != "" {
		t, err := time.Parse(time.RFC3339, value)
		if err != nil {
			return c.refuse(http.StatusUnprocessableEntity, "%v", err)
		}
		since = t.Truncate(time.Second)
	}
	state, kind, labels := cmp.Or(q.Get("state"), "open"), q.Get("type"), c.existing(q.Get("labels"))
	list := slices.DeleteFunc(c.repo.Issues(), func(i Issue) bool {
		return state != "all" && state != giteaState(i.Open) || kind == "issues" && i.Pull != nil || kind == "pulls" && i.Pull == nil ||
			by != "" && !strings.EqualFold(by, i.Author) || i.Updated.Before(since) || !containsAll(i.Labels, labels)
	})
	slices.SortStableFunc(list, giteaOrder(""))
	part, header := giteaPage(c, list, true)
	shown := []giteaIssue{}
	for _, i := range part {
		shown = append(shown, c.issue(i))
	}
	return reply{status: http.StatusOK, body: shown, header: header}
}

// existing are the labels of a list of names that exist. Gitea passes over the others: of labels that do not exist, all
// issues are the answer.
func (c *giteaCall) existing(names string) []string {
	var list []string
	for _, l := range c.repo.Labels() {
		if slices.Contains(strings.Split(names, ","), l.Name) {
			list = append(list, l.Name)
		}
	}
	return list
}

func containsAll(list, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(list, w) })
}

func giteaGetIssue(c *giteaCall) reply {
	i, err := c.repo.Issue(int(c.number("index")))
	if err != nil {
		return c.failed(err)
	}
	return ok(c.issue(i))
}

func giteaOpenIssue(c *giteaCall) reply {
	var form struct {
		Title  string  `json:"title"`
		Body   string  `json:"body"`
		Labels []int64 `json:"labels"`
		Closed bool    `json:"closed"`
	}
	if err := c.decode(&form); err != nil || form.Title == "" {
		return c.refuse(http.StatusUnprocessableEntity, "[Title]: Required")
	}
	var labels []string
	if c.repo.Permission(c.doer) >= Write { // passed over for others
		labels = c.labelNames(form.Labels)
	}
	n, err := c.repo.OpenIssue(c.doer, form.Title, form.Body, labels...)
	if err == nil && form.Closed {
		err = c.repo.Close(c.doer, n)
	}
	if err != nil {
		return c.failed(err)
	}
	return c.answerIssue(n)
}

// giteaEditIssue has no labels: they have operations of their own.
func giteaEditIssue(c *giteaCall) reply {
	var form struct {
		Title string  `json:"title"`
		Body  *string `json:"body"`
		State *string `json:"state"`
	}
	if err := c.decode(&form); err != nil {
		return c.refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	i, err := c.repo.Issue(int(c.number("index")))
	switch {
	case err != nil:
		return c.failed(err)
	case i.Author != c.doer && c.repo.Permission(c.doer) < Write:
		return reply{status: http.StatusForbidden}
	case form.State != nil && i.Pull != nil && !i.Pull.Merged.IsZero():
		return c.refuse(http.StatusPreconditionFailed, "cannot change state of this pull request, it was already merged")
	}
	edit := IssueEdit{Body: form.Body}
	if form.Title != "" {
		edit.Title = &form.Title
	}
	if form.State != nil {
		open := *form.State != "closed"
		edit.Open = &open
	}
	if err := c.repo.EditIssue(c.doer, i.Number, edit); err != nil {
		return c.failed(err)
	}
	return c.answerIssue(i.Number)
}

// answerIssue is Gitea's answer to both making and changing an issue.
func (c *giteaCall) answerIssue(n int) reply {
	i, err := c.repo.Issue(n)
	if err != nil {
		return c.failed(err)
	}
	return created(c.issue(i))
}
