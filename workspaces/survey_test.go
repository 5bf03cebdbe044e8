package workspaces

import (
	"strings"
	"testing"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	const resource = "resource \"terraform_data\" \"x\" {}\n"
	const backend = "terraform {\n backend \"s3\" {}\n}\n"
	const provider = "provider \"aws\" {}\n"
	call := func(source string) string { return "module \"m\" {\n source = \"" + source + "\"\n}\n" }
	for name, c := range map[string]struct {
		files map[string]string
		want  string // workspaces
		why   string // "dir: part of the reason", lines
	}{
		"a first main.tf": {map[string]string{"main.tf": resource}, ".", ".: needs no values"},
		"monorepo": {map[string]string{
			"live/prod/main.tf": backend + call("../../modules/vpc"), "live/dev/main.tf": backend + call("../../modules/vpc"),
			"modules/vpc/main.tf": resource + call("../subnet"), "modules/subnet/main.tf": resource, "modules/unused/main.tf": provider + resource,
		}, "live/dev live/prod", "modules/vpc: called by live/dev, live/prod\nmodules/unused: named \"modules\"\nlive/dev: backend \"s3\" (live/dev/main.tf:2)"},
		"module repository": {map[string]string{
			"main.tf": resource, "variables.tf": "variable \"name\" { default = null }\n", "modules/sub/main.tf": resource,
			"examples/complete/main.tf": provider + call("../.."), "wrappers/main.tf": call("../"), "test/fixture/main.tf": provider + call("../../"),
		}, "", ".: shared module: called by\nexamples/complete: example or test of the module .\nwrappers: example"},
		"an environment called test": {map[string]string{"envs/test/main.tf": provider + resource, "test/app/main.tf": resource}, "envs/test test/app", ""},
		"called root with a backend": {map[string]string{"app/main.tf": backend, "all/main.tf": provider + call("../app")}, "all app", ""},
		"lock file":                  {map[string]string{"modules/x/main.tf": resource, "modules/x/.terraform.lock.hcl": ""}, "modules/x", "modules/x: lock file"},
		"variable values":            {map[string]string{"a/main.tf": resource + "variable \"v\" {}\n", "a/prod.tfvars": "v=1"}, "a", ""},
		"values missing":             {map[string]string{"a/main.tf": resource + "variable \"v\" {}\n"}, "", "a: no values (v)"},
		"nothing to manage":          {map[string]string{"a/main.tf": "locals {}\n"}, "", "a: nothing to manage"},
		"broken":                     {map[string]string{"a/main.tf": "resource \"x\" {{{", "b/main.tf": resource}, "a b", "a: cannot be read"},
		"broken caller":              {map[string]string{"a/main.tf": backend + call("../b") + "}}}", "b/main.tf": resource}, "a", "b: called by a"},
		"json":                       {map[string]string{"a/main.tf.json": `{"terraform":{"backend":{"s3":{}}},"module":{"m":{"source":"../b"}}}`, "b/main.tf.json": `{"resource":{"terraform_data":{"x":{}}}}`}, "a", "b: called by a"},
		"tofu":                       {map[string]string{"a/main.tofu": resource}, "a", ""},
		"hidden and vendored":        {map[string]string{".terraform/modules/x/main.tf": resource, "a/.terraform/x/main.tf": backend, "node_modules/x/main.tf": backend, "readme": ""}, "", ""},
		"editor's files":             {map[string]string{"a/.#main.tf": resource, "a/main.tf~": resource}, "", ""},
		"odd names":                  {map[string]string{"a b/ü@\n/main.tf": resource}, "a b/ü@\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := resolve(t, NewMapTree(c.files))
			if got := ids(set.Workspaces); got != c.want {
				t.Errorf("workspaces %q, want %q: %+v", got, c.want, set.Directories)
			}
			for line := range strings.Lines(c.why) {
				dir, reason, _ := strings.Cut(strings.TrimSpace(line), ": ")
				if !explains(set, dir, reason) {
					t.Errorf("%s: no %q: %+v", dir, reason, set.Directories)
				}
			}
		})
	}
}

func explains(set *Set, dir, reason string) bool {
	for _, d := range set.Directories {
		if d.Path == dir {
			return strings.Contains(d.Reason, reason)
		}
	}
	return false
}
