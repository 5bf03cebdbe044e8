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
		"helper modules of tests": {map[string]string{
			"main.tf": resource, "tests/setup/main.tf": resource, "tests/a.tftest.hcl": "run \"setup\" {\n module {\n source = \"./tests/setup\"\n }\n}\nrun \"itself\" {\n module {\n source = \"./\"\n }\n}\n",
			"app/main.tf": resource, "app/b.tofutest.hcl": "run \"x\" {\n module {\n source = \"./prepare\"\n }\n}\n}}", "app/prepare/main.tf": resource, "prepare/main.tf": resource,
			"json/main.tf": resource, "json/c.tftest.json": `{"run":{"x":{"module":{"source":"./fake"}}}}`, "json/fake/main.tf": resource, "json/d.tftest.hcl": "}",
		}, ". app json prepare", "tests/setup: helper module of tests: called by tests/a.tftest.hcl"},
		"partial backend of a module": {map[string]string{
			"modules/a/main.tf": backend + "variable \"v\" {}\n", "modules/b/main.tf": backend, "modules/c/main.tf": backend + "variable \"v\" {}\n", "modules/c/x.tfvars": "v=1",
			"modules/d/main.tf": "terraform {\n backend \"s3\" {\n key = \"x\"\n }\n}\nvariable \"v\" {}\n", "live/main.tf": backend + "variable \"v\" {}\n",
		}, "live modules/b modules/c modules/d", "modules/a: shared module: it is in"},
		"terragrunt": {map[string]string{"live/a/terragrunt.hcl": "", "b/terragrunt.hcl": "", "b/main.tf": backend, "c/main.tf": resource}, "c", "b: Terragrunt is not supported"},
		"values elsewhere": {map[string]string{"a/main.tf": resource + "variable \"v\" {}\n", "a/envs/dev.tfvars": "", "a/envs/prod/terraform.tfvars": "", "a/sub/main.tf": resource, "a/sub/x.tfvars": ""},
			"a/sub", "a: workspace \"dev\" {\\n  dir       = \"a\"\\n  var_files = [\"envs/dev.tfvars\"]\\n}\\nworkspace \"prod\" {"},
		"nothing to manage":   {map[string]string{"a/main.tf": "locals {}\n"}, "", "a: nothing to manage"},
		"broken":              {map[string]string{"a/main.tf": "resource \"x\" {{{", "b/main.tf": resource}, "a b", "a: cannot be read"},
		"broken caller":       {map[string]string{"a/main.tf": backend + call("../b") + "}}}", "b/main.tf": resource}, "a", "b: called by a"},
		"json":                {map[string]string{"a/main.tf.json": `{"terraform":{"backend":{"s3":{}}},"module":{"m":{"source":"../b"}}}`, "b/main.tf.json": `{"resource":{"terraform_data":{"x":{}}}}`}, "a", "b: called by a"},
		"tofu":                {map[string]string{"a/main.tofu": resource}, "a", ""},
		"hidden and vendored": {map[string]string{".terraform/modules/x/main.tf": resource, "a/.terraform/x/main.tf": backend, "node_modules/x/main.tf": backend, "readme": ""}, "", ""},
		"editor's files":      {map[string]string{"a/.#main.tf": resource, "a/main.tf~": resource}, "", ""},
		"odd names":           {map[string]string{"a b/ü@\n/main.tf": resource}, "a b/ü@\n", ""},
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
			return strings.Contains(d.Reason, strings.ReplaceAll(reason, `\n`, "\n"))
		}
	}
	return false
}

func TestFragmentsAreNoWorkspaces(t *testing.T) {
	t.Parallel()
	const backend = "terraform {\n  backend \"s3\" {}\n}\n"
	set := resolve(t, NewMapTree(map[string]string{
		"shared/backend.tf": backend, "shared/providers.tf": "provider \"aws\" {}\n", "a/main.tf": resourceTF, "b/main.tf": resourceTF,
		"half/backend.tf": backend, "half/other.tf": "locals {}\n", "managing/main.tf": backend + resourceTF,
	},
		MapFile{"a/backend.tf", Symlink, "../shared/backend.tf"}, MapFile{"b/backend.tf", Symlink, "../shared/backend.tf"}, MapFile{"b/p.tf", Symlink, "../shared/providers.tf"},
		MapFile{"b/half.tf", Symlink, "../half/backend.tf"}, MapFile{"b/m.tf", Symlink, "../managing/main.tf"}, MapFile{"half/self.tf", Symlink, "other.tf"}, MapFile{"a/gone.txt", Symlink, "../gone"},
	))
	if got := ids(set.Workspaces); got != "a b half managing" {
		t.Errorf("%s: %+v", got, set.Directories)
	}
	if !explains(set, "shared", "shared fragment: it manages nothing, and its files are linked from a, b") {
		t.Errorf("%+v", set.Directories)
	}
}

func TestTerragruntIsExplained(t *testing.T) {
	t.Parallel()
	set := resolve(t, NewMapTree(map[string]string{"live/a/terragrunt.hcl": "", "live/b/terragrunt.hcl": ""}))
	contains(t, FormatDiagnostics(set.Sources, set.Diagnostics, 0, false), "Warning: Terragrunt is not supported", "live/a/terragrunt.hcl", "live/b/terragrunt.hcl")
	if set.Diagnostics.HasErrors() {
		t.Error(set.Diagnostics)
	}
}

func TestARootWithoutValuesIsToldWhichBlocksToWrite(t *testing.T) {
	t.Parallel()
	const variable = rootTF + "variable \"v\" {}\n"
	provider := variable + "provider \"aws\" {}\n"
	files := map[string]string{
		"a/main.tf": provider, "a/envs/dev.tfvars": "", "b/main.tf": variable, "b/prod.tfvars": "", "c/main.tf": provider, "c/envs/x.tfvars": "", "c/terraform.tfvars": "v=1",
		"d/main.tf": provider, "d/envs/x.tfvars": "", "e/main.tf": provider, "f/main.tf": provider, "f/x.tfvars": "", "g/main.tf": provider, "g/x.tfvars": "",
		"driftless.hcl": "workspace \"d\" {}\nworkspace \"f\" {\n  variables = { v = 1 }\n}\ndefaults {\n  dirs      = [\"g\"]\n  variables = { v = 1 }\n}\n",
	}
	set := resolve(t, NewMapTree(files))
	for _, w := range set.Workspaces {
		switch w.Dir {
		case "a":
			contains(t, problems(w), "no values (v)", "workspace \"dev\" {\n  dir       = \"a\"\n  var_files = [\"envs/dev.tfvars\"]\n}\n")
		case "b":
			contains(t, problems(w), "workspace \"prod\" {\n  dir       = \"b\"\n  var_files = [\"prod.tfvars\"]\n}\n")
		default:
			if len(w.Problems) > 0 {
				t.Errorf("%s: %s", w.ID, problems(w))
			}
		}
	}
	_, pasted, _ := strings.Cut(problems(set.Workspace("infra//b")), ":\n")
	if set := resolve(t, NewMapTree(with(files, map[string]string{"driftless.hcl": pasted}))); set.Workspace("infra//b@prod") == nil || len(set.Workspace("infra//b@prod").Problems) > 0 {
		t.Errorf("pasted %s: %s", pasted, ids(set.Workspaces))
	}
}
