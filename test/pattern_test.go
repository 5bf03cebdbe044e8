package test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

// TestARepositoryOfAPatternThatIsGoneIsLeft: one that was deleted, and one that was renamed and is found under its new name.
func TestARepositoryOfAPatternThatIsGoneIsLeft(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"github", "gitea"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, kind, map[string]string{"app/main.tf": "# nothing\n"})
			for _, name := range []string{"net", "dns"} {
				_, err := h.hosted.add(name)
				h.must(err)
				repo, _ := h.forge.Repo("acme/" + name)
				_, err = repo.Commit("ada", "main", "Begin", map[string]string{"main.tf": "# nothing\n"})
				h.must(err)
			}
			h.hosted.all = true
			h.must(h.writeConfig())
			d, err := h.daemon(t.Context(), slog.New(slog.DiscardHandler), nil)
			h.must(err)
			defer func() { h.must(d.Stop()) }()
			h.must(d.Runner.Once(t.Context()))
			net, _ := h.forge.Repo("acme/net")
			h.must(net.Delete())
			dns, _ := h.forge.Repo("acme/dns")
			h.must(dns.Rename("acme/names"))
			infra, _ := h.forge.Repo("acme/infra")
			h.must(infra.Rename("acme/Infra")) // the same to everybody
			h.must(d.Runner.Once(t.Context())) // what is gone fails no pass
			said := map[string]string{}
			h.must(h.view(func(tx runner.Tx) error {
				all, err := tx.Repositories()
				for _, r := range all {
					said[r.Name] = r.Error
				}
				return err
			}))
			if _, twice := said["acme.Infra"]; twice || len(said) != 4 {
				t.Errorf("watched twice: %v", said)
			}
			for name, want := range map[string]string{"acme.infra": "", "acme.names": "", "acme.net": "acme/net was deleted", "acme.dns": "acme/dns was deleted, renamed"} {
				if got, known := said[name]; !known || want == "" && got != "" || !strings.Contains(got, want) {
					t.Errorf("%s: %q, %t", name, got, known)
				}
			}
		})
	}
}
