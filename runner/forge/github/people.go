package github

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// roles are GitHub's names of permissions. A role of an organisation's own making has another name, and one of these below it.
var roles = map[string]forge.Permission{
	"none": forge.NoPermission, "read": forge.Read, "triage": forge.Triage, "write": forge.Write, "maintain": forge.Maintain, "admin": forge.Admin,
}

// Permission implements forge.Host. A program (an App's bot) is nobody to GitHub, and has none.
func (h *Host) Permission(ctx context.Context, login string) (forge.Permission, error) {
	var level struct {
		Permission string `json:"permission"`
		Role       string `json:"role_name"`
	}
	_, err := h.ifChanged(ctx, "collaborators/"+segment(login)+"/permission", "", &level)
	if isGone(err) {
		return forge.NoPermission, nil
	}
	if err != nil {
		return forge.NoPermission, explain("ask what "+login+" may do in "+h.path(), "metadata: read", err)
	}
	if known, ok := roles[level.Role]; ok {
		return known, nil
	}
	return roles[level.Permission], nil
}

// Member implements forge.Host. A person who was invited and has not accepted is no member yet.
func (h *Host) Member(ctx context.Context, team, login string) (bool, error) {
	org, slug, other := strings.Cut(team, "/")
	if !other {
		org, slug = h.owner, team
	}
	slug = strings.ToLower(slug)
	what := fmt.Sprintf("ask whether %s is in team %s/%s", login, org, slug)
	found, _, err := h.api.Teams.GetTeamMembershipBySlug(ctx, segment(org), segment(slug), segment(login))
	if err == nil {
		return found.GetState() == "active", nil
	}
	if !isGone(err) {
		return false, explain(what, "members: read", err)
	}
	// Neither a stranger nor a team that is not there is found: tell them apart.
	_, _, err = h.api.Teams.ListTeamMembersBySlug(ctx, segment(org), segment(slug), &api.TeamListTeamMembersOptions{ListOptions: api.ListOptions{PerPage: 1}})
	if statusOf(err) == http.StatusNotFound {
		return false, forge.Gone(fmt.Sprintf("there is no team %s/%s, or driftless may not see it. Under permissions in driftless.hcl write its slug, as in the address of its page; and give driftless's sign-in members: read", org, slug))
	}
	return false, explain(what, "members: read", err)
}
