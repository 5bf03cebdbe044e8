package planner

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const stateConfiguration = `
variable "pw" {
  sensitive = true
  default   = "hunter2222"
}
resource "terraform_data" "a" {
  for_each = toset(["x \"y", "z"])
  input    = { p = var.pw, open = "seen", l = [1, var.pw], s = "it is ${nonsensitive(var.pw)}" }
}
resource "terraform_data" "b" {
  count = 2
  input = count.index
}
module "m" {
  source = "./m"
  count  = 1
  pw     = var.pw
}
output "pw" {
  value     = var.pw
  sensitive = true
}
output "o" {
  value = { a = 1 }
}
`

// TestState reads what each engine writes, and lists what it lists.
func TestState(t *testing.T) {
	t.Parallel()
	found := false
	for _, engine := range []string{"terraform", "tofu"} {
		path, err := exec.LookPath(engine)
		if err != nil {
			continue
		}
		found = true
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write := func(name, text string) {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("main.tf", stateConfiguration)
			write("m/main.tf", "variable \"pw\" {}\ndata \"terraform_remote_state\" \"self\" {\n  backend = \"local\"\n  config  = { path = \"other\" }\n  defaults = { pw = var.pw }\n}\n")
			write("m/other", "")
			write("other", `{"version":4,"serial":1,"lineage":"l","outputs":{"x":{"value":"y","type":"string"}},"resources":[]}`)
			do := func(args ...string) string {
				cmd := exec.CommandContext(t.Context(), path, args...)
				cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "CHECKPOINT_DISABLE=1"}
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %v\n%s", args, err, out)
				}
				return string(out)
			}
			do("init", "-no-color")
			do("apply", "-no-color", "-auto-approve")
			file, err := os.ReadFile(filepath.Join(dir, "terraform.tfstate"))
			if err != nil {
				t.Fatal(err)
			}
			s, err := ParseState(file, false)
			if err != nil {
				t.Fatal(err)
			}
			var listed []string
			for _, r := range s.Resources {
				listed = append(listed, r.Address)
			}
			want := strings.Fields(strings.ReplaceAll(do("state", "list"), " ", "_"))
			if got := strings.Fields(strings.ReplaceAll(strings.Join(sorted(listed), "\n"), " ", "_")); fmt.Sprint(got) != fmt.Sprint(sorted(want)) {
				t.Errorf("listed\n%q, not\n%q", got, want)
			}
			shown, err := json.Marshal(s)
			if err != nil || strings.Contains(string(shown), "hunter2222") || strings.Count(string(shown), "seen") != 4 {
				t.Errorf("%v %s", err, shown)
			}
			one := s.Resource(`terraform_data.a["x \"y"]`)
			if len(one) != 1 || fmt.Sprint(one[0].Values["input"].(map[string]any)["value"]) != "map[l:[1 (sensitive value)] open:seen p:(sensitive value) s:it is ***]" {
				t.Errorf("%v", one)
			}
			if v := s.Outputs["pw"]; v.Value != "(sensitive value)" || !v.Sensitive || s.Serial == 0 || s.Lineage == "" || s.Engine == "" {
				t.Errorf("%+v", s)
			}
			if open, err := ParseState(file, true); err != nil || open.Outputs["pw"].Value != "hunter2222" {
				t.Errorf("%v %+v", err, open)
			}
		})
	}
	if !found {
		t.Skip("neither terraform nor tofu is on PATH")
	}
}

// TestStateHidesWhatItCannotFollow: a mark that leads nowhere known hides what it stands at.
func TestStateHidesWhatItCannotFollow(t *testing.T) {
	t.Parallel()
	state := func(attributes, marks string) []byte {
		return []byte(`{"version":4,"serial":1,"lineage":"l","resources":[{"mode":"data","type":"t","name":"n","module":"module.m","instances":[{"deposed":"d","status":"tainted","attributes":` + attributes + `,"sensitive_attributes":` + marks + `}]}]}`)
	}
	for _, c := range []struct{ attributes, marks, want string }{
		{`{"a":"open","b":1}`, `[]`, `{"a":"open","b":1}`},
		{`{"a":"open","b":1}`, `null`, `{"a":"open","b":1}`},
		{`{"a":"open","b":1}`, `"what"`, `{"a":"(sensitive value)","b":"(sensitive value)"}`},
		{`{"a":"open","b":1}`, `[[{"type":"get_attr","value":"c"}]]`, `{"a":"(sensitive value)","b":"(sensitive value)"}`},
		{`{"a":"open","b":123456789012345678901234}`, `[[{"type":"get_attr","value":"a"}]]`, `{"a":"(sensitive value)","b":123456789012345678901234}`},
		{`{"a":["x","y"],"b":1}`, `[[{"type":"get_attr","value":"a"},{"type":"index","value":{"value":{"k":1},"type":"object"}}]]`, `{"a":"(sensitive value)","b":1}`},
		{`{"a":["x","y"],"b":1}`, `[[{"type":"get_attr","value":"a"},{"type":"index","value":{"value":7,"type":"number"}}]]`, `{"a":"(sensitive value)","b":1}`},
		{`{"a":["x","y"],"b":1}`, `[[{"type":"get_attr","value":"a"},{"type":"index","value":{"value":1,"type":"number"}}]]`, `{"a":["x","(sensitive value)"],"b":1}`},
		{`{"a":{"k":"x"},"b":null}`, `[[{"type":"get_attr","value":"a"},{"type":"index","value":{"value":"k","type":"string"}}],[{"type":"get_attr","value":"b"}]]`, `{"a":{"k":"(sensitive value)"},"b":null}`},
	} {
		s, err := ParseState(state(c.attributes, c.marks), false)
		if err != nil || len(s.Resources) != 1 {
			t.Errorf("%s: %v %+v", c.marks, err, s)
			continue
		}
		r := s.Resources[0]
		if got, _ := json.Marshal(r.Values); string(got) != c.want || r.Address != "module.m.data.t.n" || r.Deposed != "d" || !r.Tainted {
			t.Errorf("%s: %s, not %s (%+v)", c.marks, got, c.want, r)
		}
	}
	if s, err := ParseState([]byte(`{"serial":3,"lineage":"l","encrypted_data":"xyz"}`), false); err != nil || !s.Encrypted || s.Serial != 3 {
		t.Errorf("%v %+v", err, s)
	}
	if _, err := ParseState([]byte(`{"version":3}`), false); err == nil || !strings.Contains(err.Error(), "version 3") {
		t.Error(err)
	}
}

func FuzzParseState(f *testing.F) {
	f.Add([]byte(`{"version":4,"outputs":{"o":{"value":["s3cret-1"],"sensitive":true}},"resources":[{"type":"t","instances":[{"index_key":0,"attributes":{"a":{"value":{"b":["s3cret-2"]},"type":"x"}},"sensitive_attributes":[[{"type":"get_attr","value":"a"},{"type":"get_attr","value":"b"},{"type":"index","value":{"value":0,"type":"number"}}]]}]}]}`))
	f.Add([]byte(`{"version":4,"resources":[{"instances":[{"attributes":null,"sensitive_attributes":[[]]},{"attributes":{"a":1},"sensitive_attributes":[[{"type":"index"}]]}]}]}`))
	f.Add(fixture(f, "checks.state"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if s, err := ParseState(file, false); err == nil {
			checkChecks(t, s.Checks)
			if _, err := json.Marshal(s); err != nil {
				t.Error(err)
			}
		}
	})
}

func sorted(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	return all
}
