package forges

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// stamp is a time in JSON; null for none.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// filled is null for nothing.
func filled(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func nodeID(kind string, id int64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d", kind, id))
}

// links adds the addresses that GitHub gives with everything: "hooks_url" → base/hooks.
func links(base, names string, o object) object {
	for _, name := range strings.Fields(names) {
		o[name+"_url"] = base + "/" + name
	}
	return o
}

func (c *call) userJSON(login string) any {
	u, ok := c.w.User(login)
	if !ok {
		return nil
	}
	kind := "User"
	switch {
	case u.Bot:
		kind = "Bot"
	case u.Org:
		kind = "Organization"
	}
	url := c.api + "/users/" + u.Login
	return links(url, "events followers following gists organizations received_events repos starred subscriptions", object{
		"id": u.ID, "node_id": nodeID("User", u.ID), "login": u.Login, "type": kind, "site_admin": false, "gravatar_id": "",
		"avatar_url": c.web + "/avatars/" + strconv.FormatInt(u.ID, 10), "html_url": c.web + "/" + u.Login, "url": url,
	})
}

func (c *call) repoJSON(r *Repo) object {
	i := r.Info()
	url, web := c.api+"/repos/"+i.Path(), c.web+"/"+i.Path()
	p := r.Permission(c.token.Login)
	if c.token.App != 0 && c.token.Allows("contents", "write") {
		p = Write
	}
	size := 1
	if i.Empty {
		size = 0
	}
	return links(url, `archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads events
		forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges milestones notifications pulls
		releases stargazers statuses subscribers subscription tags teams trees`, object{
		"id": i.ID, "node_id": nodeID("Repository", i.ID), "name": i.Name, "full_name": i.Path(), "owner": c.userJSON(i.Owner),
		"private": i.Private, "visibility": map[bool]string{true: "private", false: "public"}[i.Private], "html_url": web,
		"description": nil, "topics": []any{}, "fork": i.Fork, "url": url, "default_branch": i.Branch, "archived": i.Archived, "disabled": false,
		"clone_url": web + ".git", "git_url": "git://forge.example/" + i.Path() + ".git", "ssh_url": "git@forge.example:" + i.Path() + ".git", "svn_url": web,
		"forks": 0, "forks_count": 0, "open_issues": 0, "open_issues_count": 0, "watchers": 0, "watchers_count": 0, "stargazers_count": 0,
		"network_count": 0, "subscribers_count": 0, "size": size, "has_issues": true, "has_projects": false, "has_wiki": false, "has_pages": false,
		"has_downloads": false, "has_discussions": false, "homepage": nil, "language": nil, "license": nil, "mirror_url": nil,
		"created_at": stamp(i.Created), "updated_at": stamp(i.Pushed), "pushed_at": stamp(i.Pushed),
		"permissions": object{"pull": true, "triage": p >= Triage, "push": p >= Write, "maintain": p >= Maintain, "admin": p >= Admin},
	})
}

func (c *call) labelsJSON(r *Repo, names []string) []any {
	list := []any{}
	for _, l := range r.Labels() {
		for _, name := range names {
			if l.Name == name {
				list = append(list, c.labelJSON(r, l))
			}
		}
	}
	return list
}

func (c *call) labelJSON(r *Repo, l Label) object {
	return object{"id": l.ID, "node_id": nodeID("Label", l.ID), "name": l.Name, "color": l.Color, "description": l.Description, "default": false,
		"url": c.api + "/repos/" + r.Info().Path() + "/labels/" + strings.ReplaceAll(l.Name, " ", "%20")}
}

// association is what somebody is to a repository.
func (c *call) association(r *Repo, login string) string {
	org, _ := c.w.Org(r.Info().Owner)
	switch {
	case strings.EqualFold(login, r.Info().Owner):
		return "OWNER"
	case contains(org.Members, login):
		return "MEMBER"
	case r.Permission(login) > Read:
		return "COLLABORATOR"
	}
	return "NONE"
}

func state(open bool) string {
	if open {
		return "open"
	}
	return "closed"
}

func (c *call) issueJSON(r *Repo, i Issue) object {
	url := fmt.Sprintf("%s/repos/%s/issues/%d", c.api, r.Info().Path(), i.Number)
	o := links(url, "comments events labels", object{
		"id": i.ID, "node_id": nodeID("Issue", i.ID), "number": i.Number, "title": i.Title, "body": filled(i.Body), "state": state(i.Open),
		"user": c.userJSON(i.Author), "labels": c.labelsJSON(r, i.Labels), "assignee": nil, "assignees": []any{}, "milestone": nil, "locked": false,
		"active_lock_reason": nil, "performed_via_github_app": c.viaApp(i.Author), "reactions": rollup(url, nil),
		"comments": i.Comments, "created_at": stamp(i.Created), "updated_at": stamp(i.Updated), "closed_at": stamp(i.Closed),
		"author_association": c.association(r, i.Author), "url": url, "html_url": fmt.Sprintf("%s/%s/issues/%d", c.web, r.Info().Path(), i.Number),
		"repository_url": c.api + "/repos/" + r.Info().Path(),
	})
	if i.Pull != nil {
		pull := fmt.Sprintf("%s/repos/%s/pulls/%d", c.api, r.Info().Path(), i.Number)
		web := fmt.Sprintf("%s/%s/pull/%d", c.web, r.Info().Path(), i.Number)
		o["pull_request"] = object{"url": pull, "html_url": web, "diff_url": web + ".diff", "patch_url": web + ".patch", "merged_at": stamp(i.Pull.Merged)}
		o["html_url"], o["draft"] = web, i.Pull.Draft
	}
	return o
}

func (c *call) commentJSON(r *Repo, m Comment) object {
	path := r.Info().Path()
	return object{
		"id": m.ID, "node_id": nodeID("Comment", m.ID), "body": m.Body, "user": c.userJSON(m.Author), "author_association": c.association(r, m.Author),
		"performed_via_github_app": c.viaApp(m.Author), "reactions": rollup(fmt.Sprintf("%s/repos/%s/issues/comments/%d", c.api, path, m.ID), m.Reactions),
		"created_at": stamp(m.Created), "updated_at": stamp(m.Updated), "url": fmt.Sprintf("%s/repos/%s/issues/comments/%d", c.api, path, m.ID),
		"issue_url": fmt.Sprintf("%s/repos/%s/issues/%d", c.api, path, m.Number),
		"html_url":  fmt.Sprintf("%s/%s/issues/%d#issuecomment-%d", c.web, path, m.Number, m.ID),
	}
}

// viaApp is the App that an account belongs to, or null.
func (c *call) viaApp(login string) any {
	if slug, ok := strings.CutSuffix(login, "[bot]"); ok {
		return c.appJSON(slug)
	}
	return nil
}

// rollup counts reactions to what has this address.
func rollup(url string, reactions []Reaction) object {
	o := object{"url": url + "/reactions", "total_count": len(reactions)}
	for _, content := range githubReactions {
		o[content] = 0
	}
	for _, re := range reactions {
		n, _ := o[re.Content].(int)
		o[re.Content] = n + 1
	}
	return o
}
