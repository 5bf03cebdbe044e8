package github

import (
	"context"
	"strings"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// Access implements forge.Host.
func (h *Host) Access(ctx context.Context) (forge.Access, error) {
	what := "ask for the access to " + h.path()
	var access forge.Access
	var err error
	if app, ok := h.account.sign.(*app); ok {
		access, err = h.appAccess(ctx, app)
	} else {
		access, err = h.tokenAccess(ctx, h.account.sign.(*token))
	}
	if err != nil {
		return forge.Access{}, explain(what, "metadata: read", err)
	}
	return access, nil
}

// repository asks for the repository, with what is wrong with it whatever the permissions.
func (h *Host) repository(ctx context.Context) (*api.Repository, []forge.Problem, error) {
	repo, _, err := h.api.Repositories.Get(ctx, segment(h.owner), segment(h.name))
	if err != nil {
		return nil, nil, err
	}
	var problems []forge.Problem
	if name := repo.GetFullName(); name != "" && !strings.EqualFold(name, h.path()) {
		problems = append(problems, forge.Problem{
			What: h.path() + " is " + name + " now", So: "nothing can be written to it: give its new path in the configuration", Fatal: true,
		})
	}
	if repo.GetArchived() {
		problems = append(problems, forge.Problem{What: "the repository is archived", So: "nothing can be written to it", Fatal: true})
	}
	if repo.HasIssues != nil && !repo.GetHasIssues() {
		problems = append(problems, forge.Problem{What: "issues are disabled in the repository", So: "drift is not reported as issues"})
	}
	return repo, problems, nil
}

// appAccess compares the permissions of the App's installation with those that are needed.
func (h *Host) appAccess(ctx context.Context, p *app) (forge.Access, error) {
	access := forge.Access{App: true}
	found, err := p.find(ctx, h.owner, h.name)
	if err != nil {
		return access, err
	}
	if p.fixed != 0 && found.GetID() != p.fixed {
		return access, &forge.Denied{Reason: "the configured installation of the GitHub App is not that of " + h.path() + ": leave it out, and it is found by itself"}
	}
	if found.SuspendedAt != nil {
		return access, &forge.Denied{Reason: "the installation of the GitHub App is suspended: unsuspend it in the settings of " + h.owner}
	}
	p.mu.Lock()
	p.slug = "" // it may have been renamed
	p.mu.Unlock()
	if access.Login, err = p.login(ctx); err != nil {
		return access, err
	}
	given := granted(found.GetPermissions())
	repo, problems, err := h.repository(ctx)
	if err != nil {
		return access, err
	}
	for _, one := range needs {
		if !one.met(given) && (one.name != "members" || organised(repo)) {
			access.Problems = append(access.Problems, one.problem("the permission"))
		}
	}
	if !merging.met(given) {
		access.Merging = append(access.Merging, merging.problem("the permission"))
	}
	access.Problems = append(access.Problems, problems...)
	return access, nil
}

// tokenAccess tells what a token may not do: a classic one by its scopes, and any by its owner's role. What a fine-grained token
// was given GitHub tells nobody: its reads are tried, and a write that is refused says so when it is.
func (h *Host) tokenAccess(ctx context.Context, t *token) (forge.Access, error) {
	user, resp, err := t.user(ctx)
	if err != nil {
		return forge.Access{}, err
	}
	access := forge.Access{Login: user.GetLogin()}
	repo, problems, err := h.repository(ctx)
	if err != nil {
		return access, err
	}
	access.Problems = append(problems, roleProblems(repo.GetPermissions())...)
	if scopes, classic := resp.Header["X-Oauth-Scopes"]; classic {
		access.Problems = append(access.Problems, scopeProblems(strings.Join(scopes, ","), repo)...)
		return access, nil
	}
	tried, err := h.try(ctx, repo)
	access.Problems = append(access.Problems, tried...)
	return access, err
}
