package forgetest

import (
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/test/forges"
)

func permissions(b *bench) {
	b.repo.Grant("tim", forges.Triage)
	b.repo.Grant("mia", forges.Maintain)
	want := map[string]forge.Permission{
		"ada": forge.Write, "ADA": forge.Write, "carol": forge.Read, "dave": forge.Admin, "mallory": forge.NoPermission, "nobody": forge.NoPermission,
		"tim": forge.Read, "mia": forge.Write,
	}
	if b.Fine {
		want["tim"], want["mia"] = forge.Triage, forge.Maintain
	}
	for login, p := range want {
		b.same("permission of "+login, must(b.host.Permission(b.Context(), login))(b), p)
	}
	b.repo.Grant("ada", forges.Read)
	b.same("permission of ada, reduced", must(b.host.Permission(b.Context(), "ada"))(b), forge.Read)
}

func teams(b *bench) {
	for i := range 60 {
		b.World.AddTeam("acme", "team-"+key(i), "bob")
	}
	for _, c := range []struct {
		team, login string
		want        bool
	}{
		{"platform", "ada", true}, {"acme/platform", "ada", true}, {"acme/Platform", "ADA", true},
		{"platform", "bob", false}, {"platform", "mallory", false}, {"platform", "nobody", false}, {"team-59", "bob", true},
	} {
		got, err := b.host.Member(b.Context(), c.team, c.login)
		if err != nil || got != c.want {
			b.Errorf("%s in %s: %v, %v", c.login, c.team, got, err)
		}
	}
	for _, team := range []string{"absent", "acme/absent", "elsewhere/platform"} {
		if _, err := b.host.Member(b.Context(), team, "ada"); err == nil || !strings.Contains(err.Error(), team) {
			b.Errorf("a team that is not there (%s): %v", team, err)
		}
	}
}
