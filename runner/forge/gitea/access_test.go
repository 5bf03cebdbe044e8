package gitea_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/forge/forgetest"
	"github.com/driftlessops/driftless/runner/forge/gitea"
	"github.com/driftlessops/driftless/test/forges"
)

// TestAccessNamesWhatIsMissing takes each scope and right away in turn.
func TestAccessNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	scopes := []string{"write:repository", "write:issue", "read:user", "read:organization"}
	less := func(scope, instead string) []string {
		return slices.DeleteFunc(append(slices.Clone(scopes), instead), func(s string) bool { return s == scope || s == "" })
	}
	for name, c := range map[string]struct {
		scopes []string
		may    forges.Permission
		member bool
		want   string
		fatal  bool
	}{
		"no user":            {less("read:user", ""), forges.Admin, true, "lacks the scope read:user", true},
		"no repository":      {less("write:repository", ""), forges.Admin, true, "lacks the scope write:repository", true},
		"repository to read": {less("write:repository", "read:repository"), forges.Admin, true, "lacks the scope write:repository", false},
		"issues to read":     {less("write:issue", "read:issue"), forges.Admin, true, "lacks the scope write:issue", false},
		"no organization":    {less("read:organization", ""), forges.Admin, true, "lacks the scope read:organization", false},
		"not of acme":        {scopes, forges.Admin, false, "read:organization: Must be an organization member", false},
		"not administrator":  {scopes, forges.Write, true, "is not an administrator", false},
		"may read":           {scopes, forges.Read, true, "may not write", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := forgetest.NewWorld(t)
			t.Cleanup(func() { w.Check(t) })
			if c.member {
				w.AddOrg("acme", "driftless")
			}
			w.Repo.Grant("driftless", c.may)
			token := w.AddToken(forges.Token{Login: "driftless", Scopes: c.scopes})
			a, err := gitea.New(gitea.Options{
				URL: w.Serve(t, w.Gitea()), Pause: -1, Token: func(context.Context) (string, error) { return token, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			access, err := a.Repository("acme/infra", nil).Access(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(access.Problems, func(p forge.Problem) bool {
				return strings.Contains(p.What, c.want) && p.Fatal == c.fatal && p.So != ""
			}) {
				t.Errorf("%+v, want one that says %q", access.Problems, c.want)
			}
		})
	}
}
