package workspaces

import (
	"slices"
	"strings"
	"testing"
)

func TestSourceFile(t *testing.T) {
	t.Parallel()
	native := `
terraform {
  required_version = "~> 1.5"
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      version               = "~> 5"
      configuration_aliases = [aws.west]
    }
    old = "1.0"
  }
  backend "s3" {
    bucket  = "b"
    encrypt = true
    key     = var.key
    assume_role {}
  }
}
variable "a" {}
variable "b" { default = null }
module "m" {
  source  = "./m"
  version = "1"
}
resource "google_x" "y" { provider = google-beta.west }
data "http" "x" {}
provider "aws" {}
`
	f := parseSourceFile("x.tf", []byte(native))
	if len(f.problems) > 0 || f.required[0].text != "~> 1.5" || f.required[0].line != 3 || f.providers["aws"] != `source="hashicorp/aws" version="~> 5"` {
		t.Errorf("%+v", f)
	}
	if f.backend.kind != "s3" || f.backend.config["encrypt"] != "true" || f.backend.literal || f.backend.line != 12 {
		t.Errorf("%+v", f.backend)
	}
	if f.variables["a"] || !f.variables["b"] || f.calls[0].source != "./m" || !slices.Contains(f.implied, "google-beta") || !slices.Contains(f.implied, "http") {
		t.Errorf("%+v", f)
	}
	j := parseSourceFile("x.tf.json", []byte(`{"terraform":[{"required_version":"~> 1.5","required_providers":{"aws":{"source":"hashicorp/aws","version":"~> 5"}},"backend":{"s3":{"bucket":"b"}}}],
		"variable":{"a":{}},"module":{"m":{"source":"./m"}},"resource":{"google_x":{"y":{"content":"${file(\"${path.module}/x\")}","provider":"google-beta.west"}}}}`))
	if len(j.problems) > 0 || j.required[0].text != "~> 1.5" || j.providers["aws"] != f.providers["aws"] || j.backend.config["bucket"] != "b" || !j.backend.literal ||
		len(j.calls) != 1 || len(j.paths) != 1 || !j.paths[0].module || j.paths[0].path != "x" || !slices.Contains(j.implied, "google-beta") {
		t.Errorf("%+v", j)
	}
}

func TestPathRefs(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]pathRef{
		`file("x")`:                                {function: "file", path: "x", complete: true},
		`core::file("${path.module}/x")`:           {function: "file", module: true, path: "x", complete: true},
		`templatefile("${path.root}/a/${v}.x", 1)`: {function: "templatefile", path: "a/", suffix: ".x"},
		`fileset(path.module, "**/*.j")`:           {function: "fileset", module: true, complete: true, pattern: "**/*.j"},
		`fileset("${path.module}/x", v)`:           {function: "fileset", module: true, path: "x", complete: true},
		`filesha1(abspath("x"))`:                   {function: "filesha1", path: "x", complete: true},
		`filemd5(local.x)`:                         {function: "filemd5", computed: true},
		`file("${local.x}/y")`:                     {function: "file", computed: true, suffix: "/y"},
		`"../x/y"`:                                 {plain: true, path: "../x/y", complete: true},
		`"../x/${a}/${b}.y"`:                       {plain: true, path: "../x/", suffix: ".y"},
		`"${path.module}/src"`:                     {module: true, path: "src", complete: true},
		`"sh ${path.module}/x.sh -v ${v}"`:         {module: true, path: "x.sh", complete: true},
		`"${path.module}-x"`:                       {module: true, path: "-x", complete: true},
	} {
		f := parseSourceFile("x.tf", []byte("locals {\n  x = "+expression+"\n}"))
		if len(f.paths) != 1 {
			t.Errorf("%s: %+v", expression, f.paths)
			continue
		}
		f.paths[0].line = 0
		if f.paths[0] != want {
			t.Errorf("%s: %+v, want %+v", expression, f.paths[0], want)
		}
	}
	for _, expression := range []string{`"${path.module}"`, `path.root`, `"x"`, `files("x")`} {
		if f := parseSourceFile("x.tf", []byte("x = "+expression)); len(f.paths) > 0 {
			t.Errorf("%s: %+v", expression, f.paths)
		}
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	commit := strings.Repeat("0", 40)
	for source, want := range map[string]address{
		"./x":                                  {kind: "local", pin: true},
		"../":                                  {kind: "local", pin: true},
		"git::https://h/r.git//a/b?ref=v1":     {kind: "git", url: "https://h/r.git", ref: "v1"},
		"git::ssh://git@h:22/r?depth=1&ref=x":  {kind: "git", url: "ssh://git@h:22/r", ref: "x"},
		"git@github.com:o/r.git//sub":          {kind: "git", url: "git@github.com:o/r.git"},
		"git::git@h:r.git?ref=" + commit:       {kind: "git", url: "git@h:r.git", ref: commit, pin: true},
		"github.com/o/r//sub?ref=x":            {kind: "git", url: "https://github.com/o/r.git", ref: "x"},
		"github.com/o/r.git":                   {kind: "git", url: "https://github.com/o/r.git"},
		"github.com/o/r/sub":                   {kind: "git", url: "https://github.com/o/r.git"},
		"git::file:///srv/r":                   {kind: "git", url: "file:///srv/r"},
		"hashicorp/consul/aws":                 {kind: "registry"},
		"app.terraform.io/o/k8s/azurerm//sub":  {kind: "registry"},
		"localhost.localdomain:443/a/b/c":      {kind: "registry"},
		"https://h/x.zip":                      {kind: "other"},
		"s3::https://s3.amazonaws.com/b/x.zip": {kind: "other"},
		"":                                     {kind: "other"},
	} {
		if got := readAddress(source, "~> 1"); got != want {
			t.Errorf("%q: %+v, want %+v", source, got, want)
		}
	}
	for constraint, want := range map[string]bool{"1.2.3": true, "= 1.2.3": true, "": false, "~> 1.2": false, ">= 1, < 2": false} {
		if readAddress("a/b/c", constraint).pin != want {
			t.Error(constraint)
		}
	}
}

func TestEngineFiles(t *testing.T) {
	t.Parallel()
	var entries []Entry
	for _, name := range []string{"a.tf", "a.tofu", "b.tf.json", "c_override.tf", "c.tf", "d.tofu.json", "d.tf.json", "override.tofu", "x.y_override.tf", "z.txt", ".e.tf", "f.tf~"} {
		entries = append(entries, Entry{Name: name})
	}
	for engine, want := range map[string]string{
		"terraform": "a.tf b.tf.json c.tf d.tf.json c_override.tf x.y_override.tf",
		"tofu":      "a.tofu b.tf.json c.tf d.tofu.json c_override.tf override.tofu x.y_override.tf",
	} {
		if got := strings.Join(engineFiles(entries, engine), " "); got != want {
			t.Errorf("%s: %s, want %s", engine, got, want)
		}
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	v := newView(NewMapTree(map[string]string{"main.tf": "terraform {\n backend \"s3\" {}\n}\n" + callTF("m", "./a"),
		"x_override.tf": "terraform {\n backend \"local\" {}\n}\n" + callTF("m", "./b")}))
	m := v.module(".", "terraform")
	if m.backend.kind != "local" || m.backend.file != "x_override.tf" || len(m.calls) != 1 || m.calls[0].source != "./b" {
		t.Errorf("%+v", m)
	}
}

func FuzzSourceFile(f *testing.F) {
	f.Add([]byte(rootTF+callTF("m", "./m")), false)
	f.Add([]byte("terraform {\n backend \"s3\" { key = \"${x}\" }\n required_providers { a = { source = \"b\" } }\n}"), false)
	f.Add([]byte(`{"module":{"m":{"source":"./m"}},"locals":{"x":"${file(\"${path.module}/x\")}"}}`), true)
	f.Add([]byte("locals { x = fileset(path.module, \"*\") }\nresource \"a\" \"b\" { x = \"${path.module}/${y}\" }"), false)
	f.Fuzz(func(t *testing.T, src []byte, json bool) {
		name := "main.tf"
		if json {
			name += ".json"
		}
		set, err := Resolve(Source{Repository: Repository{Name: "r"}, Tree: NewMapTree(map[string]string{"a/" + name: string(src), "a/.terraform.lock.hcl": ""})})
		if err != nil || len(set.Workspaces) != 1 {
			t.Fatal(err)
		}
		if _, err := NewDigester(nil, nil).Digest(t.Context(), set, set.Workspaces[0]); err != nil {
			t.Fatal(err)
		}
	})
}
