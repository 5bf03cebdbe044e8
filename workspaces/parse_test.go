package workspaces

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseOperatorFile(t *testing.T) {
	t.Parallel()
	src := `
data_dir    = "/var/lib/driftless"
database    = "postgres://driftless@db.example.com/driftless"
database_password { file = "/run/db" }
encryption_key { env = "DRIFTLESS_KEY" }
concurrency = 4
repository "infra" {
  url           = "https://git.example.com/team/infra.git"
  branch        = "main"
  poll_interval = "1m"
  credentials {
    username = "x"
    password { env = "TOKEN" }
    known_hosts = "/etc/known_hosts"
  }
  discovery { exclude = ["legacy/**"] }
  defaults { apply = "manual" }
  workspace "prod/net" { parallelism = 3 }
  policy "own" { path = "./policies/" }
}
policy "baseline" { dir = "/etc/driftless/policies" }
defaults {
  drift { schedule = "@daily" }
}
engine "tofu" { version = "~> 1.9" }
limit "prod account" {
  labels = { account = "prod" }
  runs   = 3
}
identity "prod" {
  repositories = ["infra"]
  dirs         = ["prod/**"]
  labels       = { env = "prod" }
  plan {
    env "AWS_KEY" { env = "PROD_PLAN_KEY" }
    env "X" { file = "/run/x" }
  }
  apply {
    env "Y" { command = ["vault", "read"] }
  }
}`
	c, diags := Parse(OperatorFile, "config.hcl", []byte(src))
	if diags.HasErrors() {
		t.Fatal(FormatDiagnostics(map[string][]byte{"config.hcl": []byte(src)}, diags, 0, false))
	}
	r := c.Repositories[0]
	if r.PollInterval != time.Minute || r.PollJitter != 6*time.Second || r.Branches != "driftless/*" {
		t.Errorf("%+v", r)
	}
	if r.Credentials.Password.Env != "TOKEN" || r.Branch != "main" || r.Settings.Policies[0].Path != "policies" {
		t.Errorf("%+v", r.Credentials)
	}
	if l := c.Limits[0]; l.Name != "prod account" || l.Runs != 3 || !l.Covers(map[string]string{"account": "prod", "env": "x"}) || l.Covers(map[string]string{"env": "x"}) {
		t.Errorf("%+v", l)
	}
	id := c.Identities[0]
	if !reflect.DeepEqual(id.Plan, map[string]Secret{"AWS_KEY": {Env: "PROD_PLAN_KEY"}, "X": {File: "/run/x"}}) ||
		!reflect.DeepEqual(id.Apply["Y"].Command, []string{"vault", "read"}) {
		t.Errorf("%+v", id)
	}
	if c.Database != "postgres://driftless@db.example.com/driftless" || c.DatabasePassword.File != "/run/db" || c.EncryptionKey.Env != "DRIFTLESS_KEY" {
		t.Errorf("%+v", c)
	}
	if c.DataDir != "/var/lib/driftless" || c.Concurrency != 4 || c.Settings.Defaults[0].Drift.Schedule != "@daily" || c.Engines[0].Version != "~> 1.9" {
		t.Errorf("%+v", c)
	}
}

// TestParseRelativePaths: a file means the same from wherever it is read.
func TestParseRelativePaths(t *testing.T) {
	t.Parallel()
	src := "data_dir = \"data\"\nrepository \"a\" {\n url = \"../a.git\"\n}\nrepository \"b\" {\n url = \"git@host:b.git\"\n}\nrepository \"c\" {\n url = \"/srv/c\"\n}"
	c, diags := Parse(OperatorFile, "/etc/driftless/config.hcl", []byte(src))
	if diags.HasErrors() || c.DataDir != "/etc/driftless/data" {
		t.Fatalf("%s %v", c.DataDir, diags)
	}
	for i, want := range []string{"/etc/a.git", "git@host:b.git", "/srv/c"} {
		if c.Repositories[i].URL != want {
			t.Errorf("%s, not %s", c.Repositories[i].URL, want)
		}
	}
}

func TestIsBranch(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"main": true, "release/1.2": true, "ü": true, "a@b": true, "a b": false, "-a": false, "a..b": false, "a/": false, "/a": false, "a//b": false,
		".a": false, "a/.b": false, "a.lock": false, "a.lock/b": false, "a.": false, "@": false, "a@{b": false, "a~b": false, "a\\b": false, "a\x7f": false, "HEAD": false,
	} {
		if isBranch(name) != good {
			t.Errorf("isBranch(%q) = %t", name, !good)
		}
	}
}

func TestParseVariables(t *testing.T) {
	t.Parallel()
	src := `workspace "a" {
  variables = { s = "x y", n = 3, b = true, l = ["a", 1], o = { k = "v" }, e = [] }
}`
	c, diags := Parse(RepositoryFile, "driftless.hcl", []byte(src))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	got := c.Settings.Workspaces[0].Variables
	for name, want := range map[string]string{"s": "x y", "n": "3", "b": "true", "l": `["a", 1]`, "e": "[]"} {
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
	contains(t, got["o"], `k = "v"`)
}

func TestParseReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	src := `workspace "a" {
  vars_files = ["x"]
  ownr       = "me"
  apply      = "on_merg"
  freshness  = "1 day"
  engine     = "opentofu"
  version    = "~> one"
  watch      = ["../x", "[", ""]
  labels     = { a = null }
  variables  = { a = null }
  drift { schedule = "daily" }
}
workspace "/abs" {}
workspace "a" {}
wrkspace "b" {}
identity "x" {}
limit "x" {}
data_dir = "/x"
policy "p" { dir = "/x" }
defaults { parallelism = 0 }
`
	_, diags := Parse(RepositoryFile, "driftless.hcl", []byte(src))
	text := FormatDiagnostics(map[string][]byte{"driftless.hcl": []byte(src)}, diags, 0, false)
	contains(t, text, `Did you mean "var_files"`, `Did you mean "owner"`, `Did you mean "on_merge"`, `Did you mean "tofu"`, `"1 day" is not a`,
		`"~> one" is not`, `"../x" must be`, `"[" is not`, "must not be empty", "map of strings", `"a" is null`, `"daily" is not`, `"/abs" must be`,
		"Duplicate workspace", `Did you mean "workspace"`, "identity does not belong here", "limit does not belong here", "data_dir does not belong here", "dir of a policy belongs", "from 1 on",
		"on driftless.hcl line 4")
	if strings.Contains(text, "\x1b") {
		t.Error("colors")
	}
}

func TestParseOperatorErrors(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		`repository "a" {}`:                                            "Missing url",
		`repository "a/b" { url = "x" }`:                               "Wrong repository name",
		`repository "a" { url = secret.x }`:                            "no reference, function",
		"repository \"a\" {\n url = \"x\"\n poll_interval = \"1ms\" }": "once a second",
		"limit \"a\" {\n runs = 1\n}":                                  "needs labels",
		"limit \"a\" {\n labels = {}\n runs = 1\n}":                    "must name a label at least",
		"limit \"a\" {\n labels = { a = \"b\" }\n runs = 0\n}":         "from 1 on",
		"limit \"a\" {\n labels = { a = \"b\" }\n runs = 1\n}\nlimit \"a\" {\n labels = { a = \"b\" }\n runs = 1\n}": "Duplicate limit",
		`identity "a" {
 plan {

 env "X" { value = "s" }
}
}`: "Unsupported argument",
		`identity "a" {
 plan {
 env "X" {}
}
}`: "Set exactly one of",
		`identity "a" {
 plan {
 env "X-Y" { env = "A" }
}
}`: "not the name of an environment variable",
		`identity "a" {
 plan {
 env "X" { env = "s3cr-t" }
}
}`: "not a value",
		`repository "a" { url = "htps://git.example.com/a" }`:                        `Did you mean "https"`,
		`repository "a" { url = "ftp://git.example.com/a" }`:                         "ftp:// are not supported",
		`repository "a" { url = "https:///a" }`:                                      "names no host",
		`repository "a" { url = 5 }`:                                                 "must be a string",
		`database = "driftless.db"`:                                                  "Leave it out for SQLite",
		`data_dir = 5`:                                                               "must be a string",
		"repository \"a\" {\n url = \"x\"\n branch = \"my branch\"\n}":               "not the name of a branch",
		"repository \"a\" {\n url = \"x\"\n credentials {\n username = \"u\"\n }\n}": "asks for none",
		"repository \"a\" {\n url = \"git@h:x\"\n credentials {\n password {\n env = \"A\"\n}\nssh_key {\n env = \"B\"\n }\n}\n}": "not both",
		"identity \"a\" {\n plan {\n env \"TF_CLI_ARGS_plan\" {\n env = \"A\"\n}\n}\n}":                                           "remove it from the identity",
		"identity \"a\" {\n apply {\n env \"TMPDIR\" {\n env = \"A\"\n}\n}\n}":                                                    "remove it from the identity",
		`workspace "x" {}`:                   "repository block",
		`engine "tf" {}`:                     `must be "terraform" or "tofu"`,
		"policy \"x\" {\n dir = \"rel\"\n}":  "absolute path",
		strings.Repeat("(", 200000):          "nested too deeply",
		"x = " + strings.Repeat("!", 200000): "nested too deeply",
		`repository "a" { url = `:            "",
		"concurrency = 1e99999999":           "too large",
		"data_dir = \"${1e99999999}\"":       "no reference",
		`{"repository"`:                      "",
	} {
		_, diags := Parse(OperatorFile, "config.hcl", []byte(src))
		if !diags.HasErrors() {
			t.Errorf("%.60s: no error", src)
		}
		contains(t, FormatDiagnostics(map[string][]byte{"config.hcl": []byte(src)}, diags, 0, true), want)
	}
}

func TestTerraformWorkspaceIsAName(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{"prod": true, "_a.b-C_1": true, "0": true, "-x": false, ".": false, "..": false, "a/b": false, "a b": false, "ü": false, "a\\n": false} {
		src := []byte("workspace \"a\" {\n  terraform_workspace = \"" + name + "\"\n}\n")
		_, diags := Parse(RepositoryFile, "driftless.hcl", src)
		if diags.HasErrors() == good {
			t.Errorf("%q: %v", name, diags)
		}
		if !good {
			contains(t, FormatDiagnostics(map[string][]byte{"driftless.hcl": src}, diags, 0, false), "on driftless.hcl line 2", "must be letters")
		}
	}
}

func TestParseJSON(t *testing.T) {
	t.Parallel()
	src := `{"workspace": {"a": {"var_files": ["x"], "variables": {"l": [1]}, "drift": {"schedule": "0 1 * * *"}}}, "defaults": {"dirs": ["a"]}}`
	c, diags := Parse(RepositoryFile, "driftless.hcl.json", []byte(src))
	if diags.HasErrors() || c.Settings.Workspaces[0].Variables["l"] != "[1]" || c.Settings.Workspaces[0].Drift.Schedule != "0 1 * * *" {
		t.Errorf("%+v %v", c, diags)
	}
	_, diags = Parse(RepositoryFile, "driftless.hcl.json", []byte(`{"workspace": {"a": {"var_file": 1}}, "identity": {"x": {}}}`))
	contains(t, diags.Error()+FormatDiagnostics(nil, diags, 0, false), "var_file", "does not belong")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`workspace "a" { apply = "manual" }`), false, true)
	f.Add([]byte(`repository "a" { url = "x" }`), false, false)
	f.Add([]byte(`{"workspace":{"a":{"labels":{"x":1}}}}`), true, true)
	f.Add([]byte(forgeBlocks+"repository \"a\" {\n url = \"https://github.com/a/x-*\"\n forge = \"public\"\n}"), false, false)
	f.Add([]byte(`{"github":{"g":{"token":{"env":"T"}}},"repository":{"a":{"url":"git@github.com:a/{b,c}","forks":"ignore"}}}`), true, false)
	f.Add([]byte("defaults {\n permissions {\n plan = [\"team:a/b\"]\n }\n require = []\n}"), false, true)
	f.Add([]byte(`defaults { variables = { a = [for x in [1] : x] } }`), false, true)
	f.Fuzz(func(t *testing.T, src []byte, json, repository bool) {
		name, kind := "driftless.hcl", OperatorFile
		if json {
			name += ".json"
		}
		if repository {
			kind = RepositoryFile
		}
		c, diags := Parse(kind, name, src)
		_ = FormatDiagnostics(map[string][]byte{name: src}, diags, 80, true)
		if c == nil {
			t.Error("no Config")
		}
	})
}
