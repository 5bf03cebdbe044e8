package engine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// A value in the file is what it would be as an argument -var=NAME=VALUE.
func TestVariablesAreWhatArgumentsWouldBe(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		g := newRig(t, e, map[string]string{
			"main.tf": `
variable "untyped" {}
variable "text" { type = string }
variable "number" { type = number }
variable "bool" { type = bool }
variable "any" { type = any }
variable "list" { type = list(string) }
variable "object" {
  type = object({ a = string, b = optional(map(number)) })
}
variable "overridden" { default = "" }
resource "terraform_data" "x" {}`,
			"json.tf.json":     `{"variable": {"json": {"type": "string"}, "jsonlist": {"type": "list(string)"}}}`,
			"main_override.tf": "variable \"overridden\" {\n type = list(string)\n default = []\n}\nvariable \"list\" {\n description = \"without a type\"\n}\n",
			"weak.tfvars":      `text = "of the file"`,
		})
		variables := map[string]string{
			"untyped": "[\"${x}\", %{if}\n\\n", "text": "ü ${y} \"q\"\\ \t", "number": "1e3", "bool": "true",
			"any": `{ a = [1, "007"], "b c" = null }`, "list": "[\n \"$${z}\", # comment\n 1,\n]", "object": "{ a = \"x\", b = { \"k.v\" = 12345678901234567890.5 } } # end",
			"json": "[1]", "jsonlist": `["a"]`, "overridden": `["o"]`,
		}
		if e.Kind == OpenTofu {
			write(t, g.opts.Dir, map[string]string{"own.tf": `variable "own" { type = string }`, "own.tofu": `variable "own" { type = list(string) }`})
			variables["own"] = `["tofu"]`
		}
		values := func() string {
			t.Helper()
			var plan struct{ Variables json.RawMessage }
			if err := json.Unmarshal([]byte(g.show(g.open())), &plan); err != nil {
				t.Fatal(err)
			}
			return string(plan.Variables)
		}
		args := []string{"plan", "-json", "-input=false", "-out=" + g.planFile()}
		for _, name := range sortedKeys(variables) {
			args = append(args, "-var="+name+"="+variables[name])
		}
		r := g.open()
		if _, err := r.init(t.Context(), true); err != nil {
			t.Fatal(report(err))
		}
		if err := r.session.run(t.Context(), PhasePlan, nil, nil, args...); err != nil {
			t.Fatal(report(err))
		}
		want := values()
		g.opts.Variables, g.opts.VarFiles = variables, []string{"weak.tfvars"}
		g.plan(g.open())
		if got := values(); got != want || len(want) < 100 {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		path := filepath.Join(g.opts.TempDir, "variables.tfvars")
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	})
}

func TestVariablesThatDoNotFit(t *testing.T) {
	t.Parallel()
	g := newRig(t, fake(t, ""), map[string]string{"main.tf": `variable "list" { type = list(string) }`})
	g.opts.Mask.Add("hunter22")
	for text, want := range map[string]string{
		"hunter22 is it":       `the value of "list" is not an expression, as its type asks for`,
		"[]\nother = [1]":      `the value of "list" is not an expression`,
		"[])\nother = ([1]":    `the value of "list" is not an expression`,
		"[hunter22]":           `the value of "list" cannot be evaluated`,
		`[file("/etc/hosts")]`: `the value of "list" cannot be evaluated`,
	} {
		g.opts.Variables = map[string]string{"list": text}
		failed := mustFail(t, g.open().Plan(t.Context(), PlanOptions{Out: g.planFile()}))
		if !strings.Contains(failed.Error(), want) || strings.Contains(failed.Error(), "hunter22") {
			t.Errorf("%q: %v", text, failed)
		}
	}
	g.opts.Variables = map[string]string{"lists": "[]"}
	failed := mustFail(t, g.open().Plan(t.Context(), PlanOptions{Out: g.planFile()}))
	if !strings.Contains(failed.Error(), `declares no variable "lists"`) {
		t.Error(failed)
	}
	write(t, g.opts.Dir, map[string]string{"broken.tf": "variable {"})
	g.plan(g.open()) // the engine says what is wrong
}

func FuzzVariable(f *testing.F) {
	f.Add("main.tf", []byte("variable \"a\" {\n type = list(string)\n}\n"), "[1]")
	f.Add("x_override.tf.json", []byte(`{"variable":{"a":{"type":"any"}}}`), "{a=1}")
	f.Fuzz(func(t *testing.T, name string, config []byte, text string) {
		dir := t.TempDir()
		if filepath.Base(name) != name || os.WriteFile(filepath.Join(dir, name), config, 0o600) != nil {
			return
		}
		r := Root{opts: RootOptions{Dir: dir, TempDir: dir, Engine: Engine{Kind: OpenTofu}, Variables: map[string]string{"a": text}}}
		if _, err := r.varArgs(); err != nil {
			return
		}
		written, err := os.ReadFile(filepath.Join(dir, "variables.tfvars"))
		if err != nil {
			t.Fatal(err)
		}
		file, diags := hclsyntax.ParseConfig(written, "v", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatalf("%q: %v", written, diags)
		}
		if attrs, diags := file.Body.JustAttributes(); diags.HasErrors() || len(attrs) != 1 || attrs["a"] == nil {
			t.Errorf("%q sets %v, %v", written, attrs, diags)
		}
	})
}
