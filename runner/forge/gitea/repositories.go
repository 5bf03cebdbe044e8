package gitea

import (
	"context"
	"errors"

	sdk "code.gitea.io/sdk/gitea"

	"github.com/driftlessops/driftless/runner/forge"
)

// List implements forge.Account.
func (a *Account) List(ctx context.Context, owner string) ([]forge.Listed, error) {
	what := "list the repositories of " + owner
	id := func(r *sdk.Repository) int64 { return r.ID }
	got, err := all(ctx, a, what, id, func(c *sdk.Client, o sdk.ListOptions) ([]*sdk.Repository, *sdk.Response, error) {
		return c.ListOrgRepos(owner, sdk.ListOrgReposOptions{ListOptions: o})
	})
	if errors.Is(err, forge.ErrGone) { // no organisation
		got, err = all(ctx, a, what, id, func(c *sdk.Client, o sdk.ListOptions) ([]*sdk.Repository, *sdk.Response, error) {
			return c.ListUserRepos(owner, sdk.ListReposOptions{ListOptions: o})
		})
	}
	if err != nil {
		return nil, err
	}
	var list []forge.Listed
	for _, r := range got {
		list = append(list, forge.Listed{Path: r.FullName, Archived: r.Archived, Empty: r.Empty})
	}
	return list, nil
}
