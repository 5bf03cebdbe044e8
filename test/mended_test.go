package test

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/test/forges"
)

// TestASignInThatIsMendedIsSeenSoon has a token that may not write comments: no status promises an apply that nobody could have
// reviewed. With a better token all is well without a restart.
func TestASignInThatIsMendedIsSeenSoon(t *testing.T) {
	t.Parallel()
	for kind, poor := range map[string]forges.Token{
		"gitea":  {Login: "driftless", Scopes: []string{"write:repository", "read:issue", "read:user", "read:organization"}},
		"github": {Login: "driftless", Permissions: map[string]string{"contents": "read", "pull_requests": "read", "issues": "read", "statuses": "write"}},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, kind, map[string]string{"app/main.tf": idle})
			good, err := os.ReadFile(h.path("token"))
			h.must(err)
			h.must(os.WriteFile(h.path("token"), []byte(h.forge.AddToken(poor)), 0o600))
			stop := h.serve()
			defer stop(syscall.SIGTERM)
			n := h.open("more", map[string]string{"app/more.tf": "resource \"terraform_data\" \"more\" {}\n"})
			apply := func() string {
				for _, s := range h.repo.Statuses(h.head(n)) {
					if s.Context == "driftless/apply" {
						return s.State + " " + s.Description
					}
				}
				return "missing"
			}
			h.await(patience, func() string {
				if h.state(h.head(n), "driftless/plan") != "success" || strings.Contains(apply(), "waits for the plan") || apply() == "missing" {
					return "the plan is not shown"
				}
				return ""
			})
			if said := apply(); !strings.HasPrefix(said, "pending its report cannot be shown: ") {
				t.Errorf("the status says: %s", said)
			}
			h.must(os.WriteFile(h.path("token"), good, 0o600))
			h.await(patience, func() string {
				if said := apply(); said != "success 1 of 1 after the merge" || len(h.ours(n)) != 1 {
					return said
				}
				return strings.Join(h.problems(), ", ")
			})
		})
	}
}

// problems are what the sign-in may not do in the repository, as far as is on record.
func (h *hub) problems() (problems []string) {
	h.t.Helper()
	h.must(h.view(func(tx runner.Tx) error {
		rec, err := tx.Repository("infra")
		problems = rec.Problems
		return err
	}))
	return problems
}
