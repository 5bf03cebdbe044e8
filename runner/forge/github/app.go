package github

import (
	"context"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/bradleyfalzon/ghinstallation/v2"
	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// app signs in as a GitHub App: its key signs a JWT, which buys a token of an hour for each installation.
type app struct {
	account *Account
	id      int64
	fixed   int64 // the only installation; 0 = one per owner
	key     forge.Secret

	mu            sync.Mutex
	current       string // the key that jwt signs with
	jwt           *ghinstallation.AppsTransport
	owners        map[string]int64 // owner in lower case → installation
	installations map[int64]*installation
	slug          string
}

func newApp(a *Account, conf App) *app {
	read := func(ctx context.Context) (string, error) {
		key, err := conf.Key(ctx)
		return string(key), err
	}
	return &app{
		account: a, id: conf.ID, fixed: conf.Installation, key: forge.Secret{What: "the private key of the GitHub App", Read: read},
		owners: map[string]int64{}, installations: map[int64]*installation{},
	}
}

// transport signs as the App itself. A changed key starts everything anew.
func (p *app) transport(ctx context.Context) (*ghinstallation.AppsTransport, error) {
	key, err := p.key.Get(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.jwt != nil && p.current == key {
		return p.jwt, nil
	}
	jwt, err := ghinstallation.NewAppsTransport(p.account.gate, p.id, []byte(key))
	if err != nil {
		return nil, &forge.Denied{Reason: "the private key of the GitHub App is not one: " + err.Error() + ": download one from the App's settings"}
	}
	jwt.BaseURL = strings.TrimRight(p.account.base.String(), "/")
	p.jwt, p.current, p.slug = jwt, key, ""
	clear(p.owners)
	clear(p.installations)
	return jwt, nil
}

// RoundTrip implements http.RoundTripper: requests as the App itself.
func (p *app) RoundTrip(req *http.Request) (*http.Response, error) {
	jwt, err := p.transport(req.Context())
	if err != nil {
		return nil, err
	}
	resp, err := jwt.RoundTrip(req.Clone(req.Context()))
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.key.Refused(p.current)
	}
	return resp, err
}

// self is a client that asks as the App itself.
func (p *app) self() *api.Client { return p.account.over(p) }

func (p *app) token(ctx context.Context, owner, name string) (string, error) {
	jwt, err := p.transport(ctx)
	if err != nil {
		return "", err
	}
	id, err := p.installation(ctx, owner, name)
	if err != nil {
		return "", err
	}
	token, err := p.at(id).token(ctx, jwt)
	if isGone(err) {
		p.forget(id)
	}
	return token, err
}

func (p *app) at(id int64) *installation {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.installations[id] == nil {
		p.installations[id] = &installation{id: id}
	}
	return p.installations[id]
}

func (p *app) refused(token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.installations {
		one.refused(token)
	}
}

// forget has an owner's installation looked up again: it was removed, and perhaps made anew.
func (p *app) forget(id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.owners, func(_ string, of int64) bool { return of == id })
	delete(p.installations, id)
}

func (p *app) login(ctx context.Context) (string, error) {
	if _, err := p.transport(ctx); err != nil {
		return "", explain("ask for the GitHub App's name", "", err)
	}
	p.mu.Lock()
	slug := p.slug
	p.mu.Unlock()
	if slug == "" {
		self, _, err := p.self().Apps.Get(ctx, "")
		if err != nil {
			return "", explain("ask for GitHub App "+strconv.FormatInt(p.id, 10), "", err)
		}
		slug = self.GetSlug()
		p.mu.Lock()
		p.slug = slug
		p.mu.Unlock()
	}
	return slug + "[bot]", nil
}
