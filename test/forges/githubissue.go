package forges

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// invalid is GitHub's refusal of a field.
func invalid(resource, field, why string) reply {
	a := refuse(http.StatusUnprocessableEntity, "Validation Failed")
	a.body.(object)["documentation_url"] = "https://docs.github.com/rest"
	a.body.(object)["errors"] = []any{object{"resource": resource, "code": "custom", "field": field, "message": field + " " + why}}
	return a
}

const tooLongFor = "is too long (maximum is 65536 characters)"

// listed is a page of things, each as JSON.
func listed[T any](c *call, list []T, show func(T) any) reply {
	part, links := page(c, list, "per_page", 30, 100)
	out := []any{}
	for _, v := range part {
		out = append(out, show(v))
	}
	return reply{status: http.StatusOK, body: out, header: links}
}

// sorted sorts by the parameters sort and direction.
func sorted[T any](c *call, list []T, direction string, created, updated func(T) time.Time) {
	at := created
	if c.query("sort", "created") == "updated" {
		at = updated
	}
	slices.SortStableFunc(list, func(a, b T) int { return at(a).Compare(at(b)) })
	if c.query("direction", direction) == "desc" {
		slices.Reverse(list)
	}
}

func (c *call) listIssues() reply {
	since, labels, creator, want := c.since(), c.query("labels", ""), c.query("creator", ""), c.query("state", "open")
	list := slices.DeleteFunc(c.repo.Issues(), func(i Issue) bool {
		if labels != "" {
			for l := range strings.SplitSeq(labels, ",") {
				if !contains(i.Labels, l) {
					return true
				}
			}
		}
		return creator != "" && !strings.EqualFold(creator, i.Author) || i.Updated.Before(since) || want != "all" && want != state(i.Open)
	})
	sorted(c, list, "desc", func(i Issue) time.Time { return i.Created }, func(i Issue) time.Time { return i.Updated })
	return listed(c, list, func(i Issue) any { return c.issueJSON(c.repo, i) })
}

func (c *call) getIssue() reply {
	i, err := c.repo.Issue(int(c.number("n")))
	if err != nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return ok(c.issueJSON(c.repo, i))
}

func (c *call) addIssue() reply {
	var in struct {
		Title, Body string
		Labels      []string
	}
	switch err := c.decode(&in); {
	case err != nil:
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	case tooLong(in.Body):
		return invalid("Issue", "body", tooLongFor)
	case len(in.Title) > 256:
		return invalid("Issue", "title", "is too long (maximum is 256 characters)")
	}
	if c.token.App == 0 && c.repo.Permission(c.token.Login) < Triage {
		in.Labels = nil // GitHub drops them without a word
	}
	n, err := c.repo.OpenIssue(c.token.Login, in.Title, in.Body, in.Labels...)
	if err != nil {
		return failed(err)
	}
	a := c.issueReply(n)
	a.status = http.StatusCreated
	return a
}

func (c *call) issueReply(n int) reply {
	i, err := c.repo.Issue(n)
	if err != nil {
		return failed(err)
	}
	return ok(c.issueJSON(c.repo, i))
}

func (c *call) editIssue() reply {
	var in struct {
		Title, Body, State *string
		Labels             *[]string
	}
	n := int(c.number("n"))
	i, err := c.repo.Issue(n)
	switch {
	case c.decode(&in) != nil:
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	case err != nil:
		return refuse(http.StatusGone, "This issue was deleted")
	case c.token.App == 0 && c.token.Login != i.Author && c.repo.Permission(c.token.Login) < Triage:
		return refuse(http.StatusForbidden, "Must have admin rights to Repository.")
	case in.Body != nil && tooLong(*in.Body):
		return invalid("Issue", "body", tooLongFor)
	}
	e := IssueEdit{Title: in.Title, Body: in.Body, Labels: in.Labels}
	if in.State != nil {
		open := *in.State == "open"
		e.Open = &open
	}
	if err := c.repo.EditIssue(c.token.Login, n, e); err != nil {
		return failed(err)
	}
	return c.issueReply(n)
}

func (c *call) listLabels() reply {
	return listed(c, c.repo.Labels(), func(l Label) any { return c.labelJSON(c.repo, l) })
}

func (c *call) addLabel() reply {
	var in struct{ Name, Color, Description string }
	if err := c.decode(&in); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	l, err := c.repo.AddLabel(in.Name, cmp.Or(in.Color, "ededed"), in.Description)
	if err != nil {
		a := invalid("Label", "name", "already exists")
		a.body.(object)["errors"].([]any)[0].(object)["code"] = "already_exists"
		return a
	}
	return created(c.labelJSON(c.repo, l))
}

func (c *call) addIssueLabels() reply {
	i, err := c.repo.Issue(int(c.number("n")))
	if err != nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return c.labelIssue(i.Labels)
}

func (c *call) setIssueLabels() reply { return c.labelIssue(nil) }

// labelIssue gives an issue the labels of the body beside others.
func (c *call) labelIssue(labels []string) reply {
	var in struct{ Labels []string }
	if c.decode(&in) != nil && c.decode(&in.Labels) != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	labels = append(labels, in.Labels...)
	n := int(c.number("n"))
	if err := c.repo.EditIssue(c.token.Login, n, IssueEdit{Labels: &labels}); err != nil {
		return failed(err)
	}
	i, _ := c.repo.Issue(n)
	return ok(c.labelsJSON(c.repo, i.Labels))
}
