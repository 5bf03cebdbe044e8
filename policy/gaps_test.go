package policy

import (
	"strings"
	"testing"
)

// conftest users keep data in a directory of its own (--data); here it would be undefined, and every plan would pass.
func TestDataThatNobodyGives(t *testing.T) {
	t.Parallel()
	const lib = "package lib\nimport data.config\nlimit := config.limit\nbuckets contains r if some r in input.resource_changes\nf(x) if x > data.floor"
	for _, tc := range []struct{ name, want, rego, path, data string }{
		{"no file", `error s: p.rego:2: reads data.config, which no policy and no data file gives, so that it is undefined; correct the name, or put a JSON or YAML file with {"config": …} into the directory of the policies`, `deny contains "x" if data.config.limit < 3`, "", ""},
		{"import", "error s: p.rego:3: reads data.config,", "import data.config\ndeny contains \"x\" if config.limit < 3", "", ""},
		{"alias", "reads data.config,", `deny contains "x" if { c := data.config; c.limit < 3 }`, "", ""},
		{"variable below", "reads data.config,", `deny contains "x" if { some r in input.resource_changes; data.config[r.type] }`, "", ""},
		{"helper", "error s: lib.rego:3: reads data.config,", "import data.lib\ndeny contains \"x\" if lib.limit < 3", "", ""},
		{"function", "error s: lib.rego:5: reads data.floor,", "import data.lib\ndeny contains \"x\" if lib.f(3)", "", ""},
		{"else", "reads data.config,", "a := 1 if input.complete == 7 else := data.config.a\ndeny contains \"x\" if a == 3", "", ""},
		{"default says nothing of data", "reads data.config,", "default deny := false\ndeny if data.config.limit < 3", "", ""},
		{"negated", "reads data.exempt,", `deny contains "x" if { input.complete; not data.exempt.x }`, "", ""},
		{"in the head", "reads data.config,", `deny contains data.config.message`, "", ""},
		{"other place", "reads data.config,", `deny contains "x" if data.config.limit < 3`, "conf/config.json", `{"limit": 3}`},
		{"package misspelled", "reads data.libb,", "import data.libb\ndeny contains \"x\" if libb.buckets[_]", "", ""},
		{"rule misspelled", `reads data.lib.bukets, which no policy and no data file gives, so that it is undefined; correct the name, or put a JSON or YAML file with {"lib": {"bukets": …}}`, "import data.lib\ndeny contains \"x\" if lib.bukets[_]", "", ""},
		{"beside data of a package", "warn\nwarn s: p.rego:3: reads data.lib.extra,", "import data.lib\ndeny contains \"x\" if lib.extra", "lib/d.json", `{"other": 3}`},
		{"rules of one place read once", "error\nerror s: p.rego:2: reads data.config,", "deny contains \"x\" if data.config.a\nwarn contains \"x\" if data.config.b", "", ""},
		{"replaced elsewhere", "reads data.config,", "a if data.config.a\nwarn contains \"x\" if a with data.config as {}\ndeny contains \"x\" if a", "", ""},

		{"exception", "reads data.enforce,", "deny_a contains \"x\"\nexception contains [\"a\"] if not data.enforce.a", "", ""},

		{"given", "pass", `deny contains "x" if data.config.limit < 3`, "any.json", `{"config": {"limit": 3}}`},
		{"given by a directory", "pass", `deny contains "x" if data.config.limit < 3`, "config/any.yaml", `limit: 3`},
		{"given and empty", "pass", `deny contains "x" if data.config.limit < 3`, "any.json", `{"config": {}}`},
		{"given and a value", "pass", `deny contains "x" if data.config.limit < 3`, "any.json", `{"config": null}`},
		{"no such key in a document", "pass", `deny contains "x" if data.config.a.b.c`, "any.json", `{"config": {"a": {}}}`},
		{"whole package", "pass", `deny contains "x" if count(data.lib.buckets) > 9`, "", ""},
		{"package above", "pass", "deny contains \"x\" if data.main.sub.a == 3\nsub[k] := 1 if some k in [\"a\"]", "", ""},
		{"all data", "pass", `deny contains "x" if data[_].nothing == 3`, "", ""},
		{"computed name", "pass", `deny contains "x" if { some k in ["a"]; data[k].x }`, "", ""},
		{"replaced", "pass", "a if data.config.a\ndeny contains \"x\" if not a with data.config as {\"a\": true}", "", ""},
		{"not reached", "pass", "a if data.config.a\ndeny contains \"x\" if false", "", ""},
		{"excused", "pass", "deny_a contains \"x\" if data.config.a\nexception contains [\"a\"]", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			files := []string{"p.rego", "package main\n" + tc.rego, "lib.rego", lib, "p_test.rego", "package main\ntest_a if deny with data.config as {}"}
			if tc.path != "" {
				files = append(files, tc.path, tc.data)
			}
			got := brief(evaluate(source("s", files...)))
			if !strings.Contains(got, tc.want) || tc.want == "pass" && got != "pass" || strings.Count(got, "data.config,") > 1 {
				t.Errorf("got\n%s\nwant %s", got, tc.want)
			}
			if strings.HasPrefix(tc.want, "reads") && !strings.HasPrefix(got, "error\n") {
				t.Errorf("got %s, which does not block", got)
			}
		})
	}
}
