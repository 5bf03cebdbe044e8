package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// evaluate judges the test plan by sources.
func evaluate(sources ...Source) Verdict {
	return Compile(sources).Evaluate(context.Background(), Input{Plan: json.RawMessage(plan)})
}

func source(name string, pathsAndTexts ...string) Source {
	s := Source{Name: name}
	for i := 0; i < len(pathsAndTexts); i += 2 {
		s.Files = append(s.Files, File{Path: pathsAndTexts[i], Data: []byte(pathsAndTexts[i+1])})
	}
	return s
}

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, rego string
		want       []string
	}{
		{"broken v1", "package main\n\ndeny contains msg if {\n\tmsg := \n}\n", []string{"p.rego:5: rego_parse_error", "  5 | }"}},
		{"broken v0", "package main\n\nwarn[msg] { msg = \"a\" }\ndeny[msg] {\n\tmsg := sprintf(\"%s\", [1)\n}\n", []string{"p.rego:5: rego_parse_error", "  5 | \tmsg := sprintf(\"%s\", [1)"}},
		{"unknown function", "package main\ndeny contains nofunc(1)", []string{"p.rego:2: rego_type_error: undefined function nofunc", "2 | deny contains"}},
		{"unsafe variable", "package main\ndeny contains x if { y == 1 }", []string{"p.rego:2: rego_unsafe_var_error"}},
		{"conftest function", "package main\ndeny contains parse_config(\"hcl2\", \"a\")", []string{"undefined function parse_config", "put the content into a JSON or YAML data file"}},
		{"http", "package main\ndeny contains \"x\" if http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1\"}).status_code == 200", []string{"undefined function http.send; policies judge without network"}},
		{"dns", "package main\ndeny contains \"x\" if net.lookup_ip_addr(\"a\")", []string{"net.lookup_ip_addr"}},
		{"environment", "package main\ndeny contains opa.runtime().env.HOME", []string{"opa.runtime"}},
		{"empty", "", []string{"p.rego: rego_parse_error: empty module; remove the file"}},
		{"only comments", "# soon\n", []string{"empty module"}},
		{"no package", "deny contains 1", []string{"p.rego:1: rego_parse_error: package expected"}},
		{"no rule", "package main\nx := 1", []string{"no deny, violation or warn rule in s; policies that judge nothing would pass everything"}},
		{"only a function", "package main\ndeny(x) := x", []string{"no deny, violation or warn rule"}},
		{"only a default", "package main\ndefault deny := false", []string{"no deny, violation or warn rule"}},
		{"recursion", "package main\ndeny contains \"x\" if count(deny) == 0", []string{"rego_recursion_error"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v := evaluate(source("s", "p.rego", tc.rego), source("good", "g.rego", "package main\nwarn contains \"still here\""))
			if v.Status != Error || v.Passed() {
				t.Fatalf("got %s", brief(v))
			}
			for _, want := range append(tc.want, "warn good/main: still here") {
				if !strings.Contains(brief(v), want) {
					t.Errorf("got\n%s\nwant %s", brief(v), want)
				}
			}
		})
	}
}

func TestOneBrokenFileBlocksItsSource(t *testing.T) {
	t.Parallel()
	v := evaluate(source("s", "a.rego", "package a\ndeny contains \"no\"", "b.rego", "package b\ndeny {", "c.rego", "package c\nwarn [", "b_test.rego", "package {"))
	if v.Status != Error || len(v.Results) != 2 || !strings.Contains(brief(v), "b.rego:2") || !strings.Contains(brief(v), "c.rego:2") {
		t.Errorf("got %s", brief(v))
	}
}

func TestSourceErr(t *testing.T) {
	t.Parallel()
	v := evaluate(Source{Name: "gone", Err: errors.New("no such path policies at main")})
	if got := brief(v); got != "error\nerror gone: no such path policies at main" {
		t.Errorf("got %s", got)
	}
}

func TestVersionsSideBySide(t *testing.T) {
	t.Parallel()
	v := evaluate(source("s",
		"v1.rego", "package main\nimport data.lib\ndeny contains msg if { some r in lib.buckets; msg := sprintf(\"v1 %s\", [r.address]) }",
		"v0.rego", "package lib\nbuckets[r] { r := input.resource_changes[_]; r.type == \"aws_s3_bucket\" }",
		"v0b.rego", "package main\nimport data.lib\nimport data.lib\nwarn[msg] { r := lib.buckets[_]; re_match(\"^aws\", r.type); msg = r.address }"))
	want := "deny\ndeny s/main: v1 aws_s3_bucket.logs @ aws_s3_bucket.logs\nwarn s/main: aws_s3_bucket.logs @ aws_s3_bucket.logs"
	if got := brief(v); got != want {
		t.Errorf("got %s", got)
	}
	if v.Policies != 2 {
		t.Errorf("%d policies", v.Policies)
	}
}

// The text is v1 by its syntax, but uses what only v0 has.
func TestOlderFunctionsInTextThatParsesAsV1(t *testing.T) {
	t.Parallel()
	if got := brief(judged(t, "package main\nimport data.a\nimport data.a\nok = re_match(\"a\", \"a\")\ndeny = ok")); got != "deny\ndeny s/main: rule deny of package main is true" {
		t.Errorf("got %s", got)
	}
}

func TestSourcesStayApart(t *testing.T) {
	t.Parallel()
	v := evaluate(
		source("a", "p.rego", "package main\nname := \"a\"\ndeny contains name", "d.json", `{"x": 1}`),
		source("b", "p.rego", "package main\nname := \"b\"\ndeny contains name", "d.json", `{"x": 2}`))
	if got := brief(v); got != "deny\ndeny a/main: a\ndeny b/main: b" {
		t.Errorf("got %s", got)
	}
}

func TestData(t *testing.T) {
	t.Parallel()
	const reads = "package main\ndeny contains sprintf(\"%v\", [data.limits.aws.max])"
	const none = "package main\ndeny contains \"no\""
	for _, tc := range []struct {
		name string
		s    Source
		want string
	}{
		{"directory", source("s", "p.rego", reads, "limits/a.json", `{"aws": {"max": 3}}`), "deny s/main: 3"},
		{"nested", source("s", "p.rego", reads, "limits/aws/any.yaml", "max: 3\n"), "deny s/main: 3"},
		{"root", source("s", "p.rego", reads, "a.yml", "limits: {aws: {max: 12345678901234567890}}"), "deny s/main: 12345678901234567890"},
		{"merged", source("s", "p.rego", reads, "a.yml", "limits: {aws: {min: 1}}", "limits/b.json", `{"aws": {"max": 3}}`), "deny s/main: 3"},
		{"below a root", Source{Name: "s", Root: "repo/policies", Files: []File{{"repo/policies/p.rego", []byte(reads)}, {"repo/policies/limits/a.json", []byte(`{"aws":{"max":3}}`)}}}, "deny s/main: 3"},
		{"absent", source("s", "p.rego", reads), "error s: p.rego:2: reads data.limits, which no policy and no data file gives"},
		{"broken", source("s", "p.rego", reads, "limits/a.json", `{`), "error s: read data file limits/a.json"},
		{"list", source("s", "p.rego", reads, "limits/a.json", `[1]`), "error s: read data file limits/a.json: its content is a list; a data file holds an object"},
		{"conflict", source("s", "p.rego", reads, "limits/a.json", `{"aws": 1}`, "limits/b.json", `{"aws": 2}`), "error s: read data file limits/b.json: another file defines data.limits.aws too"},
		{"several documents", source("s", "p.rego", reads, "a.yaml", "limits: {aws: {max: 3}}\n---\nlimits: {aws: {max: 4}}\n"), "error s: read data file a.yaml: it holds several YAML documents; put each into a file of its own"},
		{"one document", source("s", "p.rego", reads, "a.yaml", "# all\n---\n# limits\nlimits: {aws: {max: 3}}\n--- \n"), "deny s/main: 3"},
		{"broken but not read", source("s", "p.rego", reads, "limits/a.json", `{"aws":{"max":3}}`, "fixtures/x.json", `{`), "deny s/main: 3"},
		{"conflict not read", source("s", "p.rego", none, "a.json", `[]`, "x/a.json", `{"v": 1}`, "x/b.json", `{"v": 2}`), "deny s/main: no"},
		{"on a rule", source("s", "p.rego", none+"\nwarn contains \"w\" if data.main[_] == 1", "main/a.json", `{"deny": 1}`), "error s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := brief(evaluate(tc.s)); !strings.Contains(got, tc.want) {
				t.Errorf("got\n%s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestSchemaCannotReachTheNetwork(t *testing.T) {
	t.Parallel()
	called := make(chan string, 8)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { called <- r.URL.Path }))
	defer server.Close()
	rego := fmt.Sprintf("package main\ndeny contains \"x\" if json.match_schema({}, {\"$ref\": \"%s/s\"})[0]", server.URL)
	v := judged(t, rego)
	select {
	case path := <-called:
		t.Errorf("%s was fetched: %s", path, brief(v))
	default:
	}
}

func TestInputs(t *testing.T) {
	t.Parallel()
	set := Compile([]Source{source("s", "p.rego", "package main\ndeny contains input.driftless.run.id\nwarn contains sprintf(\"%d\", [input.driftless.run.n])")})
	for _, tc := range []struct{ name, plan, want string }{
		{"empty", ``, "read the plan JSON"},
		{"broken", `{"resource_changes": [`, "read the plan JSON"},
		{"two documents", `{"resource_changes": []} {}`, "read the plan JSON"},
		{"list", `[]`, "not a JSON object"},
		{"null", `null`, "not a JSON object"},
		{"something else", `{"plan": {"resource_changes": []}}`, `neither resource_changes nor planned_values but ["plan"]`},
		{"nothing", `{}`, "the object is empty"},
		{"state", `{"format_version": "1.0", "values": {}}`, "not a plan but a state"},
		{"changes are no list", `{"resource_changes": {}}`, "resource_changes is not a list"},
		{"changes are odd", `{"resource_changes": [1, null, {"address": 3}, []]}`, "pass"},
		{"refresh only", `{"format_version": "1.2", "planned_values": {}}`, "pass"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v := set.Evaluate(context.Background(), Input{Plan: json.RawMessage(tc.plan)})
			if got := brief(v); !strings.Contains(got, tc.want) || (v.Status == Error) == (tc.want == "pass") {
				t.Errorf("got %s", got)
			}
		})
	}
	v := set.Evaluate(context.Background(), Input{Plan: json.RawMessage(plan), Driftless: Context{Run: map[string]any{"id": "r1", "n": 7}}})
	if got := brief(v); got != "deny\ndeny s/main: r1\nwarn s/main: 7" {
		t.Errorf("got %s", got)
	}
}

func TestNoPolicies(t *testing.T) {
	t.Parallel()
	set := Compile(nil)
	v := set.Evaluate(context.Background(), Input{})
	if v.Status != Pass || v.Revision != "" || set.Revision() != "" {
		t.Errorf("got %+v", v)
	}
	if out, _ := json.Marshal(v); string(out) != `{"status":"pass","results":[],"revision":"","policies":0}` {
		t.Errorf("got %s", out)
	}
}

func TestRevision(t *testing.T) {
	t.Parallel()
	const p = "package main\ndeny contains \"a\""
	base := Compile([]Source{source("s", "a.rego", p, "d.json", "{}")}).Revision()
	for name, tc := range map[string]struct {
		s    Source
		same bool
	}{
		"order":   {source("s", "d.json", "{}", "a.rego", p), true},
		"tests":   {source("s", "a.rego", p, "d.json", "{}", "a_test.rego", "package main", "README.md", "hello"), true},
		"content": {source("s", "a.rego", p+" ", "d.json", "{}"), false},
		"data":    {source("s", "a.rego", p, "d.json", "{ }"), false},
		"path":    {source("s", "b.rego", p, "d.json", "{}"), false},
		"name":    {source("t", "a.rego", p, "d.json", "{}"), false},
	} {
		if got := Compile([]Source{tc.s}).Revision(); (got == base) != tc.same {
			t.Errorf("%s: %s and %s", name, got, base)
		}
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	set := Compile([]Source{source("s", "p.rego", "package main\ndeny contains \"x\" if { some i in numbers.range(1, 100000); some j in numbers.range(1, 100000); i * j == -1 }")})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if v := set.Evaluate(ctx, Input{Plan: json.RawMessage(plan)}); v.Status != Error || !strings.Contains(brief(v), "context canceled") {
		t.Errorf("got %s", brief(v))
	}
	ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if v := set.Evaluate(ctx, Input{Plan: json.RawMessage(plan)}); v.Status != Error || !strings.Contains(brief(v), "deadline exceeded") {
		t.Errorf("got %s", brief(v))
	}
}

// A source that opa does not compile in time blocks, and the others still judge.
func TestCompilationIsGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeoutCause(context.Background(), 0, errors.New("too late"))
	defer cancel()
	good := Compile([]Source{source("good", "p.rego", "package main\nwarn contains \"still here\"")})
	good.sources = append(good.sources, compileSource(ctx, source("s", "p.rego", "package main\ndeny contains \"x\" if false")))
	v := good.Evaluate(context.Background(), Input{Plan: json.RawMessage(plan)})
	if got := brief(v); got != "error\nerror s: stopped: too late\nwarn good/main: still here" {
		t.Errorf("got %s", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	set := Compile([]Source{source("s", "p.rego", "package main\nx contains r if some r in input.resource_changes\ndeny contains sprintf(\"%d %s\", [count(x), input.driftless.run.id])")})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			v := set.Evaluate(context.Background(), Input{Plan: json.RawMessage(plan), Driftless: Context{Run: map[string]any{"id": fmt.Sprint(i)}}})
			if got := brief(v); got != fmt.Sprintf("deny\ndeny s/main: 2 %d", i) {
				t.Errorf("got %s", got)
			}
		})
	}
	wg.Wait()
}
