package policy

import (
	"strings"
	"testing"
)

func TestNumbersAreBounded(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ rego, want string }{
		{doubled("10", "%[2]s * %[2]s", 40), "mul: the result would have more than 10000 digits"},
		{"package main\ndeny contains \"x\" if bits.lsh(1, 20000000000) == 1", "bits.lsh: the result would have more than 10000 digits"},
		{"package main\ndeny contains \"x\" if bits.lsh(1, 99999999999999999999999) == 1", "bits.lsh: the result would have more than 10000 digits"},
		{"package main\ndeny contains \"x\" if product([x | some i in numbers.range(1, 90000); x := i + 1]) == 1", "product: the result would have more than 10000 digits"},
		{"package main\ndeny contains \"x\" if product({x | some i in numbers.range(1, 90000); x := i + 1}) == 1", "product: the result would have more than 10000 digits"},
		{"package main\ndeny contains \"x\" if graph.reachable_paths({\"a\": []}, {\"a\"})", "undefined function graph.reachable_paths; "},
		{"package main\ndeny contains strings.render_template(\"{{.a}}\", {\"a\": 1})", "undefined function strings.render_template; "},
	} {
		if v := judged(t, strings.Replace(tc.rego, "count(x40)", "x40", 1)); v.Status != Error || !strings.Contains(brief(v), tc.want) {
			t.Errorf("%s\ngot %s", tc.rego, brief(v))
		}
	}
	const fair = "package main\ndeny contains \"x\" if { product([1, 2, 3]) == 6; product(numbers.range(1, 1000)) > 5; bits.lsh(1, 8) == 256; 1.5 * -2 == -3; 1e300 * 1e300 > 1 }"
	if v := judged(t, fair); v.Status != Deny || len(v.Results) != 1 {
		t.Errorf("got %s", brief(v))
	}
}
