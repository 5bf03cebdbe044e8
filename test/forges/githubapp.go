package forges

import (
	"net/http"
	"strconv"
	"strings"
)

func (c *call) appJSON(slug string) any {
	for _, a := range c.w.Apps() {
		if a.Slug == slug {
			return object{"id": a.ID, "node_id": nodeID("App", a.ID), "slug": a.Slug, "name": a.Slug, "description": nil, "events": []any{},
				"owner": c.userJSON(a.Login()), "external_url": c.web, "html_url": c.web + "/apps/" + a.Slug, "permissions": a.Permissions,
				"created_at": stamp(a.Created), "updated_at": stamp(a.Created)}
		}
	}
	return nil
}

func needJWT() reply {
	return refuse(http.StatusUnauthorized, "A JSON web token could not be decoded")
}

func (c *call) getApp() reply {
	a := c.app()
	if a == nil {
		return needJWT()
	}
	return ok(c.appJSON(a.Slug))
}

func (c *call) listInstallations() reply {
	a := c.app()
	if a == nil {
		return needJWT()
	}
	return listed(c, c.w.Installations(a.ID), func(i Installation) any { return c.installationJSON(*a, i) })
}

func (c *call) installationJSON(a App, i Installation) object {
	selection := "all"
	if i.Repos != nil {
		selection = "selected"
	}
	u, _ := c.w.User(i.Owner)
	kind := "User"
	if u.Org {
		kind = "Organization"
	}
	account, _ := c.userJSON(i.Owner).(object) // what an enterprise has is described as everybody's in the list
	account["name"], account["slug"], account["created_at"], account["updated_at"] = u.Login, u.Login, stamp(u.Created), stamp(u.Created)
	url := c.api + "/app/installations/" + strconv.FormatInt(i.ID, 10)
	return object{
		"id": i.ID, "app_id": a.ID, "app_slug": a.Slug, "target_id": u.ID, "target_type": kind, "account": account, "events": []any{},
		"permissions": i.Permissions, "repository_selection": selection, "single_file_name": nil, "access_tokens_url": url + "/access_tokens",
		"repositories_url": c.api + "/installation/repositories", "html_url": c.web + "/settings/installations/" + strconv.FormatInt(i.ID, 10),
		"created_at": stamp(i.Created), "updated_at": stamp(i.Created), "suspended_by": nil, "suspended_at": nil,
	}
}

// findInstallation is the one at an owner, or at a repository.
func (c *call) findInstallation() reply {
	a := c.app()
	if a == nil {
		return needJWT()
	}
	path := c.PathValue("owner") + "/" + c.PathValue("repo")
	for _, i := range c.w.Installations(a.ID) {
		if strings.EqualFold(i.Owner, c.PathValue("owner")) && (c.PathValue("repo") == "" || i.Repos == nil || contains(i.Repos, path)) {
			return ok(c.installationJSON(*a, i))
		}
	}
	return refuse(http.StatusNotFound, "Not Found")
}

func (c *call) addInstallationToken() reply {
	a := c.app()
	if a == nil {
		return needJWT()
	}
	var in struct {
		Permissions  map[string]string
		Repositories []string
		IDs          []int64 `json:"repository_ids"`
	}
	if err := c.decode(&in); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	for _, i := range c.w.Installations(a.ID) {
		if i.ID != c.number("id") {
			continue
		}
		for name, level := range in.Permissions {
			if !(Token{Permissions: i.Permissions}).Allows(name, level) {
				return refuse(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
			}
		}
		t := c.w.InstallationToken(i, in.Permissions, c.chosen(i, in.Repositories, in.IDs))
		return created(object{"token": t.Value, "expires_at": stamp(t.Expires), "permissions": t.Permissions})
	}
	return refuse(http.StatusNotFound, "Not Found")
}

// chosen are the paths of the repositories that a token is asked for; nil = all.
func (c *call) chosen(i Installation, names []string, ids []int64) []string {
	var paths []string
	for _, r := range c.w.Repos(i.Owner) {
		info := r.Info()
		wanted := contains(names, info.Name)
		for _, id := range ids {
			wanted = wanted || id == info.ID
		}
		if wanted {
			paths = append(paths, info.Path())
		}
	}
	return paths
}

func (c *call) listInstalled() reply {
	if c.token.App == 0 || c.app() != nil {
		return refuse(http.StatusForbidden, "Resource not accessible by personal access token")
	}
	list := c.seen(c.token.Owner)
	part, links := page(c, list, "per_page", 30, 100)
	repos := []any{}
	for _, r := range part {
		repos = append(repos, c.repoJSON(r))
	}
	return reply{status: http.StatusOK, header: links, body: object{"total_count": len(list), "repositories": repos}}
}
