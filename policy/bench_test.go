package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/util"
)

// bigPlan is a plan JSON of about the given number of bytes.
func bigPlan(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"format_version":"1.2","planned_values":{},"resource_changes":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"address":"module.m[%d].aws_s3_bucket.b","mode":"managed","type":"aws_s3_bucket","name":"b","provider_name":"registry.terraform.io/hashicorp/aws",`+
			`"change":{"actions":["create"],"before":null,"after":{"bucket":"b-%d","acl":"private","tags":{"env":"dev","owner":"team-%d"},"policy":%q},"after_unknown":{"arn":true,"id":true}}}`,
			i, i, i%7, strings.Repeat("p", 300))
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

// manyRules are 100 packages that share what one finds in a plan.
func manyRules() (files []File) {
	for i := range 100 {
		rego := fmt.Sprintf("package p%d\nimport data.lib\ndeny contains msg if {\n\tsome r in lib.buckets\n\tr.change.after.acl == \"public-%d\"\n\tmsg := r.address\n}\n", i, i)
		files = append(files, File{fmt.Sprintf("p%d.rego", i), []byte(rego)})
	}
	return append(files, File{"lib.rego", []byte("package lib\nbuckets contains r if {\n\tsome r in input.resource_changes\n\tr.type == \"aws_s3_bucket\"\n}\n")})
}

func BenchmarkEvaluate(b *testing.B) {
	set := Compile([]Source{{Files: manyRules()}})
	in := Input{Plan: json.RawMessage(bigPlan(8 << 20))}
	b.SetBytes(int64(len(in.Plan)))
	for b.Loop() {
		if v := set.Evaluate(context.Background(), in); v.Status != Pass || v.Policies != 100 {
			b.Fatal(brief(v))
		}
	}
}

// BenchmarkOPA is OPA alone with the same rules and the same plan.
func BenchmarkOPA(b *testing.B) {
	alone := opaAlone(b)
	plan := bigPlan(8 << 20)
	b.SetBytes(int64(len(plan)))
	for b.Loop() {
		alone(plan)
	}
}

// opaAlone is the least that OPA itself does: the plan is read, converted and judged by one query for what the rules say.
func opaAlone(t testing.TB) func(plan []byte) {
	var options []func(*rego.Rego)
	var rules []string
	for i, f := range manyRules() {
		options = append(options, rego.Module(f.Path, string(f.Data)))
		if f.Path != "lib.rego" {
			rules = append(rules, fmt.Sprintf("data.p%d.deny", i))
		}
	}
	query, err := rego.New(append(options, rego.Query("["+strings.Join(rules, ", ")+"]"))...).PrepareForEval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return func(plan []byte) {
		var document any
		if err := util.UnmarshalJSON(plan, &document); err != nil {
			t.Fatal(err)
		}
		input, err := ast.InterfaceToValue(document)
		if err != nil {
			t.Fatal(err)
		}
		found, err := query.Eval(t.Context(), rego.EvalParsedInput(input))
		if err != nil || len(found) != 1 || len(found[0].Expressions[0].Value.([]any)) != len(rules) {
			t.Fatal(found, err)
		}
	}
}
