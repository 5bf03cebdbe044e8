package forges

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// giteaVersionName is the version that the face plays.
const giteaVersionName = "1.26.0"

func giteaVersion(*giteaCall) reply {
	return ok(map[string]string{"version": giteaVersionName})
}

func giteaSettings(*giteaCall) reply {
	return ok(map[string]int{
		"max_response_items": giteaPageMax, "default_paging_num": giteaPageSize, "default_git_trees_per_page": 1000,
		"default_max_blob_size": 10485760, "default_max_response_size": 104857600,
	})
}

func giteaMe(c *giteaCall) reply { return ok(c.user(c.doer)) }

func giteaGetRepo(c *giteaCall) reply { return ok(c.repository(c.repo)) }

func giteaUserRepos(c *giteaCall) reply {
	u, known := c.w.User(c.PathValue("username"))
	if !known {
		return c.notFound()
	}
	return c.repositories(u.Login)
}

func giteaOrgRepos(c *giteaCall) reply {
	org, known := c.w.Org(c.PathValue("org"))
	if !known {
		return c.notFound()
	}
	return c.repositories(org.Login)
}

// repositories are those that who asks may read.
func (c *giteaCall) repositories(owner string) reply {
	list := []*giteaRepository{}
	for _, r := range c.w.Repos(owner) {
		if r.Permission(c.doer) >= Read {
			list = append(list, c.repository(r))
		}
	}
	slices.SortFunc(list, func(a, b *giteaRepository) int { return strings.Compare(a.Name, b.Name) })
	return giteaList(c, list, true)
}

// giteaGetPermission tells repository administrators of everybody, and others of themselves.
func giteaGetPermission(c *giteaCall) reply {
	login := c.PathValue("collaborator")
	if !strings.EqualFold(login, c.doer) && c.repo.Permission(c.doer) < Admin {
		return c.refuse(http.StatusForbidden,
			"Only admins can query all permissions, repo admins can query all repo permissions, collaborators can query only their own")
	}
	u, known := c.w.User(login)
	if !known {
		return c.refuse(http.StatusNotFound, "user does not exist [uid: 0, name: %s]", login)
	}
	name := giteaAccess(c.repo.Permission(u.Login))
	if strings.EqualFold(u.Login, c.repo.Info().Owner) {
		name = "owner"
	}
	return ok(map[string]any{"permission": name, "role_name": name, "user": c.user(u.Login)})
}

// giteaAccess is the nearest of Gitea's access modes that is not above a permission.
func giteaAccess(p Permission) string {
	switch {
	case p >= Admin:
		return "admin"
	case p >= Write:
		return "write"
	case p >= Read:
		return "read"
	}
	return "none"
}

// giteaTeams are seen by the members of the organisation.
func giteaTeams(c *giteaCall) reply {
	org, known := c.w.Org(c.PathValue("org"))
	if !known {
		return c.notFound()
	}
	if !contains(org.Members, c.doer) {
		return c.refuse(http.StatusForbidden, "Must be an organization member")
	}
	list := []giteaTeam{}
	for _, t := range org.Teams {
		list = append(list, giteaTeam{
			ID: t.ID, Name: t.Slug, Permission: "read", Units: []string{"repo.code"}, UnitsMap: map[string]string{"repo.code": "read"},
			Organization: &giteaOrganization{ID: org.ID, Name: org.Login, Username: org.Login, Visibility: "public"},
		})
	}
	slices.SortFunc(list, func(a, b giteaTeam) int { return cmp.Compare(a.ID, b.ID) })
	return giteaList(c, list, false)
}

// giteaTeamMember is open to the members of the team and the owners of the organisation, who are its team Owners.
func giteaTeamMember(c *giteaCall) reply {
	org, team := c.team(c.number("id"))
	owners := org.Teams["owners"]
	switch {
	case team == nil:
		return c.notFound()
	case team.Member(c.doer) || owners != nil && owners.Member(c.doer):
	case contains(org.Members, c.doer):
		return c.refuse(http.StatusForbidden, "Must be a team member")
	default:
		return c.notFound()
	}
	u, known := c.w.User(c.PathValue("username"))
	if !known || !team.Member(u.Login) {
		return c.notFound()
	}
	return ok(c.user(u.Login))
}

// team returns a team by its number, with its organisation; nil = there is none.
func (c *giteaCall) team(id int64) (Org, *Team) {
	for _, name := range c.w.orgNames() {
		org, _ := c.w.Org(name)
		for _, t := range org.Teams {
			if t.ID == id {
				return org, t
			}
		}
	}
	return Org{}, nil
}

func (w *World) orgNames() []string {
	defer w.lock()()
	return slices.Collect(maps.Keys(w.orgs))
}
