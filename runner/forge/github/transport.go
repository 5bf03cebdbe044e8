package github

import (
	"context"
	"net/http"
	"time"

	api "github.com/google/go-github/v60/github"
)

// patient is the default transport with an end to its patience: one writer that waits for ever would stop all others.
func patient() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = time.Minute
	return t
}

// client is a client of the API for a repository, or for an owner when name is "".
func (a *Account) client(owner, name string) *api.Client {
	return a.over(&signed{account: a, token: func(ctx context.Context) (string, error) { return a.sign.token(ctx, owner, name) }})
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

// signed signs requests on their way to the gate. A token that is refused is read anew once: it may have been replaced a
// moment ago.
type signed struct {
	account *Account
	token   func(ctx context.Context) (string, error)
}

// RoundTrip implements http.RoundTripper.
func (s *signed) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := s.token(req.Context())
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	resp, err := s.send(req, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	s.account.sign.refused(token)
	fresh, err := s.token(req.Context())
	if err != nil || fresh == token || req.Body != nil && req.GetBody == nil {
		return resp, nil // that it was refused is the answer
	}
	again := req.Clone(req.Context())
	if req.GetBody != nil {
		if again.Body, err = req.GetBody(); err != nil {
			return resp, nil
		}
	}
	_ = resp.Body.Close()
	return s.send(again, fresh)
}

func (s *signed) send(req *http.Request, token string) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+token)
	return s.account.gate.RoundTrip(req)
}
