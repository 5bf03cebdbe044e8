package workspaces

import (
	"strings"
	"testing"
)

func TestDoubtsAboutIdentitiesOfPatterns(t *testing.T) {
	t.Parallel()
	const pattern, one = `url = "https://github.com/acme/infra-*"`, `url = "https://github.com/acme/infra"`
	const prod = `labels = { env = "prod" }`
	for name, c := range map[string]struct {
		url, block, identity string
		want                 bool
	}{
		"by label":                       {pattern, "", prod, true},
		"by directory":                   {pattern, "", `dirs = ["prod/**"]`, true},
		"to all":                         {pattern, "", "", true},
		"another label is settled":       {pattern, `defaults { labels = { team = "a" } }`, prod, true},
		"settled for some only":          {pattern, "defaults {\ndirs = [\"dev/**\"]\nlabels = { env = \"dev\" }\n}", prod, true},
		"the label is settled":           {pattern, `defaults { labels = { env = "dev" } }`, prod, false},
		"repositories are named":         {pattern, "", prod + "\nrepositories = [\"acme.infra-prod\"]", false},
		"one repository, no repetitions": {one, "", prod, false},
	} {
		src := "github \"g\" {\ntoken { env = \"T\" }\n}\nrepository \"acme\" {\n" + c.url + "\n" + c.block + "\n}\n" +
			"identity \"aws\" {\n" + c.identity + "\nplan {\nenv \"A\" { env = \"A\" }\n}\n}\n"
		config, diags := Parse(OperatorFile, "config.hcl", []byte(src))
		if diags.HasErrors() {
			t.Fatalf("%s: %s", name, diags)
		}
		got := config.Doubts()
		if len(got) > 0 != c.want || c.want && (!strings.Contains(got[0].Detail, `repositories = ["acme.NAME"]`) || got[0].Subject.Start.Line < 5) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
