package gitea_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/forge/forgetest"
	"github.com/driftlessops/driftless/runner/forge/gitea"
	"github.com/driftlessops/driftless/test/forges"
)

// TestProtectionThatOnlyGiteaHas is in the way as it is of a merge there.
func TestProtectionThatOnlyGiteaHas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule    forges.Protection
		may     forges.Permission // driftless's
		reviews string
		ask     string
		want    string // the reason; "" = it can be merged
	}{
		"changes requested":                        {forges.Protection{Rejected: true}, forges.Admin, "bob CHANGES_REQUESTED", "", "changes are requested, by bob"},
		"changes requested by a reader":            {forges.Protection{Rejected: true}, forges.Admin, "carol CHANGES_REQUESTED", "", ""},
		"changes requested, and nobody minds":      {forges.Protection{Asked: true}, forges.Admin, "bob CHANGES_REQUESTED", "", ""},
		"changes requested and approved":           {forges.Protection{Rejected: true}, forges.Admin, "bob CHANGES_REQUESTED, bob APPROVED", "", ""},
		"a review asked for":                       {forges.Protection{Asked: true}, forges.Admin, "", "bob", "a review is asked for, of bob"},
		"a review asked for of a reader":           {forges.Protection{Asked: true}, forges.Admin, "", "carol", ""},
		"a review asked for, and nobody minds":     {forges.Protection{Rejected: true}, forges.Admin, "", "bob", ""},
		"an old approval":                          {forges.Protection{Reviews: 1}, forges.Admin, "bob APPROVED, push", "", ""},
		"an old approval where only new ones will": {forges.Protection{Reviews: 1, Fresh: true}, forges.Admin, "bob APPROVED, push", "", "requires 1 approvals and it has 0"},
		"what cannot be seen":                      {forges.Protection{Rejected: true}, forges.Write, "", "", "make it an administrator"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := forgetest.NewWorld(t)
			t.Cleanup(func() { w.Check(t) })
			w.Repo.Grant("driftless", c.may)
			token := w.AddToken(forges.Token{Login: "driftless", Scopes: []string{"write:repository"}})
			a, err := gitea.New(gitea.Options{URL: w.Serve(t, w.Gitea()), Pause: -1, Token: func(context.Context) (string, error) { return token, nil }})
			if err != nil {
				t.Fatal(err)
			}
			commit := func(text string) {
				if _, err := w.Repo.Commit("ada", "one", text, map[string]string{"one.tf": text}); err != nil {
					t.Fatal(err)
				}
			}
			commit("one")
			n, err := w.Repo.Open("ada", "one", "", "One", forges.OpenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			w.Repo.Protect("main", c.rule)
			for _, review := range strings.Split(c.reviews, ", ") {
				if by, state, ok := strings.Cut(review, " "); ok {
					if _, err := w.Repo.Review(by, n, state, ""); err != nil {
						t.Fatal(err)
					}
				} else if review == "push" {
					commit("two")
				}
			}
			if c.ask != "" {
				if err := w.Repo.AskReview(c.ask, n); err != nil {
					t.Fatal(err)
				}
			}
			s, err := a.Repository("acme/infra", nil).State(t.Context(), strconv.Itoa(n))
			if err != nil || (s.Mergeable == forge.Yes) != (c.want == "") || !strings.Contains(s.Reason, c.want) {
				t.Errorf("%d (%s), %v, want %q", s.Mergeable, s.Reason, err, c.want)
			}
		})
	}
}
