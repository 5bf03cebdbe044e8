package gitea_test

import (
	"context"
	"testing"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/forge/forgetest"
	"github.com/driftlessops/driftless/runner/forge/gitea"
	"github.com/driftlessops/driftless/test/forges"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	forgetest.Run(t, func(t *testing.T) forgetest.Fixture {
		const login = "driftless"
		w := forgetest.NewWorld(t)
		face := w.Gitea()
		url := w.Serve(t, face)
		// Gitea tells administrators of a repository what others may do, and owners of an organisation who is in its teams.
		w.AddOrg("acme", login)
		w.AddTeam("acme", "owners", login)
		w.Repo.Grant(login, forges.Admin)
		f := forgetest.Fixture{
			World: w, Login: login, Write: "write:issue", Deliver: face.Delivery, Page: 50, Deletes: true,
			Full:   forges.Token{Login: login, Scopes: []string{"write:repository", "write:issue", "read:user", "read:organization"}},
			Reader: forges.Token{Login: login, Scopes: []string{"read:repository", "read:issue", "read:user", "read:organization"}},
			SignIn: func(token func(context.Context) (string, error)) forge.Account {
				a, err := gitea.New(gitea.Options{URL: url, Token: token, Pause: -1})
				if err != nil {
					t.Fatal(err)
				}
				return a
			},
		}
		token := w.AddToken(f.Full)
		f.Account = f.SignIn(func(context.Context) (string, error) { return token, nil })
		return f
	})
}
