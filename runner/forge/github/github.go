// Package github is the driver for GitHub and GitHub Enterprise Server: a Host is one repository there, an Account the sign-in
// that all of them share, as a GitHub App or with a token. Every request goes through a forge.Gate: one for a token, and one for
// each installation of an App.
package github

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// Options of an Account. URL, and either Token or App, are required.
type Options struct {
	URL string // where people see it: "https://github.com", or the base of a GitHub Enterprise Server
	// Token returns a fine-grained or classic token. It is asked again every few seconds, so that a new one is seen.
	Token func(ctx context.Context) (string, error)
	App   *App

	Pause     time.Duration     // between writes: see forge.NewGate
	Transport http.RoundTripper // to the network; nil = the default one, which gives up on a server that is silent
	Logger    *slog.Logger
	Count     func(method string, status int) // told of each request; may be nil
}

// App is a GitHub App that signs in as itself.
type App struct {
	ID           int64
	Key          func(ctx context.Context) ([]byte, error) // PEM; asked again every few seconds
	Installation int64                                     // 0 = that of each repository's owner
}

// Account implements forge.Account.
type Account struct {
	opts Options
	base *url.URL    // of the API, with a slash at the end
	gate *forge.Gate // of the token, or of the App itself
	sign signIn

	mu     sync.Mutex
	owners map[string]*forge.Gate // of an App's installations, by owner in lower case

	moved sync.Map // paths that were answered under another name
}

// New returns the account. It asks nothing yet.
func New(opts Options) (*Account, error) {
	base, err := apiURL(opts.URL)
	if err != nil {
		return nil, fmt.Errorf("github: %w", err)
	}
	if (opts.Token == nil) == (opts.App == nil) {
		return nil, errors.New("github: sign in with either a token or an app")
	}
	if opts.App != nil && (opts.App.ID == 0 || opts.App.Key == nil) {
		return nil, errors.New("github: an app needs its id and its private key")
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Account{opts: opts, base: base, gate: forge.NewGate(opts.Transport, opts.Pause), owners: map[string]*forge.Gate{}}
	a.gate.Count = opts.Count
	if opts.App != nil {
		a.sign = newApp(a, *opts.App)
	} else {
		a.sign = newToken(a, opts.Token)
	}
	return a, nil
}

// Repository implements forge.Account.
func (a *Account) Repository(path string, mirror *gitrepo.Mirror) forge.Host {
	owner, name, _ := strings.Cut(path, "/")
	h := &Host{account: a, mirror: mirror, owner: owner, name: name}
	h.api = a.client(owner, name)
	if a.opts.App != nil {
		return &Checker{Host: h}
	}
	return h
}

// Host is one repository: it implements forge.Host.
type Host struct {
	account     *Account
	mirror      *gitrepo.Mirror
	owner, name string
	api         *api.Client
	pulls       pulls
	comments    comments
	labels      labels
}

func (h *Host) path() string { return h.owner + "/" + h.name }

// at names a pull request or issue, for people.
func (h *Host) at(key string) string { return h.path() + "#" + key }

// bodyLimit is the most characters that GitHub takes in a comment or an issue.
const bodyLimit = 65536

// BodyLimit implements forge.Host.
func (h *Host) BodyLimit() int { return bodyLimit }

// Credentials implements forge.Host: git over https takes the same token as the API.
func (h *Host) Credentials(ctx context.Context) (gitrepo.Auth, error) {
	token, err := h.account.sign.token(ctx, h.owner, h.name)
	if err != nil {
		return gitrepo.Auth{}, explain("sign in to git at "+h.path(), "", err)
	}
	return gitrepo.Auth{Username: "x-access-token", Password: token}, nil
}

// apiURL is where the API of a GitHub is.
func apiURL(web string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(web, "/"))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%q is not the URL of a GitHub, such as https://github.com", web)
	}
	host := strings.ToLower(u.Host)
	switch {
	case host == "github.com" || host == "www.github.com":
		return url.Parse("https://api.github.com/")
	case strings.HasSuffix(host, ".ghe.com"): // GitHub Enterprise Cloud with data residency
		return url.Parse("https://api." + host + "/")
	}
	return u.JoinPath("api/v3/"), nil
}

var (
	_ forge.Account = (*Account)(nil)
	_ forge.Host    = (*Checker)(nil)
	_ forge.Checker = (*Checker)(nil)
)
