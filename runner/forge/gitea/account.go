// Package gitea is the forge of Gitea and Forgejo. An Account is a token at one server; a Host is a repository that it sees.
package gitea

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

	sdk "code.gitea.io/sdk/gitea"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// Options of an Account.
type Options struct {
	URL       string                                    // of the server as people see it; required
	Token     func(ctx context.Context) (string, error) // asked again every few seconds, so that a changed one is seen; required
	Pause     time.Duration                             // between writes after a burst; 0 = a tenth of a second, negative = none
	Transport http.RoundTripper                         // to the network; nil = the default one, which gives up on a server that is silent
	Logger    *slog.Logger                              // nil = none
	Count     func(method string, status int)           // told of each request; may be nil
}

// Gitea limits nobody by itself; many of its servers are small.
const writePause = 100 * time.Millisecond

// Account implements forge.Account.
type Account struct {
	url    string
	gate   *forge.Gate
	secret *forge.Secret
	http   *http.Client
	logger *slog.Logger
	moved  sync.Map // paths that were answered under another name

	mu    sync.Mutex
	me    *sdk.User // whose token it is
	token string    // by which me was asked
}

// New returns the account of a token. It asks the server nothing yet.
func New(o Options) (*Account, error) {
	base, err := url.Parse(strings.TrimRight(o.URL, "/"))
	switch {
	case err != nil: // without the address: it may have a secret
		return nil, errors.New("sign in at Gitea: that is not the URL of a server: write it as https://git.example.com")
	case base.User != nil:
		return nil, errors.New("sign in at Gitea: the URL has a name or password: leave them out, the token is given by itself")
	case base.Scheme != "http" && base.Scheme != "https", base.Host == "":
		return nil, fmt.Errorf("sign in at Gitea: %q is not the URL of a server: write it as https://git.example.com", o.URL)
	case o.Token == nil:
		return nil, errors.New("sign in at Gitea: a token is required")
	}
	if o.Pause == 0 {
		o.Pause = writePause
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Account{url: base.String(), gate: forge.NewGate(o.Transport, o.Pause), secret: &forge.Secret{What: "the token", Read: o.Token}, logger: o.Logger}
	a.gate.Count = o.Count
	signed := &forge.Signed{Base: a.gate, Scheme: "token", Token: a.secret.Get, Refused: a.secret.Refused}
	a.http = &http.Client{Transport: signed, CheckRedirect: a.follow}
	return a, nil
}

// Repository implements forge.Account.
func (a *Account) Repository(path string, mirror *gitrepo.Mirror) forge.Host {
	owner, name, _ := strings.Cut(path, "/")
	return &Host{account: a, owner: owner, name: name, mirror: mirror}
}

// Budget implements forge.Account. Gitea says no limit; what stands before it may ask to wait.
func (a *Account) Budget() forge.Budget { return a.gate.Budget() }

// self is whose token it is, asked once for each token.
func (a *Account) self(ctx context.Context) (*sdk.User, error) {
	token, err := a.secret.Get(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask whose token it is: %w", err)
	}
	a.mu.Lock()
	me := a.me
	if a.token != token {
		me = nil
	}
	a.mu.Unlock()
	if me != nil {
		return me, nil
	}
	me, err = ask(ctx, a, "ask whose token it is", (*sdk.Client).GetMyUserInfo)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.me, a.token = me, token
	return me, nil
}

// Host implements forge.Host: one repository.
type Host struct {
	account     *Account
	owner, name string
	mirror      *gitrepo.Mirror
	open        listing
}

var (
	_ forge.Account = (*Account)(nil)
	_ forge.Host    = (*Host)(nil)
)

// what names an operation on an object of this repository, for errors.
func (h *Host) what(operation, object string) string {
	return fmt.Sprintf("%s %s/%s%s", operation, h.owner, h.name, object)
}

// path is a path of the API below this repository.
func (h *Host) path(format string, args ...any) string {
	return "/repos/" + url.PathEscape(h.owner) + "/" + url.PathEscape(h.name) + fmt.Sprintf(format, args...)
}

// BodyLimit implements forge.Host. Gitea has room for far more; nobody reads a comment longer than GitHub's.
func (h *Host) BodyLimit() int { return 65536 }

// Credentials implements forge.Host: Gitea takes the token for a password.
func (h *Host) Credentials(ctx context.Context) (gitrepo.Auth, error) {
	me, err := h.account.self(ctx)
	if err != nil {
		return gitrepo.Auth{}, err
	}
	token, err := h.account.secret.Get(ctx)
	return gitrepo.Auth{Username: me.UserName, Password: token}, err
}
