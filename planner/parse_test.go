package planner

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestParseErrors(t *testing.T) {
	t.Parallel()
	change := func(rest string) string {
		return `{"format_version": "1.2", "resource_changes": [{"address": "a.b", "change": {` + rest + `}}]}`
	}
	for _, tt := range []struct{ name, raw, want string }{
		{"nothing", ``, "EOF"},
		{"no JSON", `Error: no plan`, "invalid character"},
		{"a list", `[]`, "cannot unmarshal"},
		{"null", `null`, `format_version is ""`},
		{"cut off", `{"format_version": "1.2"`, "unexpected EOF"},
		{"two documents", `{"format_version": "1.2"} {}`, "more text follows"},
		{"no version", `{}`, `format_version is ""`},
		{"format 2", `{"format_version": "2.0"}`, `format_version is "2.0"`},
		{"version is a number", `{"format_version": 1}`, `format_version is ""`},
		{"changes are an object", `{"format_version": "1.0", "resource_changes": {}}`, "resource_changes is an object, want a list"},
		{"a change is a string", `{"format_version": "1.0", "resource_changes": ["x"]}`, "resource_changes[0] is a string, want an object"},
		{"no address", `{"format_version": "1.0", "resource_changes": [{"change": {"actions": ["create"]}}]}`, "resource_changes[0]: address is missing"},
		{"no actions", change(``), "unknown actions []"},
		{"actions of the future", change(`"actions": ["teleport"]`), `unknown actions ["teleport"]`},
		{"an action is a number", change(`"actions": [1]`), "actions[0] is a number, want a string"},
		{"before is a string", change(`"actions": ["update"], "before": "x"`), "before is a string, want an object"},
		{"planned twice", `{"format_version": "1.0", "resource_changes": [{"address": "a.b", "change": {"actions": ["create"]}}, {"address": "a.b", "change": {"actions": ["create"]}}]}`, "resource a.b is planned twice"},
		{"outputs are a list", `{"format_version": "1.0", "output_changes": []}`, "output_changes is a list, want an object"},
		{"a state of another shape", `{"format_version": "1.0", "prior_state": {"values": {"root_module": {"resources": {}}}}}`, "prior_state: values: root_module: resources is an object"},
		{"drift of another shape", `{"format_version": "1.0", "resource_drift": [3]}`, "resource_drift[0] is a number"},
		{"variables of another shape", `{"format_version": "1.0", "variables": {"v": 1}}`, `variables["v"]: v is a number`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plan, err := Parse([]byte(tt.raw), ParseOptions{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "plan JSON: ") {
				t.Errorf("Parse = %+v, %v; want an error with %q", plan, err, tt.want)
			}
		})
	}
}

func TestSummaryString(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]Summary{
		"no changes": {},
		"1 to create, 2 to update, 3 to replace, 4 to delete": {Create: 1, Update: 2, Replace: 3, Delete: 4},
		"1 to import, 2 to move, 3 to forget":                 {Import: 1, Move: 2, Forget: 3},
		"1 output to change":                                  {Outputs: 1},
		"2 outputs to change, 1 action to invoke":             {Outputs: 2, Invoke: 1},
	} {
		if s.String() != want || s.Empty() != (want == "no changes") {
			t.Errorf("%+v = %q, empty: %t; want %q", s, s.String(), s.Empty(), want)
		}
	}
}

func TestPlanSurvivesTheStore(t *testing.T) {
	t.Parallel()
	plan := parsed(t, fixture(t, "update.json"), testOptions("update"))
	back := stored(t, plan)
	back.JSON, back.Secrets = plan.JSON, plan.Secrets // these never leave the process
	if !reflect.DeepEqual(plan, back) {
		t.Errorf("got  %+v\nwant %+v", back, plan)
	}
}

func TestWithoutCheckout(t *testing.T) {
	t.Parallel()
	replace := withoutCheckout("(checkout)", "/data/1/")
	for in, want := range map[string]string{
		"/data/1": "(checkout)", "/data/1/a/data/1": "(checkout)/a(checkout)", "/data/12/x": "/data/12/x",
		"x=/data/1;/data/1.d": "x=(checkout);/data/1.d", "none": "none",
	} {
		if got := replace(in); got != want {
			t.Errorf("%q = %q, want %q", in, got, want)
		}
	}
	for _, root := range []string{"", "/", ".", "relative/x"} {
		if withoutCheckout("(checkout)", root) != nil {
			t.Errorf("the root %q is replaced", root)
		}
	}
}

func TestVolatilePatterns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, address, path string
		want                   bool
	}{
		{"tags.stamp", "a.b", "tags.stamp", true},
		{"tags.stamp", "a.b", "tags.stamped", false},
		{"tags", "a.b", "tags.stamp", true},
		{"*:tags.*", "a.b", "tags.stamp", true},
		{"tags.*", "a.b", "tags", false},
		{"a.b:tags", "a.c", "tags", false},
		{"a.*:tags", "a.c", "tags", true},
		{"module.*.a.b:x", `module.m["k"].a.b`, "x", true},
		{`a.b["arn:x"]:y`, `a.b["arn:x"]`, "y", true},
		{`tags["a:b"]`, "a.b", `tags["a:b"]`, true},
		{"rule[*].at", "a.b", "rule[12].at", true},
		{"output.now:*", "output.now", "value", true},
		{"a.b:", "a.b", "x", false},
		{"", "a.b", "x", false},
		{"a(b:c", "a(b", "c", true},
	} {
		if got := newVolatile([]string{tt.pattern}, token{}).of(tt.address).path(tt.path); got != tt.want {
			t.Errorf("%q covers %s:%s: %t, want %t", tt.pattern, tt.address, tt.path, got, tt.want)
		}
	}
}

// bigPlan is plan JSON of at least size bytes: updates with a policy, a script, tags and a secret each.
func bigPlan(size int) []byte {
	var changes, state []string
	for i, total := 0, 0; total < size; i++ {
		values := func(rev int) string {
			return fmt.Sprintf(`{"id": "i-%d", "name": "n%d", "tags": {"env": "dev", "rev": "%d"}, "password": "generated-%d-%d", "rules": [{"port": 1}, {"port": %d}], "script": %s, "policy": %s}`,
				i, i, rev, i%50, rev, rev, compact(strings.Repeat(fmt.Sprintf("echo %d\n", rev), 30)), compact(fmt.Sprintf(`{"Statement":[{"Action":"a:%d","Effect":"Allow"}]}`, rev)))
		}
		change := fmt.Sprintf(`{"address": "aws_x.y[%d]", "mode": "managed", "type": "aws_x", "name": "y", "provider_name": "aws", "change": {"actions": ["update"], "before": %s, "after": %s, "after_unknown": {"arn": true}, "before_sensitive": {"password": true}, "after_sensitive": {"password": true}}}`, i, values(1), values(2))
		resource := fmt.Sprintf(`{"address": "aws_x.y[%d]", "values": %s, "sensitive_values": {"password": true}}`, i, values(1))
		changes, state = append(changes, change), append(state, resource)
		total += len(change) + len(resource)
	}
	return []byte(`{"format_version": "1.2", "timestamp": "2026-01-02T03:04:05Z", "configuration": {"root_module": {"resources": [{"address": "aws_x.y", "expressions": {"tags": {"references": ["local.x"]}}}]}},
		"resource_changes": [` + strings.Join(changes, ",") + `], "resource_drift": [` + strings.Join(changes, ",") + `], "prior_state": {"values": {"root_module": {"resources": [` + strings.Join(state, ",") + `]}}}}`)
}

func BenchmarkParse(b *testing.B) {
	raw := bigPlan(8 << 20)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := Parse(raw, ParseOptions{Key: []byte("k"), Drift: true, Checkout: "/checkout"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDiff(b *testing.B) {
	plan, err := Parse(bigPlan(8<<20), ParseOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for _, c := range plan.Changes {
			c.Diff()
		}
	}
}

// Work grows with size, not faster; it is counted in allocations, because time depends on the machine.
func TestParseIsLinear(t *testing.T) {
	work := func(raw []byte) float64 {
		return testing.AllocsPerRun(1, func() {
			for _, c := range parsed(t, raw, ParseOptions{Drift: true}).Changes {
				c.Diff()
			}
		})
	}
	if one, ten := work(bigPlan(100<<10)), work(bigPlan(1000<<10)); ten > 15*one {
		t.Errorf("%.0f allocations, ten times the plan: %.0f", one, ten)
	}
}

// FuzzParse: no text makes Parse panic, and what it returns can be shown, stored and read again.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(digestPlan))
	f.Add([]byte(canaryPlan(new(canaries))))
	f.Fuzz(func(t *testing.T, raw []byte) {
		opts := ParseOptions{Key: []byte("k"), Checkout: "/checkout", Volatile: []string{"*:tags.*", "a"}, Drift: true}
		plan, err := Parse(raw, opts)
		if err != nil {
			return
		}
		for _, c := range plan.Changes {
			checkDiff(t, c.Diff())
		}
		for _, d := range plan.Drift {
			checkDiff(t, d.Diff())
		}
		checkChecks(t, plan.Checks)
		back := stored(t, plan)
		for i, c := range back.Changes {
			if c.Diff() != plan.Changes[i].Diff() {
				t.Errorf("the stored diff differs: %q, want %q", c.Diff(), plan.Changes[i].Diff())
			}
		}
		again, err := Parse(plan.JSON, opts)
		if err != nil {
			t.Fatalf("redacted JSON: %v", err)
		}
		if again.Summary != plan.Summary {
			t.Errorf("of the redacted JSON: %v, want %v", again.Summary, plan.Summary)
		}
		if !json.Valid(plan.JSON) {
			t.Error("redacted JSON is not valid")
		}
	})
}

// checkDiff holds for every diff: each line begins with a sign and a space, and shows as it is.
func checkDiff(t *testing.T, diff string) {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSuffix(diff, "\n"), "\n") {
		if len(line) < 2 || !strings.Contains("#+-! ", line[:1]) || line[1] != ' ' || visible(line) != line {
			t.Errorf("line %q of\n%s", line, diff)
		}
	}
}
