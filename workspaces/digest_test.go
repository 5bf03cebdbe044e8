package workspaces

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
)

func with(files map[string]string, changes map[string]string) map[string]string {
	files = maps.Clone(files)
	for name, content := range changes {
		if content == "DELETE" {
			delete(files, name)
		} else {
			files[name] = content
		}
	}
	return files
}

// effects returns "id: reason" of the affected workspaces.
func effects(t *testing.T, base, head *Set) string {
	t.Helper()
	all, err := NewDigester(nil, nil).Affected(t.Context(), base, head)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range all {
		if e.Affected {
			lines = append(lines, strings.TrimPrefix(string(e.Workspace.ID), "infra//")+": "+e.Reason)
		}
	}
	return strings.Join(lines, "\n")
}

func callTF(name, source string) string {
	return "module \"" + name + "\" {\n  source = \"" + source + "\"\n}\n"
}

var estate = map[string]string{
	"live/prod/main.tf": rootTF + callTF("v", "../../modules/vpc") + "locals {\n  t = templatefile(\"${path.module}/../../templates/a.tpl\", {})\n  f = [for f in fileset(\"${path.module}/../../conf\", \"*.yaml\") : f]\n  s = \"${path.module}/../../lambda/src\"\n  o = fileexists(\"${path.root}/../../maybe\")\n}\n",
	"live/dev/main.tf":  rootTF + callTF("v", "../../modules/vpc"), "live/dev/README.md": "", "live/dev/terraform.tfvars": "", "live/dev/x.tfvars": "",
	"live/dev/files/x.json": "", "live/dev/nested/main.tf": rootTF, "live/stage/main.tf": rootTF, "live/stage/eu.tfvars": "", "live/stage/us.tfvars": "",
	"modules/vpc/main.tf": resourceTF + callTF("s", "../subnet"), "modules/subnet/main.tf": resourceTF, "modules/subnet/user-data.sh": "",
	"modules/unused/main.tf": resourceTF, "templates/a.tpl": "", "templates/b.tpl": "", "conf/a.yaml": "", "conf/a.json": "", "lambda/src/x.py": "",
	"README.md": "", "schemas/x.json": "", "main.tf": rootTF + "locals { x = \"${path.module}/templates/b.tpl\" }\n", "app/code.go": "",
	"driftless.hcl": `
workspace "eu" {
  dir       = "live/stage"
  var_files = ["eu.tfvars"]
}
workspace "us" {
  dir       = "live/stage"
  var_files = ["us.tfvars"]
  watch     = ["schemas/**"]
  apply     = "manual"
}
`,
}

func TestAffected(t *testing.T) {
	t.Parallel()
	base := resolve(t, NewMapTree(estate))
	if got := ids(base.Workspaces); got != ". live/dev live/dev/nested live/prod live/stage@eu live/stage@us" {
		t.Fatal(got)
	}
	for name, c := range map[string]struct {
		changes map[string]string
		want    string
	}{
		"nothing":            {nil, ""},
		"own file":           {map[string]string{"live/dev/main.tf": rootTF}, "live/dev: file live/dev/main.tf changed, module modules/subnet removed, module modules/vpc removed"},
		"nested root":        {map[string]string{"live/dev/nested/main.tf": rootTF + "\n"}, "live/dev/nested: file live/dev/nested/main.tf changed"},
		"shared module":      {map[string]string{"modules/subnet/user-data.sh": "x"}, "live/dev: module modules/subnet changed\nlive/prod: module modules/subnet changed"},
		"uncalled module":    {map[string]string{"modules/unused/main.tf": resourceTF + "\n"}, ""},
		"auto variables":     {map[string]string{"live/dev/terraform.tfvars": "a=1"}, "live/dev: file live/dev/terraform.tfvars changed"},
		"unused variables":   {map[string]string{"live/dev/x.tfvars": "a=1"}, ""},
		"variable file":      {map[string]string{"live/stage/eu.tfvars": "a=1"}, "live/stage@eu: variable file live/stage/eu.tfvars changed"},
		"readme":             {map[string]string{"live/dev/README.md": "x", "README.md": "x"}, ""},
		"data directory":     {map[string]string{"live/dev/files/x.json": "x"}, "live/dev: directory live/dev/files changed"},
		"template":           {map[string]string{"templates/a.tpl": "x"}, ".: directory templates changed\nlive/prod: file templates/a.tpl changed"},
		"fileset":            {map[string]string{"conf/b.yaml": ""}, ".: directory conf changed\nlive/prod: file conf/b.yaml added"},
		"fileset unmatched":  {map[string]string{"conf/a.json": "x"}, ".: directory conf changed"},
		"mentioned sources":  {map[string]string{"lambda/src/x.py": "x"}, ".: directory lambda changed\nlive/prod: directory lambda/src changed"},
		"file appears":       {map[string]string{"maybe": ""}, ".: file maybe added\nlive/prod: file maybe added"},
		"watched":            {map[string]string{"schemas/x.json": "x"}, ".: directory schemas changed\nlive/stage@us: directory schemas changed"},
		"apply mode":         {map[string]string{"driftless.hcl": strings.Replace(estate["driftless.hcl"], "manual", "on_merge", 1)}, ""},
		"variables":          {map[string]string{"driftless.hcl": estate["driftless.hcl"] + "defaults {\n dirs = [\"live/prod\"]\n variables = { a = 1 }\n}\n"}, "live/prod: configuration changed (variable a)"},
		"added":              {map[string]string{"new/main.tf": rootTF}, "new: added"},
		"removed":            {map[string]string{"live/prod/main.tf": "DELETE"}, "live/prod: removed"},
		"broken":             {map[string]string{"live/prod/main.tf": "x {"}, "live/prod: file live/prod/main.tf changed, file conf/a.yaml removed, file templates/a.tpl removed and 4 more"},
		"version file":       {map[string]string{"live/.terraform-version": "1.5.0"}, "live/dev: configuration changed (required version)\nlive/dev/nested: configuration changed (required version)\nlive/prod: configuration changed (required version)\nlive/stage@eu: configuration changed (required version)\nlive/stage@us: configuration changed (required version)"},
		"one backend of two": {map[string]string{"driftless.hcl": estate["driftless.hcl"] + "workspace \"gone\" {}"}, "gone: added"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := effects(t, base, resolve(t, NewMapTree(with(estate, c.changes)))); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestNewProblemIsAnEffect(t *testing.T) {
	t.Parallel()
	s3 := "terraform {\n backend \"s3\" {\n bucket = \"b\"\n key = \"k\"\n }\n}\n"
	files := map[string]string{"a/main.tf": s3}
	got := effects(t, resolve(t, NewMapTree(files)), resolve(t, NewMapTree(with(files, map[string]string{"b/main.tf": s3}))))
	contains(t, got, "a: broken: a/main.tf:2: two workspaces with one backend", "b: added")
}

func TestLinksAndSubmodules(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a/main.tf": rootTF + callTF("l", "./linked") + callTF("s", "../sub"), "real/m/main.tf": resourceTF, "real/text": "1", "target/x": "1"}
	links := func(commit string) []MapFile {
		return []MapFile{{"a/linked", Symlink, "../real/m"}, {"a/text", Symlink, "../real/text"}, {"real/m/deep", Symlink, "../../target"}, {"sub", Submodule, commit}}
	}
	one, two := strings.Repeat("1", 40), strings.Repeat("2", 40)
	base := resolve(t, NewMapTree(files, links(one)...))
	if w := base.Workspace("infra//a"); len(w.Problems) > 0 {
		t.Fatal(w.Problems)
	}
	for name, want := range map[string]string{"real/m/main.tf": "module a/linked changed", "real/text": "file real/text changed", "target/x": "module a/linked changed"} {
		head := resolve(t, NewMapTree(with(files, map[string]string{name: resourceTF + "\n"}), links(one)...))
		contains(t, effects(t, base, head), want)
	}
	contains(t, effects(t, base, resolve(t, NewMapTree(files, links(two)...))), "module sub changed")
}

func digestOf(t *testing.T, d *Digester, files map[string]string) Digest {
	t.Helper()
	set := resolve(t, NewMapTree(files))
	got, err := d.Digest(t.Context(), set, set.Workspaces[0])
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestFloating(t *testing.T) {
	t.Parallel()
	resolved := NewDigester(nil, func(_ context.Context, url, ref string) (string, error) { return "commit of " + url + " " + ref, nil })
	commit := strings.Repeat("a", 40)
	for content, want := range map[string]string{
		resourceTF:                                       "",
		callTF("m", "hashicorp/vpc/aws"):                 "range of versions",
		callTF("m", "git::https://h/r"):                  "was not resolved",
		callTF("m", "https://h/r.zip"):                   "cannot be followed",
		callTF("m", "oci://h/r?tag=x"):                   "cannot be followed",
		callTF("m", "x${var.y}"):                         "computed source",
		"resource \"aws_vpc\" \"x\" {}\n":                "no .terraform.lock.hcl",
		"locals { x = file(var.y) }\n" + resourceTF:      "a/main.tf:1: file() of a computed path",
		"locals { x = file(\"/etc/x\") }\n" + resourceTF: "outside of the repository",
		"locals { x = fileset(\"${path.module}/../../..\", \"*\") }\n" + resourceTF:                        "outside of the repository",
		"locals { x = file(\"${path.module}/../../../x\") }\n" + resourceTF:                                "outside of the repository",
		"locals { x = file(\"${path.module}/f/${var.x}.json\") }\n" + resourceTF:                           "",
		"locals { x = file(var.a ? \"x\" : \"${path.root}/y\") }\n" + resourceTF:                           "",
		"module \"m\" {\n source = \"hashicorp/vpc/aws\"\n version = \"= 1.2.3\"\n}\n":                     "",
		callTF("m", "git::https://h/r?ref="+commit):                                                        "",
		"terraform {\n required_providers {\n  aws = { source = \"hashicorp/aws\" }\n }\n}\n" + resourceTF: "no .terraform.lock.hcl",
	} {
		d := digestOf(t, NewDigester(nil, nil), map[string]string{"a/main.tf": content})
		if d.Floating != (want != "") {
			t.Errorf("%s: floating %v: %v", content, d.Floating, d.Warnings)
		}
		contains(t, strings.Join(d.Warnings, "\n"), want)
	}
	d := digestOf(t, resolved, map[string]string{"a/main.tf": callTF("m", "git::https://h/r.git//sub?ref=v1")})
	if !d.Floating || len(d.Warnings) > 0 || !hasInput(d, Input{"ref", "git::https://h/r.git//sub?ref=v1", "commit of https://h/r.git v1"}) {
		t.Errorf("%+v", d)
	}
	locked := digestOf(t, resolved, map[string]string{"a/main.tf": "resource \"aws_vpc\" \"x\" {}\n", "a/.terraform.lock.hcl": ""})
	if locked.Floating || !hasInput(locked, Input{"file", "a/.terraform.lock.hcl", objectID("blob", "")}) {
		t.Errorf("%+v", locked)
	}
}

func hasInput(d Digest, want Input) bool {
	for _, in := range d.Inputs {
		if in == want {
			return true
		}
	}
	return false
}

func TestDigestErrors(t *testing.T) {
	t.Parallel()
	down := errors.New("host is down")
	d := NewDigester(nil, func(context.Context, string, string) (string, error) { return "", down })
	set := resolve(t, NewMapTree(map[string]string{"a/main.tf": callTF("m", "git@h:r.git"), "b/main.tf": rootTF}))
	if _, err := d.Digest(t.Context(), set, set.Workspaces[0]); !errors.Is(err, down) {
		t.Error(err)
	}
	all, err := d.Affected(t.Context(), set, set)
	if err != nil || !all[0].Affected || all[1].Affected {
		t.Errorf("%+v %v", all, err)
	}
	contains(t, all[0].Reason, "host is down", "a/main.tf:1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Affected(ctx, set, set); err == nil {
		t.Error("no error after cancel")
	}
}

func TestInitKey(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"a/main.tf": "terraform {\n backend \"s3\" { bucket = \"b\" }\n}\n" + callTF("m", "../m"), "m/main.tf": resourceTF, "a/.terraform.lock.hcl": "", "driftless.hcl": "",
	}
	key := digestOf(t, NewDigester(nil, nil), files).InitKey
	for change, differs := range map[[2]string]bool{
		{"m/main.tf", "resource \"terraform_data\" \"y\" {}\n"}: false,
		{"a/x.tf", resourceTF}: false,
		{"a/x.txt", ""}:        false,
		{"m/main.tf", "resource \"aws_vpc\" \"y\" {}\n"}:                                   true,
		{"m/main.tf", resourceTF + callTF("n", "./n")}:                                     true,
		{"a/.terraform.lock.hcl", "x"}:                                                     true,
		{"a/x.tf", "terraform {\n required_providers {\n  x = { version = \"1\" }\n }\n}"}: true,
		{"a/backend_override.tf", "terraform {\n backend \"s3\" { bucket = \"c\" }\n}\n"}:  true,
		{"driftless.hcl", "workspace \"a\" { backend_config = { key = \"k\" } }"}:          true,
	} {
		got := digestOf(t, NewDigester(nil, nil), with(files, map[string]string{change[0]: change[1]})).InitKey
		if (got != key) != differs {
			t.Errorf("%v: changed %v", change, got != key)
		}
	}
}

func TestModulesThatCallEachOther(t *testing.T) {
	t.Parallel()
	files := map[string]string{"r/main.tf": rootTF + callTF("a", "../a"), "a/main.tf": resourceTF + callTF("b", "../b"), "b/main.tf": resourceTF + callTF("a", "../a") + callTF("self", "./")}
	if d := digestOf(t, NewDigester(nil, nil), files); d.Sum == "" {
		t.Error(d)
	}
}

func TestEngineVersionCounts(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a/main.tf": rootTF}
	at := func(v string) string {
		return digestOf(t, NewDigester(func(*Workspace) (string, error) { return v, nil }, nil), files).Sum
	}
	if first, again := at("x"), at("x"); first != again || first == at("terraform 1.12.0") {
		t.Error("the engine's version does not count")
	}
}
