package workspaces

import (
	"strings"
	"testing"
)

// TestInputsThatAreNamed has changes of files that a plan may depend on, and some that it cannot depend on.
func TestInputsThatAreNamed(t *testing.T) {
	t.Parallel()
	locals := func(expression string) string { return rootTF + "locals {\n  x = " + expression + "\n}\n" }
	link := func(path, target string) []MapFile { return []MapFile{{path, Symlink, target}} }
	for name, c := range map[string]struct {
		root   string // a/main.tf
		files  map[string]string
		change string // the file that changes, or appears
		same   bool   // it does not count
		links  []MapFile
	}{
		"a relative path":                         {root: locals(`"../src"`), files: map[string]string{"src/x": "1"}, change: "src/x"},
		"a relative path of a file":               {root: locals(`"../src/x"`), files: map[string]string{"src/x": "1", "src/y": ""}, change: "src/x"},
		"beside a relative path":                  {root: locals(`"../src/x"`), files: map[string]string{"src/x": "1", "src/y": ""}, change: "src/y", same: true},
		"a relative path that appears":            {root: locals(`"../src/x"`), change: "src/x"},
		"the directory above":                     {root: locals(`".."`), change: "x"},
		"a relative path, partly computed":        {root: locals(`"../src/${var.x}/y"`), files: map[string]string{"src/x": "1"}, change: "src/x"},
		"a relative path that may mean anything":  {root: locals(`"../${var.x}"`), files: map[string]string{"src/x": "1"}, change: "src/x", same: true},
		"a relative path in a module":             {root: rootTF + callTF("m", "../m"), files: map[string]string{"m/main.tf": "locals {\n  x = \"./src\"\n}\n", "m/src/main.tf": ""}, change: "m/src/main.tf"},
		"a relative path in a module, from root":  {root: rootTF + callTF("m", "../m/n"), files: map[string]string{"m/n/main.tf": "locals {\n  x = \"../src\"\n}\n", "src/x": ""}, change: "src/x"},
		"a module's source is a call":             {root: rootTF + callTF("m", "../m"), files: map[string]string{"m/main.tf": "locals {}", "m/README.md": ""}, change: "m/README.md", same: true},
		"local value, then file":                  {root: locals(`"../conf/x.json"`) + "locals {\n  y = file(local.x)\n}\n", files: map[string]string{"conf/x.json": "1"}, change: "conf/x.json"},
		"subdirectory with engine files":          {root: locals(`yamldecode(file("${path.module}/${var.e}/c.yaml"))`), files: map[string]string{"a/dev/c.yaml": "1", "a/dev/main.tf": rootTF}, change: "a/dev/c.yaml"},
		"such a subdirectory's other files":       {root: locals(`yamldecode(file("${path.module}/${var.e}/c.yaml"))`), files: map[string]string{"a/dev/c.yaml": "1", "a/dev/main.tf": rootTF}, change: "a/dev/main.tf", same: true},
		"a subdirectory that may be meant":        {root: locals(`"${path.module}/${var.e}/manifests"`), files: map[string]string{"a/dev/manifests/x": "1", "a/dev/main.tf": rootTF}, change: "a/dev/manifests/x"},
		"a command line may mean anything":        {root: locals(`"${path.module}/${var.e}/x.sh -v"`), files: map[string]string{"a/dev/y": "1", "a/dev/main.tf": rootTF}, change: "a/dev/y"},
		"a way up":                                {root: locals(`file("${path.module}/${var.e}/../c")`), files: map[string]string{"a/dev/c": "1", "a/dev/main.tf": rootTF}, change: "a/dev/c"},
		"a subdirectory by a link":                {root: locals(`file("${path.module}/${var.e}/c.yaml")`), files: map[string]string{"real/c.yaml": "1"}, change: "real/c.yaml", links: link("a/dev", "../real")},
		"dotfile":                                 {root: locals(`file("${path.module}/.${var.e}.json")`), files: map[string]string{"a/.x.json": "1"}, change: "a/.x.json"},
		"Markdown":                                {root: locals(`templatefile("${path.module}/${var.e}.md", {})`), files: map[string]string{"a/x.md": "1"}, change: "a/x.md"},
		"Markdown in a subdirectory":              {root: locals(`templatefile("${path.module}/docs/${var.e}.md", {})`), files: map[string]string{"a/docs/x.md": "1"}, change: "a/docs/x.md"},
		"Markdown, when YAML is read":             {root: locals(`file("${path.module}/${var.e}.yaml")`), files: map[string]string{"a/x.md": "1"}, change: "a/x.md", same: true},
		"variable file of a module":               {root: rootTF + callTF("m", "../m"), files: map[string]string{"m/main.tf": locals(`file("${path.module}/${var.e}.tfvars")`), "m/x.tfvars": "1"}, change: "m/x.tfvars"},
		"anything below":                          {root: locals(`file("${path.module}/${var.e}")`), files: map[string]string{"a/dev/c": "1", "a/dev/main.tf": rootTF}, change: "a/dev/c"},
		"fileset by a computed pattern":           {root: locals(`fileset(path.module, var.e)`), files: map[string]string{"a/dev/c": "1", "a/dev/main.tf": rootTF}, change: "a/dev/c"},
		"fileset through a link":                  {root: locals(`fileset("${path.module}/../conf", "*/x.yaml")`), files: map[string]string{"conf/b/y": "", "real/z": "1"}, change: "real/x.yaml", links: link("conf/l", "../real")},
		"fileset through a link to itself":        {root: locals(`fileset("${path.module}/../conf", "*/*/x.yaml")`), files: map[string]string{"conf/x.yaml": ""}, change: "conf/x.yaml", links: link("conf/l", ".")},
		"fileset through two links to one":        {root: locals(`fileset("${path.module}/../conf", "b/x.yaml")`), files: map[string]string{"real/z": "1"}, change: "real/x.yaml", links: append(link("conf/a", "../real"), link("conf/b", "../real")...)},
		"template that reads a file":              {root: locals(`templatefile("${path.module}/../t/a.tpl", {})`), files: map[string]string{"t/a.tpl": `x ${file("../t/inc")} %{ if true }${templatefile("../t/b.tpl", {})}%{ endif }`, "t/b.tpl": `${filebase64("../t/inc2")}`, "t/inc": "1"}, change: "t/inc"},
		"template in a template":                  {root: locals(`templatefile("${path.module}/../t/a.tpl", {})`), files: map[string]string{"t/a.tpl": `${templatefile("../t/b.tpl", {})}`, "t/b.tpl": `${filebase64("../t/inc")}${templatefile("../t/a.tpl", {})}`, "t/inc": "1"}, change: "t/inc"},
		"for each file of a directory":            {root: locals(`[for f in fileset("../conf", "*.yaml") : file("../conf/${f}")]`), files: map[string]string{"conf/x.yaml": "1"}, change: "conf/x.yaml"},
		"a string that is no path":                {root: locals(`"x/../../src"`), files: map[string]string{"src/x": "1"}, change: "src/x", same: true},
		"a relative path that leaves, and no one": {root: locals(`"../../../src"`), files: map[string]string{"src/x": "1"}, change: "src/x", same: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := with(map[string]string{"a/main.tf": c.root}, c.files)
			old := resolve(t, NewMapTree(files, c.links...))
			now := resolve(t, NewMapTree(with(files, map[string]string{c.change: files[c.change] + "\n# 2\n"}), c.links...))
			d := NewDigester(nil, nil)
			was, err := d.Digest(t.Context(), old, old.Workspace("infra//a"))
			if err != nil {
				t.Fatal(err)
			}
			is, _ := d.Digest(t.Context(), now, now.Workspace("infra//a"))
			if (was.Sum == is.Sum) != c.same {
				t.Errorf("inputs %v, warnings %q", is.Inputs, is.Warnings)
			}
		})
	}
}

func TestInputsNamedInJSON(t *testing.T) {
	t.Parallel()
	files := map[string]string{"x": "1", "y": "1", "z/z": "1", "m/main.tf": "locals {}", "m/README.md": "", "a/main.tf.json": `{
  "terraform": {"required_version": ">= 1"},
  "locals": {"a": "${file(\"../x\")}"},
  "resource": {"terraform_data": {"x": {}}},
  "locals": [{"b": "1"}, {"c": ["../z", 1, null, true, {"${file(\"../y\")}": ""}]}],
  "module": {"m": {"source": "../m"}}
}`}
	base := resolve(t, NewMapTree(files))
	for change, counts := range map[string]bool{"x": true, "y": true, "z/z": true, "w": false, "m/README.md": false} {
		head := resolve(t, NewMapTree(with(files, map[string]string{change: "2"})))
		if got := effects(t, base, head); (got != "") != counts {
			t.Errorf("%s: %q", change, got)
		}
	}
}

func TestATemplatesComputedPathFloats(t *testing.T) {
	t.Parallel()
	d := digestOf(t, NewDigester(nil, nil), map[string]string{"a/main.tf": rootTF + "locals {\n  x = templatefile(\"t.tpl\", {})\n}\n", "a/t.tpl": "one\n${file(y)}\n"})
	contains(t, strings.Join(d.Warnings, "\n"), "a/main.tf:6 (template a/t.tpl:2): file() of a computed path")
}

// FuzzPaths looks for files that keep the search for paths busy, or end it.
func FuzzPaths(f *testing.F) {
	f.Add(`locals { a = "../${x}/b" }`, `{"locals":{"a":"${file(\"../x\")}"},"locals":["./y",{"..":1}]}`, `${file("../x")}%{ for x in y }${x}%{ endfor }`)
	f.Add(`module "m" { source = "../m" }`, `{"module":{"m":{"source":"../m"}}}`, `${templatefile("t.tpl", {})}`)
	f.Fuzz(func(t *testing.T, native, json, template string) {
		set, err := Resolve(Source{Repository: Repository{Name: "infra"}, Tree: NewMapTree(map[string]string{
			"a/main.tf": native, "a/x.tf.json": json, "a/y.tf": rootTF + "locals {\n  y = templatefile(\"t.tpl\", {})\n}\n", "a/t.tpl": template, "a/x.tftest.hcl": native, "a/b/main.tf": "",
			"driftless.hcl": "workspace \"a\" {}",
		})})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewDigester(nil, nil).Digest(t.Context(), set, set.Workspaces[0]); err != nil {
			t.Error(err)
		}
	})
}
