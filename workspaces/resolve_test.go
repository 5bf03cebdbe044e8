package workspaces

import (
	"strings"
	"testing"
	"time"
)

const (
	resourceTF = "resource \"terraform_data\" \"x\" {}\n"
	rootTF     = "terraform {\n  required_version = \">= 1.3\"\n}\n" + resourceTF
)

func TestNamedWorkspaces(t *testing.T) {
	t.Parallel()
	set := resolve(t, NewMapTree(map[string]string{
		"app/main.tf": rootTF, "app/dev.tfvars": "", "net/main.tf": rootTF, ".terraform-version": "v1.5.7\n", "net/.terraform-version": "latest\n",
		"driftless.hcl": `
workspace "dev" {
  dir       = "app"
  var_files = ["dev.tfvars"]
  depends_on = ["net"]
}
workspace "prod" {
  dir        = "./app/"
  depends_on = ["dev", "infra//net"]
  labels     = { env = "prod" }
}
defaults {
  dirs       = ["app"]
  variables  = { a = "1", b = 2 }
  freshness  = "2h"
  depends_on = ["net"]
}
defaults { labels = { team = "x" } }
`}))
	if got := ids(set.Workspaces); got != "app@dev app@prod net" {
		t.Fatal(got)
	}
	prod := set.Workspace("infra//app@prod")
	if len(prod.Problems) > 0 || prod.Freshness != 2*time.Hour || prod.Variables["b"] != "2" || prod.Labels["team"] != "x" || prod.Apply != OnMerge {
		t.Errorf("%+v", prod)
	}
	if len(prod.DependsOn) != 2 || prod.DependsOn[0] != "infra//app@dev" || prod.DependsOn[1] != "infra//net" {
		t.Error(prod.DependsOn)
	}
	if got := strings.Join(prod.VersionConstraints, " "); got != ">= 1.3 1.5.7" {
		t.Error(got)
	}
	if got := strings.Join(set.Workspace("infra//net").VersionConstraints, " "); got != ">= 1.3" {
		t.Error(got)
	}
	for word, want := range map[string]string{"app": "app@dev app@prod", "dev": "app@dev", "app@*": "app@dev app@prod", "infra//net": "net", "*": "app@dev app@prod net", "none": "", "": ""} {
		if got := ids(set.Find(word)); got != want {
			t.Errorf("Find(%q) = %q, want %q", word, got, want)
		}
	}
	waves, err := Waves(set.Workspaces)
	if err != nil || len(waves) != 3 || ids(waves[0]) != "net" || ids(waves[2]) != "app@prod" {
		t.Error(waves, err)
	}
}

func TestProblemsStayAlone(t *testing.T) {
	t.Parallel()
	s3 := func(key string) string {
		return "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n    key = \"" + key + "\"\n  }\n}\n"
	}
	for name, c := range map[string]struct {
		files map[string]string
		links []MapFile
		bad   map[string]string // workspace → part of its problem
		good  string
		diag  string
	}{
		"cycle": {map[string]string{"a/main.tf": rootTF, "b/main.tf": rootTF, "c/main.tf": rootTF, "driftless.hcl": "workspace \"a\" {\n depends_on = [\"b\"]\n}\nworkspace \"b\" {\n depends_on = [\"a\"]\n}\nworkspace \"c\" {\n depends_on = [\"a\"]\n}"}, nil,
			map[string]string{"a": "infra//a → infra//b → infra//a", "b": "cycle"}, "c", "on driftless.hcl line 4"},
		"unknown dependency":           {map[string]string{"net/main.tf": rootTF, "b/main.tf": rootTF, "driftless.hcl": "workspace \"b\" {\n depends_on = [\"nett\"]\n}"}, nil, map[string]string{"b": `Did you mean "net"`}, "net", ""},
		"ambiguous dependency":         {map[string]string{"a/main.tf": rootTF, "b/main.tf": rootTF, "driftless.hcl": "workspace \"x\" { dir = \"a\" }\nworkspace \"y\" { dir = \"a\" }\nworkspace \"b\" { depends_on = [\"a\"] }"}, nil, map[string]string{"b": "a@x or a@y"}, "a@x a@y", ""},
		"missing directory":            {map[string]string{"a/main.tf": rootTF, "driftless.hcl": "workspace \"gone\" {}"}, nil, map[string]string{"gone": "driftless.hcl:1: there is no directory gone"}, "a", "on driftless.hcl line 1"},
		"no engine files":              {map[string]string{"a/main.tf": rootTF, "docs/x.md": "", "driftless.hcl": "workspace \"docs\" {}"}, nil, map[string]string{"docs": "holds no files"}, "a", ""},
		"one backend":                  {map[string]string{"a/main.tf": s3("k"), "b/main.tf": s3("k"), "c/main.tf": s3("other")}, nil, map[string]string{"a": "infra//b (b/main.tf:2)", "b": "one backend"}, "c", "on a/main.tf line 2"},
		"one backend by configuration": {map[string]string{"a/main.tf": s3("k"), "b/main.tf": s3("x"), "driftless.hcl": "workspace \"b\" {\n backend_config = { key = \"k\" }\n}"}, nil, map[string]string{"a": "one backend", "b": "one backend"}, "", ""},
		"two workspaces of terraform":  {map[string]string{"a/main.tf": s3("k"), "driftless.hcl": "workspace \"x\" {\n dir = \"a\"\n terraform_workspace = \"x\"\n}\nworkspace \"y\" { dir = \"a\" }"}, nil, nil, "a@x a@y", ""},
		"partial backends":             {map[string]string{"a/main.tf": "terraform {\n backend \"http\" {}\n}", "b/main.tf": "terraform {\n backend \"http\" {}\n}"}, nil, nil, "a b", ""},
		"one identity":                 {map[string]string{"a/main.tf": rootTF, "a@x/main.tf": rootTF, "driftless.hcl": "workspace \"x\" { dir = \"a\" }"}, nil, map[string]string{"a@x": "one identity"}, "", "Two workspaces with one identity"},
		"local backend in an override": {map[string]string{
			"a/main.tf": rootTF, "a/override.tf": "terraform {\n backend \"local\" {\n path = \"x\"\n }\n}\n", "b/main.tf": s3("b"), "b/z_override.tf.json": `{"terraform":{"backend":{"local":{}}}}`,
			"c/main.tofu": rootTF, "c/override.tofu": "terraform {\n backend \"local\" {}\n}\n", "d/main.tf": "terraform {\n backend \"local\" {}\n}\n", "d/x_override.tf": s3("d"), "e/main.tf": rootTF, "e/override.tf": "locals {}",
		}, nil, map[string]string{"a": "a/override.tf:2: a backend \"local\" in an override file would win", "b": "b/z_override.tf.json:1: ", "c": "c/override.tofu:2: "}, "d e", ""},
		"our own name": {map[string]string{
			"a/main.tf": rootTF, "a/driftless_override.tf": "locals {}", "b/main.tofu": rootTF, "b/driftless_override.tofu": "", "c/main.tf": rootTF, "c/driftless_override.tofu.json": "{}", "d/main.tf": rootTF, "d/driftless_override.tfvars": "",
			"driftless_override.tf.json": "{}", "main.tf": rootTF,
		}, nil, map[string]string{"a": "a/driftless_override.tf: this name is driftless's own", "b": "b/driftless_override.tofu: this", "c": "c/driftless_override.tofu.json: this", ".": "driftless_override.tf.json: this"}, "d", ""},
		"renamed from one that is there": {map[string]string{"a/main.tf": rootTF, "b/main.tf": rootTF, "c/main.tf": rootTF, "driftless.hcl": "workspace \"b\" {\n renamed_from = \"./a/\"\n}\nworkspace \"c\" {\n renamed_from = \"gone\"\n}"}, nil,
			map[string]string{"b": "driftless.hcl:1: renamed_from = \"a\" names a workspace that is still there"}, "a c", "on driftless.hcl line 1"},
		"renamed from itself":   {map[string]string{"a/main.tf": rootTF, "driftless.hcl": "workspace \"a\" {\n renamed_from = \"a\"\n}"}, nil, map[string]string{"a": "its own identity"}, "", ""},
		"two renamed from one":  {map[string]string{"a/main.tf": rootTF, "b/main.tf": rootTF, "driftless.hcl": "defaults {\n renamed_from = \"old@x\"\n}"}, nil, map[string]string{"a": "stands in 2 workspaces", "b": "stands in 2"}, "", ""},
		"cloud":                 {map[string]string{"a/main.tf": "terraform {\n cloud {}\n}", "b/main.tf": "terraform {\n backend \"remote\" {}\n}", "c/main.tf": rootTF}, nil, map[string]string{"a": "a/main.tf:2: a cloud block is unsupported", "b": "unsupported"}, "c", ""},
		"syntax":                {map[string]string{"a/main.tf": "resource \"x\" {", "b/main.tf": rootTF}, nil, map[string]string{"a": "a/main.tf:1: "}, "b", ""},
		"bombs":                 {map[string]string{"a/main.tf": "x = " + strings.Repeat("[", 300000), "b/main.tf": rootTF}, nil, map[string]string{"a": "nested too deeply"}, "b", ""},
		"no such module":        {map[string]string{"a/main.tf": rootTF + "module \"m\" {\n source = \"../none\"\n}", "c/main.tf": rootTF + "module \"m\" {\n source = \"../../x\"\n}", "b/main.tf": rootTF}, nil, map[string]string{"a": "a/main.tf:5: module \"m\": there is no directory none", "c": "leaves the repository"}, "b", ""},
		"no such variable file": {map[string]string{"a/main.tf": rootTF, "b/main.tf": rootTF, "shared.tfvars": "", "driftless.hcl": "workspace \"a\" {\n var_files = [\"none.tfvars\"]\n}\nworkspace \"b\" {\n var_files = [\"/shared.tfvars\", \"../shared.tfvars\"]\n}"}, nil, map[string]string{"a": "none.tfvars does not exist"}, "b", ""},
		"links": {map[string]string{"a/main.tf": rootTF, "b/main.tf": rootTF, "shared/v.tf": resourceTF, "modules/m/main.tf": resourceTF, "d/main.tf": rootTF + "module \"m\" {\n source = \"../modules/m\"\n}"},
			[]MapFile{{"a/shared.tf", Symlink, "../shared/v.tf"}, {"b/passwd", Symlink, "/etc/passwd"}, {"c/main.tf", Symlink, "../../out.tf"}, {"e/main.tf", Symlink, "main.tf"}, {"modules/m/x/y", Symlink, "../../../../x"}},
			map[string]string{"b": "b/passwd leaves the repository", "c": "c/main.tf leaves the repository (it points to ../../out.tf)", "e": "too many levels", "d": "modules/m/x/y leaves"}, "a shared", ""},
		"required_version": {map[string]string{"a/main.tf": "terraform {\n required_version = \"latest\"\n}\n" + resourceTF}, nil, map[string]string{"a": "a/main.tf:2: required_version"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := resolve(t, NewMapTree(c.files, c.links...))
			var good []*Workspace
			for _, w := range set.Workspaces {
				if want, ok := c.bad[w.target().String()]; ok {
					contains(t, problems(w), want)
				} else if good = append(good, w); len(w.Problems) > 0 {
					t.Errorf("%s: %v", w.ID, w.Problems)
				}
			}
			if got := ids(good); got != c.good {
				t.Errorf("good: %q, want %q", got, c.good)
			}
			contains(t, FormatDiagnostics(set.Sources, set.Diagnostics, 0, false), c.diag)
		})
	}
}

func TestOperatorWins(t *testing.T) {
	t.Parallel()
	tree := NewMapTree(map[string]string{"a/main.tf": rootTF, "b/main.tf": rootTF, "driftless.hcl": `
defaults { owner = "file" }
workspace "a" {
  apply = "before_merge"
  owner = "a"
  parallelism = 2
  drift { schedule = "@daily" }
}`})
	top := Settings{Defaults: []Block{{Owner: "top", Apply: Manual, Drift: &DriftBlock{Reconcile: new(true)}}}}
	set := resolveFrom(t, Source{Tree: tree, Operator: top, Repository: operatorSettings(t, "defaults { apply = \"on_merge\" }\nworkspace \"a\" { parallelism = 5 }\ndiscovery { exclude = [\"b\"] }")})
	if got := ids(set.Workspaces); got != "a" {
		t.Fatal(got)
	}
	a := set.Workspaces[0]
	if a.Owner != "a" || a.Apply != OnMerge || a.Parallelism != 5 || a.DriftSchedule != "@daily" || !a.Reconcile || a.Freshness != 24*time.Hour {
		t.Errorf("%+v", a)
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	trusted := NewMapTree(map[string]string{"a/main.tf": rootTF, "b/main.tf": rootTF, "driftless.hcl": `
defaults {
  dirs   = ["b*"]
  labels = { team = "b" }
}
workspace "a" {
  apply  = "manual"
  labels = { env = "dev" }
}
discovery { exclude = ["secret/**"] }
policy "p" { path = "policies" }
`})
	planned := NewMapTree(map[string]string{"a/main.tf": rootTF, "a/x.tofu": resourceTF, "b/main.tf": rootTF, "b2/main.tofu": rootTF, "secret/x/main.tf": rootTF, "driftless.hcl": `
workspace "a" {
  apply    = "on_merge"
  labels   = { env = "prod" }
  volatile = ["x"]
}
workspace "b2" {
  labels = { env = "prod" }
  engine = "terraform"
}
workspace "secret/x" {}
policy "p" { path = "mine" }
`})
	set := resolveFrom(t, Source{Tree: planned, Trusted: trusted})
	if got := ids(set.Workspaces); got != "a b b2" {
		t.Fatal(got)
	}
	a, b2 := set.Workspace("infra//a"), set.Workspace("infra//b2")
	if a.Apply != Manual || a.Labels["env"] != "prod" || a.TrustedLabels["env"] != "dev" || len(a.Volatile) != 0 || a.Engine != "terraform" {
		t.Errorf("%+v", a)
	}
	if b2.TrustedLabels["env"] != "" || b2.TrustedLabels["team"] != "b" || b2.Engine != "tofu" {
		t.Errorf("%+v", b2)
	}
	if len(set.Policies) != 1 || set.Policies[0].Path != "policies" {
		t.Error(set.Policies)
	}
	contains(t, strings.Join(set.Notices, "\n"), `workspace a: apply = "on_merge" takes effect after the merge`, `workspace a: engine = "tofu" takes`,
		`workspace a: labels = { env = "prod" } grants`, `policy "p": the edit`, "discovery: exclude = []", `workspace a: volatile = ["x"] takes effect after the merge`, `workspace b2: engine = "terraform"`)
	contains(t, FormatDiagnostics(set.Sources, set.Diagnostics, 0, false), "Workspace is excluded")

	same := resolveFrom(t, Source{Tree: planned, Trusted: planned})
	if len(same.Notices) > 0 {
		t.Error(same.Notices)
	}
}

func TestBrokenRepositoryFile(t *testing.T) {
	t.Parallel()
	good := NewMapTree(map[string]string{"a/main.tf": rootTF})
	bad := NewMapTree(map[string]string{"a/main.tf": rootTF, "driftless.hcl": "workspace {"})
	set, err := Resolve(Source{Tree: bad})
	if err == nil || len(set.Diagnostics) == 0 {
		t.Fatal(err)
	}
	contains(t, FormatDiagnostics(set.Sources, set.Diagnostics, 0, false), "on driftless.hcl line 1")
	_, err = Resolve(Source{Tree: good, Trusted: bad})
	if err == nil {
		t.Fatal("a broken file at the tracked branch was accepted")
	}
	_, err = Resolve(Source{Tree: NewMapTree(map[string]string{"driftless.hcl": "", "driftless.hcl.json": "{}"})})
	contains(t, err.Error(), "keep one")
	for _, target := range []string{"/etc/passwd", "../x"} {
		if _, err = Resolve(Source{Tree: NewMapTree(nil, MapFile{"driftless.hcl", Symlink, target})}); err == nil {
			t.Error("followed", target)
		}
	}
}

func TestAnOverrideFileSaysWhichBackend(t *testing.T) {
	t.Parallel()
	set := resolve(t, NewMapTree(map[string]string{
		"a/main.tf":           "terraform {\n backend \"local\" {}\n}\n" + resourceTF,
		"a/a_override.tf":     "terraform {\n backend \"gcs\" {\n bucket = \"first\"\n }\n}\n",
		"a/override.tf":       "terraform {\n backend \"s3\" {\n bucket = \"last\"\n }\n}\n",
		"a/z_no_overrides.tf": "locals {}\n",
	}))
	b := set.Workspaces[0].Backend
	if b.Type != "s3" || b.Config["bucket"] != "last" || b.Place != "a/override.tf:2" || len(set.Workspaces[0].Problems) > 0 {
		t.Errorf("%+v %v", b, set.Workspaces[0].Problems)
	}
}

func TestManaged(t *testing.T) {
	t.Parallel()
	for want, backends := range map[bool][]Backend{
		true:  {{}, {Type: "local"}, {Type: "local", Config: map[string]string{"path": "x/y"}}},
		false: {{Type: "s3"}, {Type: "cloud"}, {Type: "local", Config: map[string]string{"path": "/x"}}},
	} {
		for _, b := range backends {
			if b.Managed() != want {
				t.Errorf("%+v", b)
			}
		}
	}
}

// bomb is a tree in which every directory holds itself ten times.
type bomb struct{ *MapTree }

func (b bomb) List(string) ([]Entry, error) {
	var all []Entry
	for _, name := range []string{"..", "a", "b", "c", "d", "e", "f", "g", "h"} {
		all = append(all, Entry{Name: name, Mode: Dir, ID: b.ID()})
	}
	return append(all, Entry{Name: "x/y", Mode: File}), nil
}

func TestTreeWithoutEnd(t *testing.T) {
	t.Parallel()
	_, err := Resolve(Source{Tree: bomb{NewMapTree(nil)}})
	if err == nil {
		t.Fatal("a tree without end was read")
	}
	contains(t, err.Error(), "too large")
}

func TestLinkThatContainsItself(t *testing.T) {
	t.Parallel()
	tree := NewMapTree(map[string]string{"a/main.tf": rootTF + callTF("x", "./x") + callTF("y", "./y"), "a/data/z": ""},
		MapFile{"a/x", Symlink, "."}, MapFile{"a/y", Symlink, "../a"}, MapFile{"a/data/up", Symlink, ".."})
	set := resolve(t, tree)
	if d, err := NewDigester(nil, nil).Digest(t.Context(), set, set.Workspaces[0]); err != nil || d.Sum == "" {
		t.Error(err)
	}
}
