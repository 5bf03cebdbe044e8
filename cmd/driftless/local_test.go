package main

import (
	"testing"

	"github.com/driftlessops/driftless/workspaces"
)

func TestIdentify(t *testing.T) {
	t.Parallel()
	config, diags := workspaces.Parse(workspaces.OperatorFile, "config.hcl", []byte(`
github "g" {
  token { env = "T" }
}
repository "acme" { url = "https://github.com/acme/infra-*" }
repository "one" { url = "https://github.com/acme/infra-one" }
`))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for _, c := range []struct{ name, origin, want string }{
		{"", "git@github.com:acme/infra-a.git", "acme.infra-a"},
		{"", "https://github.com/acme/infra-one", "one"},
		{"", "https://github.com/other/infra-a", "work"},
		{"", "", "work"},
		{"acme.infra-b", "", "acme.infra-b"},
		{"one", "", "one"},
		{"acme", "", "acme"},
	} {
		got := identify(config.Repositories, c.name, "/tmp/work", c.origin)
		if got.Name != c.want || (got.Kind == "github") != (c.want != "work" && c.want != "acme") || got.Pattern != "" {
			t.Errorf("%q %q: %+v", c.name, c.origin, got)
		}
	}
}
