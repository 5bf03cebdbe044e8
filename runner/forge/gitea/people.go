package gitea

import (
	"context"
	"errors"
	"fmt"
	"strings"

	sdk "code.gitea.io/sdk/gitea"

	"github.com/driftlessops/driftless/runner/forge"
)

// permissions are Gitea's; an owner may do what an administrator may.
var permissions = map[sdk.AccessMode]forge.Permission{
	sdk.AccessModeNone: forge.NoPermission, sdk.AccessModeRead: forge.Read, sdk.AccessModeWrite: forge.Write,
	sdk.AccessModeAdmin: forge.Admin, sdk.AccessModeOwner: forge.Admin,
}

// Permission implements forge.Host. Gitea tells it to administrators of the repository only.
func (h *Host) Permission(ctx context.Context, login string) (forge.Permission, error) {
	what := h.what("ask what "+login+" may do in", "")
	got, err := ask(ctx, h.account, what, func(c *sdk.Client) (*sdk.CollaboratorPermissionResult, *sdk.Response, error) {
		return c.CollaboratorPermission(h.owner, h.name, login)
	})
	switch {
	case errors.Is(err, forge.ErrGone): // no such account
		return forge.NoPermission, nil
	case err != nil:
		return forge.NoPermission, h.unadministered(ctx, what, err)
	}
	p, ok := permissions[got.Permission]
	if !ok {
		return forge.NoPermission, fmt.Errorf("%s: Gitea says %q, which is no permission that driftless knows", what, got.Permission)
	}
	return p, nil
}

// unadministered says what a refusal to tell others' permissions means, and what to do.
func (h *Host) unadministered(ctx context.Context, what string, err error) error {
	var denied *forge.Denied
	me, unknown := h.account.self(ctx)
	if unknown != nil || errors.Is(err, errToken) || !errors.As(err, &denied) || strings.Contains(denied.Reason, "scope") {
		return err
	}
	return fmt.Errorf("%s: %w", what, &forge.Denied{Reason: me.UserName + " is not an administrator of the repository, and Gitea tells nobody else what others may do there. Give " + me.UserName + " the Administrator role; then say it again"})
}

// Member implements forge.Host.
func (h *Host) Member(ctx context.Context, team, login string) (bool, error) {
	org, name, ok := strings.Cut(team, "/")
	if !ok {
		org, name = h.owner, team
	}
	what := fmt.Sprintf("ask whether %s is in the team %s/%s", login, org, name)
	id, err := h.team(ctx, what, org, name)
	if err != nil {
		return false, err
	}
	_, err = ask(ctx, h.account, what, func(c *sdk.Client) (*sdk.User, *sdk.Response, error) { return c.GetTeamMember(id, login) })
	if errors.Is(err, forge.ErrGone) {
		return false, nil
	}
	var denied *forge.Denied
	if errors.As(err, &denied) {
		err = fmt.Errorf("%w. Gitea tells who is in a team only to its members: add driftless's account to %s/%s", err, org, name)
	}
	return err == nil, err
}

// team returns the id of a team, which Gitea lists by organisation.
func (h *Host) team(ctx context.Context, what, org, name string) (int64, error) {
	teams, err := all(ctx, h.account, what, func(t *sdk.Team) int64 { return t.ID }, func(c *sdk.Client, o sdk.ListOptions) ([]*sdk.Team, *sdk.Response, error) {
		return c.ListOrgTeams(org, sdk.ListTeamsOptions{ListOptions: o})
	})
	if errors.Is(err, forge.ErrGone) {
		return 0, forge.Gone(fmt.Sprintf("there is no team %s/%s: %[1]s is no organisation that driftless may see, and people have no teams. Mend the name under permissions in driftless.hcl", org, name))
	}
	if err != nil {
		return 0, err
	}
	for _, t := range teams {
		if strings.EqualFold(t.Name, name) {
			return t.ID, nil
		}
	}
	return 0, forge.Gone(fmt.Sprintf("there is no team %s/%s that driftless may see. Mend the name under permissions in driftless.hcl, or add driftless's account to the team", org, name))
}
