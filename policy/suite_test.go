package policy

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// tested runs the tests of a tree and gives a line per case, the first line of its message behind it.
func tested(t *testing.T, files map[string]string) (TestReport, string) {
	t.Helper()
	dir := writeTree(t, files)
	report, err := Test(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range report.Cases {
		line := fmt.Sprintf("%s %s %s.%s", c.Status, strings.TrimPrefix(c.File, dir+"/"), c.Package, c.Name)
		if c.Message != "" {
			line += " " + strings.ReplaceAll(strings.ReplaceAll(c.Message, dir+"/", ""), "\n", "|")
		}
		lines = append(lines, line)
	}
	return report, strings.Join(lines, "\n")
}

const bucketPolicy = `package main
deny contains msg if {
	some r in input.resource_changes
	r.type == "aws_s3_bucket"
	msg := sprintf("%s is a bucket", [r.address])
}
`

func TestSuites(t *testing.T) {
	t.Parallel()
	mocked := func(n int) string {
		return fmt.Sprintf("package main\nimport rego.v1\nmock := %d\ntest_mock if mock == %d\n", n, n)
	}
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no tests", map[string]string{"p.rego": bucketPolicy}, ""},
		{"passes", map[string]string{"p.rego": bucketPolicy, "p_test.rego": `package main
test_bucket if "a is a bucket" in deny with input as {"resource_changes": [{"address": "a", "type": "aws_s3_bucket"}]}
test_none if count(deny) == 0 with input as {"resource_changes": []}
todo_test_later if false
`}, "pass p_test.rego main.test_bucket\npass p_test.rego main.test_none\nskip p_test.rego main.todo_test_later"},
		{"fails", map[string]string{"p.rego": bucketPolicy, "p_test.rego": `package main
test_bucket if {
	plan := {"resource_changes": []}
	print("seen", plan)
	count(deny) == 1 with input as plan
	true
}
`}, `fail p_test.rego main.test_bucket p_test.rego:5: this did not hold|  5 | 	count(deny) == 1 with input as plan|seen {"resource_changes": []}`},
		{"false", map[string]string{"p_test.rego": "package main\ntest_a := false"}, "fail p_test.rego main.test_a p_test.rego:2: the test did not become true|  2 | test_a := false"},
		{"errors", map[string]string{"p_test.rego": "package main\na := 1\na := 2 if 1 == 1\ntest_a if a == 1"}, "error p_test.rego main.test_a p_test.rego:3: eval_conflict_error: rule data.main.a produced conflicting values:|  1 at p_test.rego:2|  2 at p_test.rego:3|  3 | a := 2 if 1 == 1"},
		{"v0", map[string]string{"p.rego": "package main\ndeny[msg] { input.x; msg := \"x\" }", "v0_test.rego": "package main\ntest_x { deny[\"x\"] with input as {\"x\": 1} }", "v1_test.rego": "package main_test\nimport data.main\ntest_x if main.deny[\"x\"] with input as {\"x\": 1}"}, "pass v0_test.rego main.test_x\npass v1_test.rego main_test.test_x"},
		{"broken test file", map[string]string{"p.rego": bucketPolicy, "a_test.rego": "package main\ntest_a if {", "b/b_test.rego": "package b\ntest_b if true"}, "error a_test.rego . a_test.rego:2: rego_parse_error: unexpected eof token|  2 | test_a if {\npass b/b_test.rego b.test_b"},
		{"does not compile", map[string]string{"a/a_test.rego": "package a\ntest_a if nofunc(1)\ntest_b if true", "b/b_test.rego": "package b\ntest_b if true"}, "error a/a_test.rego a. a/a_test.rego:2: rego_type_error: undefined function nofunc|  2 | test_a if nofunc(1)\npass b/b_test.rego b.test_b"},
		{"a policy beside does not compile", map[string]string{"p.rego": "package p\na if nofunc(1)", "p_test.rego": "package p_test\nimport data.p\ntest_a if p.a"}, "error p.rego p. p.rego:2: rego_type_error: undefined function nofunc|  2 | a if nofunc(1)|so these tests cannot run: p_test.rego"},
		{"mocks of one name", map[string]string{"p.rego": bucketPolicy, "a/a_test.rego": mocked(1), "b/b_test.rego": mocked(2)}, "pass a/a_test.rego main.test_mock\npass b/b_test.rego main.test_mock"},
		{"policies of one name", map[string]string{
			"a/p.rego": bucketPolicy + "default ok := 1", "a/p_test.rego": "package main\ntest_a if { ok == 1; count(deny) == 0 }",
			"b/p.rego": bucketPolicy + "default ok := 2", "b/p_test.rego": "package main\ntest_b if { ok == 2; count(deny) == 0 }",
		}, "pass a/p_test.rego main.test_a\npass b/p_test.rego main.test_b"},
		{"data of one name, as opa test DIR sees it", map[string]string{
			"a/p_test.rego": "package a\ntest_a if data.mock.n == 1", "a/mock.json": `{"mock": {"n": 1}}`,
			"b/p_test.rego": "package b\ntest_b if data.mock.n == 2", "b/mock.json": `{"mock": {"n": 2}}`,
		}, "pass a/p_test.rego a.test_a\npass b/p_test.rego b.test_b"},
		{"data from the root", map[string]string{
			"p.rego": bucketPolicy, "a/p_test.rego": "package a\ntest_a if data.a.mock.n == 1", "a/mock.json": `{"mock": {"n": 1}}`, "b/mock.json": `{"mock": 3}`,
		}, "pass a/p_test.rego a.test_a"},
		{"tests in a directory of their own", map[string]string{"policies/p.rego": bucketPolicy, "tests/p_test.rego": "package main\ntest_a if count(deny) == 0"}, "pass tests/p_test.rego main.test_a"},
		{"tests import policies elsewhere", map[string]string{"policies/p.rego": bucketPolicy, "tests/p_test.rego": "package x_test\nimport data.main\ntest_a if count(main.deny) == 1 with input as {\"resource_changes\": [{\"address\": \"a\", \"type\": \"aws_s3_bucket\"}]}"}, "pass tests/p_test.rego x_test.test_a"},
		{"library beside", map[string]string{"lib/l.rego": "package lib\nf(x) := x + 1\nk := 3", "s3/p.rego": "package s3\nimport data.lib\ndeny contains \"x\" if lib.k == 3", "s3/p_test.rego": "package s3\ntest_a if deny.x"}, "pass s3/p_test.rego s3.test_a"},
		{"shared mocks", map[string]string{"lib/mocks_test.rego": "package mocks\nplan := {\"resource_changes\": []}", "s3/p.rego": "package s3\ndeny contains \"x\" if count(input.resource_changes) == 0", "s3/p_test.rego": "package s3\nimport data.mocks\ntest_a if deny.x with input as mocks.plan"}, "pass s3/p_test.rego s3.test_a"},
		{"tests beside rules", map[string]string{"p.rego": bucketPolicy + "test_inline if true", "a/x_test.rego": "package a\ntest_x if true"}, "pass p.rego main.test_inline\npass a/x_test.rego a.test_x"},
		{"cases", map[string]string{"p_test.rego": "package a\ntest_x[name] if {\n\tsome name, n in {\"one\": 1, \"two\": 2}\n\tn == 1\n}"}, "fail p_test.rego a.test_x p_test.rego:2: these cases failed: two|  2 | test_x[name] if {"},
		{"no network", map[string]string{"p_test.rego": "package a\ntest_x if http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1\"})"}, "error p_test.rego a. p_test.rego:2: rego_type_error: undefined function http.send; policies judge without network and environment; pass what they need as a data file|  2 | test_x if http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1\"})"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			report, got := tested(t, tc.files)
			if got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
			if n := report.Passed + report.Failed + report.Errored + report.Skipped; n != len(report.Cases) {
				t.Errorf("%d counted, %d cases", n, len(report.Cases))
			}
		})
	}
}

func TestTestingFails(t *testing.T) {
	t.Parallel()
	if _, err := Test(context.Background(), t.TempDir()+"/gone"); err == nil {
		t.Error("a directory that is not there was tested")
	}
	dir := writeTree(t, map[string]string{"p_test.rego": "package main\ntest_a if true"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Test(ctx, dir); err == nil {
		t.Error("an ended context made a report")
	}
}
