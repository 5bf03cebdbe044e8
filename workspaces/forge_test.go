package workspaces

import (
	"reflect"
	"strings"
	"testing"
)

const forgeBlocks = `
github "acme" {
  url = "https://GHE.example.com/"
  app {
    id           = 123
    installation = 45678901
    private_key { file = "/run/secrets/app.pem" }
  }
  webhook_secret { env = "HOOK" }
}
gitea "git" {
  url = "https://git.example.com/git"
  token { env = "GITEA_TOKEN" }
}
github "public" {
  token { file = "/run/secrets/token" }
}
http { listen = "127.0.0.1:8080" }
`

func parseOperator(t *testing.T, src string) (*Config, string) {
	t.Helper()
	c, diags := Parse(OperatorFile, "config.hcl", []byte(src))
	return c, FormatDiagnostics(map[string][]byte{"config.hcl": []byte(src)}, diags, 0, false)
}

func TestParseForges(t *testing.T) {
	t.Parallel()
	c, wrong := parseOperator(t, forgeBlocks)
	if wrong != "" {
		t.Fatal(wrong)
	}
	acme, public, git := c.Forges[0], c.Forges[1], c.Forges[2]
	if acme.Kind != "github" || acme.URL != "https://ghe.example.com" || acme.Token != nil || acme.Webhook.Env != "HOOK" ||
		!reflect.DeepEqual(*acme.App, App{ID: 123, Installation: 45678901, PrivateKey: Secret{File: "/run/secrets/app.pem"}}) {
		t.Errorf("%+v %+v", acme, acme.App)
	}
	if public.URL != "https://github.com" || public.Token.File == "" || public.App != nil || public.Webhook != nil {
		t.Errorf("%+v", public)
	}
	if git.Kind != "gitea" || git.URL != "https://git.example.com/git" || c.HTTP.Listen != "127.0.0.1:8080" {
		t.Errorf("%+v %+v", git, c.HTTP)
	}
}

func TestWhichForgeHoldsARepository(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{ // forge, kind, path, pattern
		"https://github.com/acme/infra":               "public github acme/infra ",
		"https://GitHub.com:443/acme/infra.git/":      "public github acme/infra ",
		"git@github.com:acme/infra.git":               "public github acme/infra ",
		"ssh://git@ssh.github.com:443/acme/infra.git": "public github acme/infra ",
		"https://u:p@ghe.example.com/a/b.c":           "acme github a/b.c ",
		"https://git.example.com/git/a/b":             "git gitea a/b ",
		"https://git.example.com/a/b":                 "   ",
		"https://git.example.com:3000/git/a/b":        "   ",
		"ssh://git@git.example.com:2222/a/b":          "git gitea a/b ",
		"git@git.example.com:git/a/b.git":             "git gitea a/b ",
		"git@git.example.com:git/b.git":               "git gitea git/b ",
		"https://github.com/acme/infra-*":             "public github acme infra-*",
		"https://github.com/acme/*.git":               "public github acme *",
		"git@github.com:acme/{a,b}":                   "public github acme {a,b}",
		"https://github.com/acme/infra-?":             "public github acme infra-?",
		"https://example.com/x":                       "   ",
		"/srv/git/x":                                  "   ",
	} {
		c, wrong := parseOperator(t, forgeBlocks+"repository \"r\" {\n  url = \""+url+"\"\n}\n")
		r := c.Repositories[0]
		if got := strings.Join([]string{r.Forge, r.Kind, r.Path, r.Pattern}, " "); got != want || wrong != "" {
			t.Errorf("%s is at %q, not %q\n%s", url, got, want, wrong)
		}
		if (r.Branches == "") != (r.Forge != "") || r.Forks != ForksIgnored || !r.Drafts || r.DriftIssues != 20 || r.Automerge != "" {
			t.Errorf("%+v", r)
		}
	}
}

func TestForgeSettingsOfARepository(t *testing.T) {
	t.Parallel()
	c, wrong := parseOperator(t, forgeBlocks+`
github "second" {
  token { env = "T" }
}
repository "infra" {
  url          = "https://github.com/acme/infra"
  forge        = "second"
  forks        = "on_command"
  drafts       = false
  automerge    = "squash"
  drift_issues = 0
  credentials {
    password { env = "X" }
  }
}
repository "alias" {
  url   = "git@work:acme/other"
  forge = "public"
}
repository "plain" {
  url      = "https://github.com/acme/infra"
  forge    = "none"
  branches = "pr/*"
}`)
	if wrong != "" {
		t.Fatal(wrong)
	}
	r := c.Repositories[0]
	if r.Forge != "second" || r.Forks != ForksOnCommand || r.Drafts || r.Automerge != "squash" || r.DriftIssues != 0 || r.Credentials == nil {
		t.Errorf("%+v", r)
	}
	if r = c.Repositories[1]; r.Forge != "public" || r.Path != "acme/other" {
		t.Errorf("%+v", r)
	}
	if r = c.Repositories[2]; r.Forge != "" || r.Path != "" || r.Branches != "pr/*" {
		t.Errorf("%+v", r)
	}
}

func TestMembersOfAPattern(t *testing.T) {
	t.Parallel()
	c, wrong := parseOperator(t, forgeBlocks+`
repository "acme" {
  url     = "https://github.com/acme/infra-*.git"
  exclude = ["infra-old*"]
  branch  = "main"
}
repository "prod" { url = "git@github.com:Acme/Infra-Prod" }
repository "other" { url = "https://github.com/other/infra-b" }
`)
	if wrong != "" {
		t.Fatal(wrong)
	}
	p := c.Repositories[0]
	r, ok := p.Member("Infra-a.b")
	if !ok || r.Name != "acme.Infra-a.b" || r.URL != "https://github.com/acme/Infra-a.b.git" || r.Path != "acme/Infra-a.b" || r.Pattern != "" || r.Branch != "main" || r.Forge != "public" {
		t.Errorf("%t %+v", ok, r)
	}
	for _, name := range []string{"infra-old", "infra-OLD2", "infra-prod", "website", "infra-a/b", "infra- x", ""} {
		if r, ok := p.Member(name); ok {
			t.Errorf("%q is %+v", name, r)
		}
	}
	if _, ok := p.Member("infra-b"); !ok {
		t.Error("another owner's repository was left out")
	}
	if _, ok := c.Repositories[1].Member("infra-prod"); ok {
		t.Error("one repository has members")
	}
}

func TestParseForgeErrors(t *testing.T) {
	t.Parallel()
	github := "github \"g\" {\n%s\n}\n"
	repository := forgeBlocks + "repository \"r\" {\n%s\n}\n"
	token, at := "\ntoken {\nenv = \"T\"\n}", "url = \"https://github.com/acme/infra\"\n"
	for _, c := range []struct{ frame, src, want string }{
		{github, "", "exactly one of token"},
		{github, "app {\nid = 1\nprivate_key {\nenv = \"K\"\n}\n}" + token, "Two sign-ins"},
		{github, "app {\nid = 1\n}", "Missing private_key"},
		{github, "app {\nid = \"x\"\nprivate_key {\nenv = \"K\"\n}\n}", "a whole number"},
		{github, "app {\nid = 0\nprivate_key {\nenv = \"K\"\n}\n}", "a whole number from 1 on"},
		{github, "app {\nprivate_key {\nenv = \"K\"\n}\n}", "Missing id"},
		{github, "tokn {\nenv = \"T\"\n}", `Did you mean "token"`},
		{github, "token {\n}", "Set exactly one of env"},
		{github, "url = \"https://user:pw@ghe.example.com\"" + token, "Only host and path belong here"},
		{github, "url = \"https:///x\"" + token, "names no host"},
		{github, "url = \"ghe.example.com\"" + token, "This is not a URL"},
		{github, "url = \"ghe.example.com:443\"" + token, "This is not a URL"},
		{github, "url = \"htps://ghe.example.com\"" + token, `Did you mean "https"`},
		{github, "url = \"http://ghe.example.com\"" + token, "in clear text"},
		{github, "url = \"https://ghe.example.com/api/v3\"" + token, "address of the API"},
		{github, "url = \"https://api.github.com\"" + token, "address of the API"},
		{github, "webhook_secret {\nenv = \"S\"\n}" + token, "Nothing listens for webhooks"},
		{"%sgitea \"g\" {}", "", "Missing url"},
		{"gitea \"g\" {\nurl = \"https://x.org\"\n%s\n}", "app {\nid = 1\nprivate_key {\nenv = \"K\"\n}\n}", "Only GitHub has Apps"},
		{"gitea \"g\" {\nurl = \"https://x.org\"\n%s\n}", "", "It needs a token"},
		{"github \"none\" {%s\n}", token, "Wrong forge name"},
		{"github \"a b\" {%s\n}", token, "Wrong forge name"},
		{forgeBlocks + "gitea \"acme\" {\nurl = \"https://x.org\"%s\n}", token, `forge "acme" is already defined`},
		{forgeBlocks + "github \"two\" {%s\n}\nrepository \"r\" {\nurl = \"https://github.com/a/b\"\n}", token, `The forges "public", "two" are all at github.com: add forge = "public"`},
		{"http {\nlisten = \"%s\"\n}", "8080", "is not host:port"},
		{"http {\nlisten = \"%s\"\n}", ":8080", "0.0.0.0:8080"},
		{"http {\nlisten = \"%s\"\n}", "127.0.0.1:99999", "is not host:port"},
		{"http {%s}", "", "Missing listen"},
		{repository, at + "forge = \"pubic\"", `Did you mean "public"`},
		{repository, at + "forge = \"acme\"", "is not at https://ghe.example.com"},
		{repository, "url = \"/srv/x\"\nforge = \"acme\"", "at no forge"},
		{repository, at + "branches = \"x\"", "branches needs a plain Git server"},
		{repository, at + "exclude = [\"x\"]", "Nothing to exclude from"},
		{repository, at + "forks = \"on_comand\"", `Did you mean "on_command"`},
		{repository, at + "automerge = \"fast-forward\"", `must be one of "merge", "squash", "rebase"`},
		{repository, at + "drift_issues = -1", "a whole number from 0 on"},
		{repository, at + "drafts = \"some\"", "must be true or false"},
		{repository, "url = \"http://github.com/a/b\"", "in clear text"},
		{repository, "url = \"https://github.com/acme\"", "at https://github.com/OWNER/NAME"},
		{repository, "url = \"https://github.com/acme/a/tree/main\"", "at https://github.com/OWNER/NAME"},
		{repository, "url = \"https://github.com/acme/infra-*/x\"", "at https://github.com/OWNER/NAME"},
		{repository, "url = \"https://github.com/*/infra\"", "not for their owner"},
		{repository, "url = \"https://github.com/acme/[\"", "not a valid glob"},
		{repository, "url = \"https://example.com/acme/infra-*\"", "A pattern needs a forge"},
		{repository, "url = \"https://github.com/acme/infra-*\"\nforge = \"none\"", "remove forge = \"none\""},
		{repository, "url = \"https://example.com/a\"\nautomerge = \"merge\"\ndrafts = true", "automerge needs a forge"},
		{repository, at + "}\nrepository \"two\" {\nbranch = \"release\"\nurl = \"git@github.com:Acme/Infra.git\"", `Acme/Infra is the repository "r" already (config.hcl`},
		{repository, "url = \"https://github.com/acme/infra-*\"\n}\nrepository \"two\" {\nurl = \"https://github.com/acme/infra-*\"", `acme/infra-* is the repository "r" already`},
		{repository, "url = \"https://github.com/acme/*\"\n}\nrepository \"r.x\" {\n" + at, "belong to the repositories of the pattern"},
	} {
		_, wrong := parseOperator(t, strings.Replace(c.frame, "%s", c.src, 1))
		contains(t, wrong, c.want)
		if strings.Contains(wrong, "Detail") || strings.Contains(wrong, "%!") {
			t.Error(wrong)
		}
	}
}

// TestWrongForgeBreaksNoRepository: one mistake in a forge's block is one error, not one for each of its repositories.
func TestWrongForgeBreaksNoRepository(t *testing.T) {
	t.Parallel()
	_, wrong := parseOperator(t, "github \"g\" {\n  url = \"http://ghe.example.com\"\n  token { env = \"T\" }\n}\nrepository \"r\" {\n  url = \"https://ghe.example.com/a/*\"\n  drafts = false\n}\n")
	if strings.Count(wrong, "Error:") != 1 {
		t.Error(wrong)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	src := `
defaults {
  permissions {
    plan    = ["write", "team:platform"]
    approve = []
  }
  require = ["mergeable"]
}
workspace "a" {
  permissions {
    apply = ["user:anna", "team:acme/sre"]
  }
  require = []
}`
	files := map[string]string{"a/main.tf": rootTF, "b/main.tf": rootTF}
	plain := NewMapTree(files)
	files["driftless.hcl"] = src
	edited := NewMapTree(files)
	a := resolve(t, edited).Workspaces[0]
	if want := (Permissions{Plan: []string{"write", "team:platform"}, Apply: []string{"user:anna", "team:acme/sre"}, Approve: []string{}}); !reflect.DeepEqual(a.Permissions, want) || len(a.Require) != 0 {
		t.Errorf("%+v %v", a.Permissions, a.Require)
	}
	set := resolveFrom(t, Source{Tree: edited, Trusted: plain})
	b := set.Workspaces[1]
	if want := *defaultPermissions(); !reflect.DeepEqual(b.Permissions, want) || !reflect.DeepEqual(b.Require, defaultRequire()) {
		t.Errorf("%+v %v", b.Permissions, b.Require)
	}
	contains(t, strings.Join(set.Notices, "\n"), `workspace a: permissions.apply = ["user:anna", "team:acme/sre"] takes effect after the merge`,
		`workspace b: permissions.approve = [] takes effect after the merge`, `workspace a: require = [] takes`, `workspace b: require = ["mergeable"] takes`)
	operators := operatorSettings(t, "defaults {\n permissions {\n  approve = [\"team:sre\"]\n }\n}")
	if got := resolveFrom(t, Source{Tree: edited, Repository: operators}).Workspaces[0].Permissions; got.Approve[0] != "team:sre" || got.Apply[0] != "user:anna" {
		t.Errorf("%+v", got)
	}
}

func TestPermissionErrors(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"wrte": `Did you mean "write"`, "@anna": "is not known here", "teams:x": `Did you mean "team"`, "team:": "does not name a team", "user:@anna": "without @",
		"user:a/b": "does not name a user", "team:a/b/c": "does not name a team", "team:a b": "does not name a team", "": "must not be empty",
	} {
		src := "defaults {\n permissions {\n  plan = [\"" + word + "\"]\n }\n}\n"
		_, diags := Parse(RepositoryFile, "driftless.hcl", []byte(src))
		contains(t, FormatDiagnostics(map[string][]byte{"driftless.hcl": []byte(src)}, diags, 0, false), want, "on driftless.hcl line 3")
	}
	_, diags := Parse(RepositoryFile, "driftless.hcl", []byte("defaults {\n require = [\"aproved\"]\n}\ngithub \"x\" {}\nhttp {}\n"))
	contains(t, FormatDiagnostics(nil, diags, 0, false), `Did you mean "approved"`, "github does not belong here", "http does not belong here")
}
