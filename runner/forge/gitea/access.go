package gitea

import (
	"context"
	"errors"
	"net/http"
	"strings"

	sdk "code.gitea.io/sdk/gitea"

	"github.com/driftlessops/driftless/runner/forge"
)

// Access implements forge.Host. Gitea tells nobody what a token may do, so its scopes are tried: by reading, and where only
// writing shows it, by writing to what cannot be there (comment 0, pull request 0).
func (h *Host) Access(ctx context.Context) (forge.Access, error) {
	var found forge.Access
	me, err := h.account.self(ctx)
	if me != nil {
		found.Login = me.UserName
	}
	if err := scope(&found, err, "read:user", "driftless cannot tell its own comments from others'", true); err != nil {
		return forge.Access{}, err
	}
	repo, err := ask(ctx, h.account, h.what("ask for", ""), func(c *sdk.Client) (*sdk.Repository, *sdk.Response, error) {
		return c.GetRepo(h.owner, h.name)
	})
	if err := scope(&found, err, "write:repository", "nothing in the repository can be seen", true); err != nil {
		return forge.Access{}, err
	}
	if repo == nil || err != nil {
		return found, nil
	}
	h.rights(&found, repo)
	for _, try := range h.tries(repo) {
		if err := scope(&found, h.attempt(ctx, try), try.scope, try.so, false); err != nil && !errors.Is(err, forge.ErrGone) {
			return forge.Access{}, err
		}
	}
	return found, nil
}

// scope notes a refusal as a scope that is missing. Any other error comes back.
func scope(found *forge.Access, err error, scope, so string, fatal bool) error {
	var denied *forge.Denied
	if err == nil || errors.Is(err, errToken) || !errors.As(err, &denied) {
		return err
	}
	what := "the token lacks the scope " + scope
	if !strings.Contains(denied.Reason, "scope") {
		what = "Gitea refuses what takes the scope " + scope + ": " + denied.Reason
	}
	found.Problems = append(found.Problems, forge.Problem{What: what, So: so, Fatal: fatal})
	return nil
}

// rights notes what whose token it is may not do in the repository.
func (h *Host) rights(found *forge.Access, repo *sdk.Repository) {
	note := func(what, so string, fatal bool) {
		found.Problems = append(found.Problems, forge.Problem{What: what, So: so, Fatal: fatal})
	}
	if path := h.owner + "/" + h.name; !strings.EqualFold(repo.FullName, path) {
		note(path+" is "+repo.FullName+" now", "nothing can be written to it: give its new path in the configuration", true)
	}
	may := repo.Permissions
	switch {
	case may == nil || !may.Pull:
		note(found.Login+" may not read the repository", "nothing in the repository can be seen", true)
	case !may.Push:
		note(found.Login+" may not write to the repository", "no statuses are set, nothing is merged, and drift issues have no labels", false)
	}
	if may == nil || !may.Admin {
		note(found.Login+" is not an administrator of the repository", "Gitea does not say what others may do, so commands are refused", false)
	}
	if repo.Archived {
		note("the repository is archived", "nothing can be written to it", true)
	}
}

// try is a call that shows whether a token has a scope, and does nothing.
type try struct {
	scope, so string
	call      func(ctx context.Context, c *sdk.Client) (*sdk.Response, error)
}

// attempts is how often a try is made that a server does not answer well: as it does nothing, it can be.
const attempts = 3

func (h *Host) attempt(ctx context.Context, t try) (err error) {
	for range attempts {
		_, err = ask(ctx, h.account, h.what("try the token in", ""), func(c *sdk.Client) (struct{}, *sdk.Response, error) {
			resp, err := t.call(ctx, c)
			return struct{}{}, resp, err
		})
		var later *forge.Later
		if !errors.As(err, &later) || later.Status == 0 || !later.At.IsZero() {
			break
		}
	}
	return err
}

func (h *Host) tries(repo *sdk.Repository) []try {
	list := []try{
		{"read:organization", "teams cannot be asked for", func(_ context.Context, c *sdk.Client) (*sdk.Response, error) {
			_, resp, err := c.ListOrgTeams(h.owner, sdk.ListTeamsOptions{ListOptions: sdk.ListOptions{PageSize: 1}})
			return resp, err
		}},
		{"write:issue", forge.Unshown + ", and no drift issues are opened", func(_ context.Context, c *sdk.Client) (*sdk.Response, error) {
			return c.DeleteIssueComment(h.owner, h.name, 0)
		}},
	}
	if repo.Archived || repo.Permissions == nil || !repo.Permissions.Push {
		return list
	}
	return append(list, try{"write:repository", "no statuses are set and nothing is merged", func(ctx context.Context, _ *sdk.Client) (*sdk.Response, error) {
		return h.account.send(ctx, http.MethodPost, h.path("/pulls/0/merge"), map[string]string{"do": string(forge.MergeCommit)}, nil)
	}})
}
