package policy

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func FuzzJudge(f *testing.F) {
	for _, rego := range []string{
		"package main\ndeny contains msg if { some r in input.resource_changes; msg := r.address }",
		"package main\ndeny[msg] { r := input.resource_changes[_]; msg = sprintf(\"%v\", [r]) }\nexception[x] { x = [\"a\"] }",
		"package a.b\nimport input.tfplan as t\np := input if input.x else := t\nwarn_x[k] := v if { v := p[k].y }\ndeny.a.b contains data.d[1]",
		"package main\np[x] := input if some x in [1]\ndeny contains p\nq := data\nviolation contains {\"msg\": q.x, \"details\": {\"resource\": 1}}",
		"package main\nf(x) := x if not g(x)\ng(x) { x with input as {} }\ndeny = f(true)",
		"# METADATA\n# title: x\npackage main\ndeny contains rego.metadata.rule().title",
	} {
		f.Add(rego, `{"d": {"x": [1]}}`, plan)
	}
	f.Add("package {", "- a", `{"resource_changes": [{"address": ["x"]}], "driftless": 1}`)
	f.Fuzz(func(t *testing.T, rego, data, plan string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		set := Compile([]Source{source("s", "a/p.rego", rego, "a/d.json", data, "a/e.yaml", data)})
		v := set.Evaluate(ctx, Input{Plan: json.RawMessage(plan)})
		if v.Status == Pass && (len(v.Results) > 0 || len(set.sources[0].rules) == 0) {
			t.Errorf("passed without judging: %s", brief(v))
		}
		for _, r := range v.Results {
			if strings.Contains(r.Message, "opa failed") {
				t.Errorf("panic: %s", r.Message)
			}
			if r.Message == "" || r.Level == "" {
				t.Errorf("empty result %+v", r)
			}
		}
	})
}

func FuzzAddress(f *testing.F) {
	f.Add("aws_s3_bucket.logs", "bucket 'aws_s3_bucket.logs' is public")
	f.Add(`module.a["x y"].b.c`, `module.a["x y"].b.c: no`)
	f.Fuzz(func(t *testing.T, address, text string) {
		a := addressesOf(map[string]any{"resource_changes": []any{map[string]any{"address": address}}})
		if found := a.in(text); found != "" && (found != address || !strings.Contains(text, address)) {
			t.Errorf("found %q", found)
		}
	})
}
