package daemon

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/forge/gitea"
	"github.com/driftlessops/driftless/runner/forge/github"
	"github.com/driftlessops/driftless/runner/server"
	"github.com/driftlessops/driftless/workspaces"
)

// accounts signs in at the forges of the configuration, by the names of their blocks. None is contacted yet.
func (d *Daemon) accounts() (map[string]forge.Account, error) {
	all := map[string]forge.Account{}
	for _, conf := range d.opts.Config.Forges {
		name := conf.Name
		count := d.metrics.Account(name, func() forge.Budget { return all[name].Budget() })
		account, err := d.account(conf, count)
		if err != nil {
			return nil, fmt.Errorf("%s %q: %w", conf.Kind, name, err)
		}
		all[name] = account
	}
	return all, nil
}

func (d *Daemon) account(conf workspaces.Forge, count func(method string, status int)) (forge.Account, error) {
	token := func(ctx context.Context) (string, error) { return "", nil }
	if conf.Token != nil {
		token = func(ctx context.Context) (string, error) { return runner.Secret(ctx, *conf.Token) }
	}
	if conf.Kind == "gitea" {
		return gitea.New(gitea.Options{URL: conf.URL, Token: token, Pause: pause(conf), Count: count, Logger: d.opts.Logger})
	}
	opts := github.Options{URL: conf.URL, Pause: pause(conf), Count: count, Logger: d.opts.Logger}
	if conf.App == nil {
		opts.Token = token
	} else {
		opts.App = &github.App{
			ID: conf.App.ID, Installation: conf.App.Installation,
			Key: func(ctx context.Context) ([]byte, error) {
				key, err := runner.Secret(ctx, conf.App.PrivateKey)
				return []byte(key), err
			},
		}
	}
	return github.New(opts)
}

// takeHooks lets the webhooks of the forges wake the polls.
func (d *Daemon) takeHooks(accounts map[string]forge.Account) {
	d.hooks = map[string]server.Hook{}
	for _, conf := range d.opts.Config.Forges {
		if conf.Webhook == nil {
			continue
		}
		read := remember(func(ctx context.Context) (string, error) { return runner.Secret(ctx, *conf.Webhook) })
		d.hooks[conf.Name] = func(header http.Header, body []byte) error {
			secret, err := read(context.Background())
			if err != nil {
				return err
			}
			hook, err := accounts[conf.Name].Hook(header, body, secret)
			if err == nil {
				d.Runner.Hooked(conf.Name, hook)
			}
			return err
		}
	}
}

// pause is the time between writes as the drivers take it: 0 is their own, negative none.
func pause(conf workspaces.Forge) time.Duration {
	switch {
	case conf.Pause == nil:
		return 0
	case *conf.Pause == 0:
		return -1
	}
	return *conf.Pause
}
