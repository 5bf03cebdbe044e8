package github

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// spare is how long a token must last still: a write may wait its turn at the gate, and git may take a while.
const spare = 10 * time.Minute

// installation is where a GitHub App is installed: an owner that lets it at some repositories.
type installation struct {
	id int64

	mu      sync.Mutex
	current string // token
	expires time.Time
}

// token returns one that lasts for a while. The sources of ghinstallation renew in the last minute only, so there is a new
// one for each token.
func (i *installation) token(ctx context.Context, jwt *ghinstallation.AppsTransport) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current != "" && time.Until(i.expires) > spare {
		return i.current, nil
	}
	own := *jwt // it is written to
	source := ghinstallation.NewFromAppsTransport(&own, i.id)
	source.InstallationTokenOptions = &api.InstallationTokenOptions{}
	token, err := source.Token(ctx)
	if err != nil {
		return "", explain(fmt.Sprintf("ask for a token of installation %d of the GitHub App", i.id), "", err)
	}
	i.current = token
	i.expires, _, _ = source.Expiry()
	return token, nil
}

func (i *installation) refused(token string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current == token {
		i.current = ""
	}
}

// installation is the id of the installation that a repository's owner has of the App. An owner has one at most.
func (p *app) installation(ctx context.Context, owner, name string) (int64, error) {
	if p.fixed != 0 {
		return p.fixed, nil
	}
	owner = strings.ToLower(owner)
	p.mu.Lock()
	id, known := p.owners[owner]
	p.mu.Unlock()
	if known {
		return id, nil
	}
	found, err := p.find(ctx, owner, name)
	if err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owners[owner] = found.GetID()
	return found.GetID(), nil
}

// find asks for the installation of a repository, or for an owner's when name is "".
func (p *app) find(ctx context.Context, owner, name string) (*api.Installation, error) {
	var found *api.Installation
	var err error
	if name != "" {
		found, _, err = p.self().Apps.FindRepositoryInstallation(ctx, segment(owner), segment(name))
	} else {
		found, _, err = p.self().Apps.FindOrganizationInstallation(ctx, segment(owner))
		if isGone(err) {
			found, err = p.among(ctx, owner)
		}
	}
	if isGone(err) {
		where := strings.TrimSuffix(owner+"/"+name, "/")
		return nil, fmt.Errorf("the GitHub App is not installed on %s, or was not given that repository: %w", where, forge.ErrGone)
	}
	return found, err
}

// among looks for a person's installation among all: there is no asking for it by name.
func (p *app) among(ctx context.Context, owner string) (*api.Installation, error) {
	all, err := pages(func(page api.ListOptions) ([]*api.Installation, *api.Response, error) {
		return p.self().Apps.ListInstallations(ctx, &page)
	})
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if strings.EqualFold(one.GetAccount().GetLogin(), owner) {
			return one, nil
		}
	}
	return nil, forge.ErrGone
}
