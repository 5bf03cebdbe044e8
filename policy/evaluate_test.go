package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const plan = `{
  "format_version": "1.2", "terraform_version": "1.11.4",
  "resource_changes": [
    {"address": "aws_s3_bucket.logs", "type": "aws_s3_bucket", "name": "logs", "change": {"actions": ["create"], "before": null, "after": {"acl": "public-read", "tags": {"env": "dev"}}}},
    {"address": "module.net[\"a b\"].aws_security_group_rule.in[0]", "type": "aws_security_group_rule", "name": "in", "change": {"actions": ["delete"], "before": {"cidr": "0.0.0.0/0"}, "after": null}}
  ],
  "planned_values": {"root_module": {}}, "configuration": {}
}`

// judged evaluates one Rego text on the plan.
func judged(t *testing.T, rego string, more ...File) Verdict {
	t.Helper()
	files := append([]File{{Path: "p.rego", Data: []byte(rego)}}, more...)
	return Compile([]Source{{Name: "s", Files: files}}).Evaluate(context.Background(), Input{Plan: json.RawMessage(plan)})
}

// brief is a verdict in one line per result.
func brief(v Verdict) string {
	lines := []string{string(v.Status)}
	for _, r := range v.Results {
		line := fmt.Sprintf("%s %s: %s", r.Level, r.Policy, r.Message)
		if r.Resource != "" {
			line += " @ " + r.Resource
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestShapes(t *testing.T) {
	t.Parallel()
	const hint = "; give strings, or objects with a string msg (p.rego:2)"
	for _, tc := range []struct{ name, rule, want string }{
		{"v1 set", `deny contains "no" if true`, "deny\ndeny s/main: no"},
		{"v0 set", `deny[msg] { msg := "no" }`, "deny\ndeny s/main: no"},
		{"v0 with future keywords", "import future.keywords\ndeny contains msg if { msg := \"no\" }", "deny\ndeny s/main: no"},
		{"v0 old style violation", `violation[{"msg": msg, "details": {"resource": "aws_s3_bucket.logs"}}] { msg := "no" }`, "deny\nviolation s/main: no @ aws_s3_bucket.logs"},
		{"suffix", `warn_public_bucket contains "careful"`, "warn\nwarn s/main: careful"},
		{"another name", "denyall contains \"no\"\ndeny := false", "pass"},
		{"empty set", `deny contains "no" if false`, "pass"},
		{"empty message", `deny contains ""`, "pass"},
		{"string", `deny := "no"`, "deny\ndeny s/main: no"},
		{"empty string", `deny := ""`, "pass"},
		{"true", `deny if true`, "deny\ndeny s/main: rule deny of package main is true"},
		{"false", `deny := false`, "pass"},
		{"default", "default deny := false\ndeny if input.resource_changes", "deny\ndeny s/main: rule deny of package main is true"},
		{"undefined", `deny if false`, "pass"},
		{"array", `deny := ["a", {"msg": "b"}, ""]`, "deny\ndeny s/main: a\ndeny s/main: b"},
		{"nested", `deny := {["a", "b"]}`, "deny\ndeny s/main: a\ndeny s/main: b"},
		{"object", `deny := {"msg": "no", "resource": "aws_s3_bucket.x"}`, "deny\ndeny s/main: no @ aws_s3_bucket.x"},
		{"resource type", `deny := {"msg": "no", "resource": "aws_s3_bucket"}`, "deny\ndeny s/main: no"},
		{"empty object", `deny := {}`, "pass"},
		{"partial object", `deny["aws_s3_bucket.logs"] := "no"`, "deny\ndeny s/main: no @ aws_s3_bucket.logs"},
		{"partial object, other key", `deny["S3-1"] := "no"`, "deny\ndeny s/main: S3-1: no"},
		{"forgotten contains", `deny[msg] if { msg := "no" }`, "deny\ndeny s/main: no"},
		{"forgotten contains, object", `deny[{"msg": msg, "address": "aws_s3_bucket.x"}] if { msg := "no" }`, "deny\ndeny s/main: no @ aws_s3_bucket.x"},
		{"reference head", `deny.s3 contains "no"`, "deny\ndeny s/main: s3: no"},
		{"package in head", `s3.deny contains "no"`, "deny\ndeny s/main.s3: no"},
		{"number", `deny := 3`, "error\nerror s/main: rule deny of package main gives the number 3" + hint},
		{"null", `deny := null`, "error\nerror s/main: rule deny of package main gives null" + hint},
		{"number in set", `deny contains 1.5`, "error\nerror s/main: rule deny of package main gives the number 1.5" + hint},
		{"object without msg", `deny contains {"message": "x"}`, "error\nerror s/main: rule deny of package main gives an object without msg: [\"message\"]" + hint},
		{"empty object in set", `deny contains {}`, "error\nerror s/main: rule deny of package main gives an empty object" + hint},
		{"msg a number", `deny contains {"msg": 1}`, "error\nerror s/main: rule deny of package main gives an object whose msg is the number 1" + hint},
		{"address in message", `deny contains msg if { some r in input.resource_changes; msg := sprintf("'%s': bad", [r.address]) }`,
			"deny\ndeny s/main: 'aws_s3_bucket.logs': bad @ aws_s3_bucket.logs\n" +
				`deny s/main: 'module.net["a b"].aws_security_group_rule.in[0]': bad @ module.net["a b"].aws_security_group_rule.in[0]`},
		{"not an address", `deny contains "xaws_s3_bucket.logs and aws_s3_bucket.logs2 and module.x.aws_s3_bucket.logs"`,
			"deny\ndeny s/main: xaws_s3_bucket.logs and aws_s3_bucket.logs2 and module.x.aws_s3_bucket.logs"},
		{"exception", "deny_a contains \"no\"\nwarn_b contains \"careful\"\nexception contains [\"a\"]", "warn\nwarn s/main: careful"},
		{"exception of all", "deny contains \"no\"\nexception contains [\"\"]", "pass"},
		{"exception v0", "deny_a[msg] { msg := \"no\" }\nexception[rules] { rules = [\"a\"] }", "pass"},
		{"exception that does not apply", "deny_a contains \"no\"\nexception contains [\"a\"] if false", "deny\ndeny s/main: no"},
		{"conflict", "deny := \"a\" if true\ndeny := \"b\" if input.resource_changes",
			"error\nerror s/main: evaluate rule deny of package main: p.rego:3: eval_conflict_error: rule data.main.deny produced conflicting values:\n  \"a\" at p.rego:2\n  \"b\" at p.rego:3\n  3 | deny := \"b\" if input.resource_changes"},
		{"built-in error", `deny contains "no" if to_number("x") > 1`, "warn\nwarn s/main: p.rego:2: could not be computed and counts as undefined: to_number: strconv.ParseFloat: parsing \"x\": invalid syntax\n  2 | deny contains \"no\" if to_number(\"x\") > 1"},
		{"duplicates", "deny contains \"a\"\ndeny contains {\"msg\": \"a\"}", "deny\ndeny s/main: a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := brief(judged(t, "package main\n"+tc.rule)); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// A text that is wrong as Rego v1 must not become another, harmless policy as v0.
func TestWrongTextDoesNotPass(t *testing.T) {
	t.Parallel()
	for _, rego := range []string{
		"deny contains msg { msg := \"no\" }",
		"deny contains \"no\" { true }",
		"deny contain msg if { msg := \"no\" }",
		"deny contains msg if msg := \"no\"\nwarn[x] { x := 1 ",
		"deny if msg { msg := 1 }",
		"denied contains \"no\"",
		"Deny contains \"no\"",
		"default deny = false\ndeny { not input.resource_changes[0].type == \"x\"; }; deny[msg] { msg := 1 }",
	} {
		if v := judged(t, "package main\n"+rego); v.Status == Pass {
			t.Errorf("%s passes", rego)
		}
	}
}

func TestUnknownRoots(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, rego, want string }{
		{"misspelled", `deny contains "x" if input.resource_chnages[_]`, "p.rego:2: rule deny of package main reads input.resource_chnages, which a plan does not have; did you mean input.resource_changes?"},
		{"brackets", `warn contains "x" if input["resource_chnages"]`, "did you mean input.resource_changes?"},
		{"import", "import input.tfplan as tfplan\ndeny contains \"x\" if tfplan.resource_changes[_]", "input.tfplan, which a plan does not have; the plan is the input itself"},
		{"import input", "import input as plan\ndeny contains \"x\" if plan.resourcechanges", "did you mean input.resource_changes?"},
		{"local alias", `deny contains "x" if { p := input; q := p; q.planned_valuesss }`, "did you mean input.planned_values?"},
		{"rule alias", "plan := input\ndeny contains \"x\" if plan.resource_change[_]", "did you mean input.resource_changes?"},
		{"helper", "changes := input.resource_chnages\ndeny contains \"x\" if changes[_].type == \"a\"", "did you mean input.resource_changes?"},
		{"function", "f(x) if x == input.resource_chnages\ndeny contains \"x\" if f(1)", "did you mean input.resource_changes?"},
		{"comprehension", `deny contains "x" if count([r | r := input.resource_chnages[_]]) > 1`, "did you mean input.resource_changes?"},
		{"every", `deny contains "x" if not ok` + "\nok if { every r in input.resource_chnages { r } }", "did you mean input.resource_changes?"},
		{"else", "a := 1 if input.nothing else := 2 if input.resource_chnages\ndeny contains \"x\" if a == 3", "did you mean input.resource_changes?"},
		{"misspelled alternative", "r contains x if some x in input.resource_changes\nr contains x if some x in input.resource_drfit\ndeny contains \"x\" if count(r) > 9", "did you mean input.resource_drift?"},
		{"v0", `deny[msg] { input.kind == "Deployment"; msg = "x" }`, "input.kind, which a plan does not have; keep policies for other documents"},
		{"combined", `deny contains "x" if { some i; input[i].contents.resource_changes }`, "reads input[_].contents, which a plan does not have; nothing is combined here"},
		{"run", `deny contains "x" if input.run.is_destroy`, "input.driftless has workspace, run and change"},
		{"driftless", `deny contains "x" if input.driftless.workspce.name`, "input.driftless.workspce, which a plan does not have; did you mean input.driftless.workspace?"},
		{"default of a helper", "default changes := []\nchanges := input.resource_chnages\ndeny contains \"x\" if count(changes) > 0", "did you mean input.resource_changes?"},

		{"exception", "deny contains \"x\"\nexception contains [\"\"] if not input.tfplan", "rule exception of package main reads input.tfplan, which a plan does not have"},

		{"known and absent", `deny contains "x" if input.resource_drift[_]`, ""},
		{"driftless absent", `deny contains "x" if input.driftless.run.tracked`, ""},
		{"alternatives", "plan := input if input.resource_changes\nplan := input.plan if input.plan\ndeny contains \"x\" if plan.nothing_here == 1", "input.nothing_here"},
		{"portable helper", "changes := input.plan.resource_changes if input.plan else := input.resource_changes\ndeny contains \"x\" if count(changes) > 9", ""},
		{"explicit default", `deny contains "x" if object.get(input, "tfplan", false)`, ""},
		{"variable", `deny contains "x" if { some k; input[k] == 1 }`, ""},
		{"other input", "a if input.kind\ndeny contains \"x\" if a with input as {\"kind\": false}", ""},
		{"not reached", "a if input.kind\ndeny := false", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v := judged(t, "package main\n"+tc.rego)
			if tc.want == "" {
				if v.Status != Pass {
					t.Errorf("got %s", brief(v))
				}
				return
			}
			if v.Status != Error || !strings.Contains(brief(v), tc.want) {
				t.Errorf("got %s\nwant %s", brief(v), tc.want)
			}
		})
	}
}
