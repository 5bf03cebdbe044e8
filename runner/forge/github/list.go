package github

import (
	"context"
	"strings"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// List implements forge.Account. An App sees the repositories that it was given; a token those of an organisation that its owner
// may see, and of a person the public ones.
func (a *Account) List(ctx context.Context, owner string) ([]forge.Listed, error) {
	all, err := a.repositories(ctx, owner)
	if err != nil {
		return nil, explain("list the repositories of "+owner, "metadata: read", err)
	}
	var listed []forge.Listed
	for _, one := range all {
		if strings.EqualFold(one.GetOwner().GetLogin(), owner) {
			listed = append(listed, forge.Listed{Path: one.GetFullName(), Archived: one.GetArchived(), Empty: empty(one)})
		}
	}
	return listed, nil
}

func (a *Account) repositories(ctx context.Context, owner string) ([]*api.Repository, error) {
	c := a.client(owner, "")
	if a.opts.App != nil {
		return pages(func(page api.ListOptions) ([]*api.Repository, *api.Response, error) {
			list, resp, err := c.Apps.ListRepos(ctx, &page)
			if err != nil {
				return nil, resp, err
			}
			return list.Repositories, resp, nil
		})
	}
	all, err := pages(func(page api.ListOptions) ([]*api.Repository, *api.Response, error) {
		return c.Repositories.ListByOrg(ctx, segment(owner), &api.RepositoryListByOrgOptions{Sort: "full_name", ListOptions: page})
	})
	if !isGone(err) {
		return all, err
	}
	return pages(func(page api.ListOptions) ([]*api.Repository, *api.Response, error) {
		return c.Repositories.ListByUser(ctx, segment(owner), &api.RepositoryListByUserOptions{Sort: "full_name", ListOptions: page})
	})
}

// empty reports whether nothing was ever pushed. A size of 0 does not say so: GitHub measures it later.
func empty(r *api.Repository) bool {
	return r.GetSize() == 0 && !r.GetPushedAt().After(r.GetCreatedAt().Time)
}
