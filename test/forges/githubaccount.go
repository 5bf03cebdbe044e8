package forges

import (
	"net/http"
	"slices"
	"strings"
)

func (c *call) getUser() reply {
	switch {
	case c.token.Login == "":
		return refuse(http.StatusUnauthorized, "Requires authentication")
	case c.token.App != 0:
		return refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	o := c.userJSON(c.token.Login).(object)
	for _, key := range []string{"bio", "blog", "company", "email", "hireable", "location", "name"} {
		o[key] = nil
	}
	u, _ := c.w.User(c.token.Login)
	o["user_view_type"], o["created_at"], o["updated_at"] = "public", stamp(u.Created), stamp(u.Created)
	for _, key := range []string{"followers", "following", "public_gists", "public_repos"} {
		o[key] = 0
	}
	return ok(o)
}

func (c *call) getRateLimit() reply {
	b, _ := c.w.budget(false)
	core := object{"limit": b.limit, "used": b.used, "remaining": b.limit - b.used, "reset": b.reset.Unix()}
	return ok(object{"rate": core, "resources": object{"core": core, "search": core}})
}

// seen are the repositories of an owner that the sender sees.
func (c *call) seen(owner string) []*Repo {
	return slices.DeleteFunc(c.w.Repos(owner), func(r *Repo) bool { return !c.w.Sees(c.token, r) })
}

func (c *call) listOwned() reply {
	u, known := c.w.User(c.PathValue("owner"))
	if !known || strings.HasPrefix(c.path, "/orgs/") && !u.Org {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return listed(c, c.seen(u.Login), func(r *Repo) any { return c.repoJSON(r) })
}

func (c *call) getRepo() reply { return ok(c.repoJSON(c.repo)) }

func (c *call) getPermission() reply {
	login := c.PathValue("user")
	user, _ := c.userJSON(login).(object)
	if user == nil {
		return refuse(http.StatusNotFound, login+" is not a user")
	}
	p := c.repo.Permission(login)
	legacy := map[Permission]string{Triage: "read", Maintain: "write"}[p]
	if legacy == "" {
		legacy = p.String()
	}
	user["role_name"] = p.String()
	return ok(object{"permission": legacy, "role_name": p.String(), "user": user})
}

// org is the organisation of the path, if its teams can be seen; else the refusal.
func (c *call) org() (Org, *reply) {
	o, known := c.w.Org(c.PathValue("org"))
	var a reply
	switch {
	case c.token.App != 0 && !c.token.Allows("members", "read"):
		a = refuse(http.StatusForbidden, "Resource not accessible by integration")
	case !c.token.Allows("members", "read"):
		a = refuse(http.StatusForbidden, "Resource not accessible by personal access token")
	case c.token.Scopes != nil && !slices.ContainsFunc(c.token.Scopes, func(s string) bool { return strings.HasSuffix(s, ":org") }):
		a = refuse(http.StatusForbidden, "You must have the read:org scope to see teams.")
	case !known, c.token.App == 0 && !contains(o.Members, c.token.Login), c.token.App != 0 && !strings.EqualFold(c.token.Owner, o.Login):
		a = refuse(http.StatusNotFound, "Not Found")
	default:
		return o, nil
	}
	return Org{}, &a
}

func (c *call) listTeams() reply {
	o, refused := c.org()
	if refused != nil {
		return *refused
	}
	list := []*Team{}
	for _, t := range o.Teams {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b *Team) int { return int(a.ID - b.ID) })
	return listed(c, list, func(t *Team) any {
		url, web := c.api+"/orgs/"+o.Login+"/teams/"+t.Slug, c.web+"/orgs/"+o.Login+"/teams/"+t.Slug
		return object{"id": t.ID, "node_id": nodeID("Team", t.ID), "slug": t.Slug, "name": t.Slug, "description": nil, "permission": "pull", "parent": nil,
			"url": url, "members_url": url + "/members{/member}", "html_url": web, "repositories_url": url + "/repos", "type": "organization"}
	})
}

func (c *call) listMembers() reply {
	o, refused := c.org()
	if refused != nil {
		return *refused
	}
	t := o.Teams[strings.ToLower(c.PathValue("team"))]
	if t == nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return listed(c, t.Members, c.userJSON)
}

func (c *call) getMembership() reply {
	o, refused := c.org()
	if refused != nil {
		return *refused
	}
	t := o.Teams[strings.ToLower(c.PathValue("team"))]
	if t == nil || !t.Member(c.PathValue("user")) {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return ok(object{"role": "member", "state": "active", "url": c.api + c.path})
}
