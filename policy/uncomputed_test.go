package policy

import (
	"strings"
	"testing"
)

func TestFailedCallsAreNotSilent(t *testing.T) {
	t.Parallel()
	const again = "package again\nimport data.lib\ndeny contains \"x\" if lib.size(\"4GB\") > 10"
	const lib = "package lib\nsize(s) := to_number(s)\nnumeric(s) if is_number(to_number(s))"
	for _, tc := range []struct{ name, rego, want string }{
		{"wrong text", `deny contains "x" if to_number("999GB") > 10`, `warn s/main: p.rego:2: could not be computed and counts as undefined: to_number: strconv.ParseFloat: parsing "999GB": invalid syntax`},
		{"null", `deny contains "x" if { some r in input.resource_changes; count(r.change.before) == 0 }`, "warn s/main: p.rego:2: could not be computed and counts as undefined: count: operand 1 must be one of {array, object, set, string} but got null"},
		{"denied by the failure", `deny contains "x" if { some r in input.resource_changes; not startswith(r.change.after, "arn:") }`, "warn s/main: p.rego:2: could not be computed"},
		{"helper, first who came", "import data.lib\ndeny contains \"x\" if lib.size(\"3GB\") > 10\nwarn contains \"x\" if lib.size(\"5GB\") > 10", "warn\nwarn s/again: lib.rego:2: could not be computed and counts as undefined: to_number: strconv.ParseFloat: parsing \"4GB\": invalid syntax (and 2 times more)\n  2 | size(s) := to_number(s)"},
		{"division", "deny contains \"x\" if 1 / count(input.none_such) > 1\nf := 1 / x if x := 0\nwarn contains \"x\" if f", "div: divide by zero"},
		{"exception", "deny contains \"x\"\nexception contains [\"\"] if to_number(\"x\") == 1", "warn s/main: p.rego:3: could not be computed"},
		{"before a conflict", "a := 1 if not to_number(\"x\")\na := 2\ndeny contains \"x\" if a == 1", "warn s/main: p.rego:2: could not be computed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := brief(evaluate(source("s", "p.rego", "package main\n"+tc.rego, "again.rego", again, "lib.rego", lib)))
			if !strings.Contains(got, tc.want) {
				t.Errorf("got\n%s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestComputedCallsWarnOfNothing(t *testing.T) {
	t.Parallel()
	for _, rego := range []string{
		`deny contains "x" if { some r in input.resource_changes; is_string(r.change.before); to_number(r.change.before) > 3 }`,
		`deny contains "x" if regex.match("^[0-9]+$", "999GB")`,
		`deny contains "x" if { some r in input.resource_changes; object.get(r, ["change", "after", "acl"], "") == "x" }`,
	} {
		if v := judged(t, "package main\n"+rego); v.Status != Pass {
			t.Errorf("%s: %s", rego, brief(v))
		}
	}
}
