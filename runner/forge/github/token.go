package github

import (
	"context"
	"sync"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// signIn is how an account signs in.
type signIn interface {
	// token is for a repository, or for what belongs to an owner when name is "".
	token(ctx context.Context, owner, name string) (string, error)
	// refused says that GitHub did not accept a token.
	refused(token string)
	// login is whose comments are our own.
	login(ctx context.Context) (string, error)
}

// token signs in as a person, or a machine user.
type token struct {
	account *Account
	secret  forge.Secret

	mu      sync.Mutex
	known   string // the login that belongs to knownBy
	knownBy string
}

func newToken(a *Account, read func(context.Context) (string, error)) *token {
	return &token{account: a, secret: forge.Secret{What: "the token", Read: read}}
}

func (t *token) token(ctx context.Context, _, _ string) (string, error) {
	return t.secret.Get(ctx)
}

func (t *token) refused(value string) { t.secret.Refused(value) }

func (t *token) login(ctx context.Context) (string, error) {
	value, err := t.token(ctx, "", "")
	if err != nil {
		return "", explain("ask whose the token is", "", err)
	}
	t.mu.Lock()
	known, by := t.known, t.knownBy
	t.mu.Unlock()
	if by == value {
		return known, nil
	}
	user, _, err := t.user(ctx)
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known, t.knownBy = user.GetLogin(), value
	return t.known, nil
}

func (t *token) user(ctx context.Context) (*api.User, *api.Response, error) {
	user, resp, err := t.account.client("", "").Users.Get(ctx, "")
	if err != nil {
		return nil, nil, explain("ask whose the token is", "", err)
	}
	return user, resp, nil
}
