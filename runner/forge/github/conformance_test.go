package github_test

import (
	"context"
	"testing"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/forge/forgetest"
	"github.com/driftlessops/driftless/runner/forge/github"
	"github.com/driftlessops/driftless/test/forges"
)

// fixture is an account with a token that may do everything.
func fixture(t *testing.T) (f forgetest.Fixture, url string) {
	const login = "driftless-machine"
	w := forgetest.NewWorld(t)
	face := w.GitHub()
	url = w.Serve(t, face)
	w.AddOrg("acme", login)
	w.Repo.Grant(login, forges.Admin)
	f = forgetest.Fixture{
		World: w, Login: login, Write: "issues: write", Deliver: face.Delivery, Page: 100, Free: true, Fine: true,
		Full: forges.Token{Login: login, Scopes: []string{"repo", "read:org"}},
		Reader: forges.Token{Login: login, Permissions: map[string]string{
			"metadata": "read", "contents": "read", "pull_requests": "read", "issues": "read", "statuses": "read", "members": "read",
		}},
		SignIn: func(token func(context.Context) (string, error)) forge.Account {
			return account(t, github.Options{URL: url, Token: token, Pause: -1})
		},
	}
	token := w.AddToken(f.Full)
	f.Account = f.SignIn(func(context.Context) (string, error) { return token, nil })
	return f, url
}

func account(t *testing.T, o github.Options) forge.Account {
	t.Helper()
	a, err := github.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestConformance(t *testing.T) {
	t.Parallel()
	forgetest.Run(t, func(t *testing.T) forgetest.Fixture {
		f, _ := fixture(t)
		return f
	})
}

func TestConformanceOfAnApp(t *testing.T) {
	t.Parallel()
	forgetest.Run(t, func(t *testing.T) forgetest.Fixture {
		f, url := fixture(t)
		app, err := f.World.AddApp("driftless", map[string]string{
			"metadata": "read", "contents": "write", "pull_requests": "write", "issues": "write", "statuses": "write", "checks": "write", "members": "read",
			"administration": "read", // or the older kind of branch protection cannot be seen
		})
		if err != nil {
			t.Fatal(err)
		}
		f.World.Install(app.ID, "acme")
		f.Login, f.Page = app.Login(), 10 // pages are the same with a token
		f.Account = account(t, github.Options{URL: url, Pause: -1, App: &github.App{
			ID: app.ID, Key: func(context.Context) ([]byte, error) { return app.Key, nil },
		}})
		return f
	})
}
