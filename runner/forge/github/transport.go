package github

import (
	"context"
	"net/http"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// client is a client of the API for a repository, or for an owner when name is "".
func (a *Account) client(owner, name string) *api.Client {
	return a.over(&forge.Signed{
		Base: a.gateOf(owner), Scheme: "Bearer", Refused: a.sign.refused,
		Token: func(ctx context.Context) (string, error) { return a.sign.token(ctx, owner, name) },
	})
}

func (a *Account) over(transport http.RoundTripper) *api.Client {
	c := api.NewClient(&http.Client{Transport: transport, CheckRedirect: a.follow})
	c.BaseURL = a.base
	c.UserAgent = "driftless"
	return c
}

// follow follows what renamed repositories answer for reads only: what was meant for one repository is not written to
// another unasked. It never leaves the host: another would be given our token.
func (a *Account) follow(req *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet || req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme || len(via) > 3 {
		return http.ErrUseLastResponse
	}
	if _, told := a.moved.LoadOrStore(first.URL.Path, true); !told {
		a.opts.Logger.Warn("GitHub answers under another name: give the repository's new path in the configuration", "asked", first.URL.Path, "answered", req.URL.Path)
	}
	return nil
}
