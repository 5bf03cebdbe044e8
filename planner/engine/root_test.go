package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/driftlessops/driftless/planner/mask"
)

func TestPlanShowApply(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		g := newRig(t, e, map[string]string{"main.tf": `
terraform {
  backend "local" {}
}
variable "size" { type = number }
variable "list" { type = list(string) }
resource "terraform_data" "x" { input = "${var.size}-${join("+", var.list)}" }
`, "more.tfvars": `list = ["a", "b"]`})
		state := filepath.Join(t.TempDir(), "a ${state}.tfstate")
		g.opts.BackendConfig = map[string]string{"path": state}
		g.opts.Variables = map[string]string{"size": "3"}
		g.opts.VarFiles = []string{"more.tfvars"}
		g.opts.Parallelism = 2
		r := g.open()
		g.plan(r)
		var plan struct {
			Changes []struct {
				Change struct{ After struct{ Input string } }
			} `json:"resource_changes"`
		}
		if err := json.Unmarshal([]byte(g.show(r)), &plan); err != nil || len(plan.Changes) != 1 || plan.Changes[0].Change.After.Input != "3-a+b" {
			t.Fatalf("plan %+v, %v", plan, err)
		}
		g.apply(r)
		if _, err := os.Stat(state); err != nil {
			t.Error(err)
		}
		var types []string
		for _, p := range g.events {
			types = append(types, fmt.Sprint(p.Phase, " ", p.Type, " ", p.Action, " ", p.Address))
		}
		for _, want := range []string{"plan planned_change create terraform_data.x", "apply apply_start create terraform_data.x", "apply apply_complete create terraform_data.x"} {
			if !strings.Contains(strings.Join(types, "\n"), want) {
				t.Errorf("no progress %q in\n%s", want, strings.Join(types, "\n"))
			}
		}
		if !strings.Contains(g.text(), "Plan: 1 to add, 0 to change, 0 to destroy.") {
			t.Errorf("log: %s", g.text())
		}
		if _, err := os.Lstat(filepath.Join(g.opts.Dir, "errored.tfstate")); err == nil {
			t.Error("there is an errored.tfstate")
		}
		err := g.applied(t.Context(), r)
		if failed := mustFail(t, err); !failed.Stale {
			t.Errorf("not stale: %s", report(err))
		}
		g.opts.Variables["size"] = "4"
		r = g.open()
		if err := r.Plan(t.Context(), PlanOptions{Out: g.planFile(), Destroy: true}); err != nil {
			t.Fatal(report(err))
		}
		if !strings.Contains(g.show(r), `"delete"`) {
			t.Error("destroy plan deletes nothing")
		}
	})
}

func TestInitIsSkippedOnlyWhenNothingChanged(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		g := newRig(t, e, map[string]string{"main.tf": "terraform {\n backend \"local\" {}\n}\n"})
		stateDir := t.TempDir()
		g.opts.BackendConfig = map[string]string{"path": filepath.Join(stateDir, "one")}
		steps := []struct {
			name string
			do   func() error
			want int
		}{
			{"first plan", func() error { g.plan(g.open()); return nil }, 1},
			{"same key", func() error { g.plan(g.open()); return nil }, 1},
			{"forced", func() error { _, err := g.open().init(t.Context(), true); return err }, 2},
			{"not forced", func() error { _, err := g.open().init(t.Context(), false); return err }, 2},
			{"other backend", func() error {
				g.opts.BackendConfig = map[string]string{"path": filepath.Join(stateDir, "two")}
				g.plan(g.open())
				return nil
			}, 3},
			{"other key", func() error { g.opts.InitKey = "other"; g.plan(g.open()); return nil }, 4},
			{"no key", func() error { g.opts.InitKey = ""; g.plan(g.open()); g.plan(g.open()); return nil }, 6},
		}
		for _, s := range steps {
			if err := s.do(); err != nil {
				t.Fatalf("%s: %s", s.name, report(err))
			}
			if g.inits() != s.want {
				t.Fatalf("%s: %d inits, want %d\n%s", s.name, g.inits(), s.want, g.text())
			}
		}
		record, err := os.ReadFile(filepath.Join(g.opts.DataDir, "terraform.tfstate"))
		if err != nil || !strings.Contains(string(record), filepath.Join(stateDir, "two")) {
			t.Errorf("backend is %s, %v", record, err)
		}
	})
}

func TestPlanInitsAgainWhenTheEngineAsks(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		g := newRig(t, e, map[string]string{"main.tf": `module "a" { source = "./a" }`, "a/main.tf": "", "b/main.tf": ""})
		g.plan(g.open())
		for i, main := range []string{
			`module "b" { source = "./b" }`, // Module not installed
			`module "b" { source = "./a" }`, // Module source has changed
			fmt.Sprintf("terraform {\n backend \"local\" {\n path = %q\n}\n}\n", filepath.Join(t.TempDir(), "s")), // Backend initialization required
		} {
			write(t, g.opts.Dir, map[string]string{"main.tf": main})
			g.plan(g.open())
			if g.inits() != i+2 {
				t.Fatalf("%s: %d inits\n%s", main, g.inits(), g.text())
			}
		}
	})
}

func TestConcurrentPlansOfOneCheckoutWriteNothingIntoIt(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		g := newRig(t, e, map[string]string{
			"main.tf":   "terraform {\n backend \"local\" {}\n}\nmodule \"a\" { source = \"./a\" }\nresource \"terraform_data\" \"x\" {}\n",
			"a/a.tf":    `variable "x" { default = 1 }`,
			"j.tf.json": `{"output":{"o":{"value":1}}}`,
		})
		before := listing(t, g.opts.Dir)
		for _, dir := range []string{filepath.Join(g.opts.Dir, "a"), g.opts.Dir} {
			if err := os.Chmod(dir, 0o555); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
		}
		var wg sync.WaitGroup
		for range 6 {
			opts, base := g.opts, t.TempDir()
			opts.DataDir, opts.TempDir = filepath.Join(base, "data"), filepath.Join(base, "tmp")
			opts.BackendConfig = map[string]string{"path": filepath.Join(base, "state")}
			wg.Go(func() {
				r, err := Open(opts)
				if err == nil {
					err = r.Plan(t.Context(), PlanOptions{Out: filepath.Join(base, "plan")})
				}
				if err == nil {
					_, err = r.Show(t.Context(), filepath.Join(base, "plan"))
				}
				if err != nil {
					t.Error(report(err))
				}
			})
		}
		wg.Wait()
		if after := listing(t, g.opts.Dir); after != before {
			t.Errorf("the checkout was\n%s\nand is\n%s", before, after)
		}
	})
}

// listing is every path below dir and when it changed.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil {
			fmt.Fprintln(&b, path, info.Size(), info.ModTime())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestVariablesOfTheEnvironment(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		g := newRig(t, e, map[string]string{
			"main.tf": `
variable "text" { type = string }
variable "list" { type = list(number) }
variable "weak" { type = string }
resource "terraform_data" "x" { input = "${var.text}|${var.list[1]}|${var.weak}" }`,
			"terraform.tfvars": `weak = "from the file"`,
		})
		g.opts.Env = map[string]string{"TF_VAR_text": `["not", a list]`, "TF_VAR_list": "[1, 22]", "TF_VAR_weak": "from the environment"}
		r := g.open()
		g.plan(r)
		if got := g.show(r); !strings.Contains(got, `[\"not\", a list]|22|from the file`) {
			t.Error(got)
		}
	})
}

func TestWorkspaceIsMadeAndSelected(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		g := newRig(t, e, map[string]string{"main.tf": "terraform {\n backend \"local\" {}\n}\nresource \"terraform_data\" \"x\" { input = terraform.workspace }\n"})
		g.opts.BackendConfig = map[string]string{"workspace_dir": t.TempDir()}
		for _, name := range []string{"blue", "green", "blue"} {
			g.opts.TerraformWorkspace = name
			r := g.open()
			g.plan(r)
			if got := g.show(r); !strings.Contains(got, `"input":"`+name+`"`) {
				t.Errorf("%s: %s", name, got)
			}
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := RootOptions{Engine: Engine{Terraform, "1.11.4", "/bin/true"}, Dir: dir, DataDir: dir + "/d", TempDir: dir + "/t", Mask: &mask.Masker{}}
	if _, err := Open(good); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*RootOptions){
		"DataDir \"d\" is not an absolute path":          func(o *RootOptions) { o.DataDir = "d" },
		"Engine.Path \"\" is not an absolute path":       func(o *RootOptions) { o.Engine.Path = "" },
		`backend_config: "a b" is not the name`:          func(o *RootOptions) { o.BackendConfig = map[string]string{"a b": ""} },
		"no such file or directory":                      func(o *RootOptions) { o.Dir = dir + "/none" },
		"TF_DATA_DIR cannot be set":                      func(o *RootOptions) { o.Env = map[string]string{"TF_DATA_DIR": "x"} },
		"TF_CLI_ARGS_plan cannot be set":                 func(o *RootOptions) { o.Env = map[string]string{"TF_CLI_ARGS_plan": "x"} },
		"the value of A holds a NUL byte":                func(o *RootOptions) { o.Env = map[string]string{"A": "\x00"} },
		`"A=B" is not the name of an environment variab`: func(o *RootOptions) { o.Env = map[string]string{"A=B": ""} },
	} {
		opts := good
		change(&opts)
		if _, err := Open(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// OpenTofu lets backends and module sources use variables, so that every command needs their values.
func TestVariablesInABackend(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		if e.Kind != OpenTofu {
			t.Skip("only OpenTofu has it")
		}
		g := newRig(t, e, map[string]string{"main.tf": `
variable "state" { type = string }
variable "which" { type = string }
terraform {
  backend "local" { path = var.state }
}
module "m" { source = "./${var.which}" }
resource "terraform_data" "x" {}`, "a/a.tf": "", "v.tfvars": `which = "a"`})
		g.opts.Variables = map[string]string{"state": filepath.Join(t.TempDir(), "state")}
		g.opts.VarFiles = []string{"v.tfvars"}
		g.opts.TerraformWorkspace = "blue"
		r := g.open()
		g.plan(r)
		g.show(r)
		g.apply(r)
	})
}
