package policy

import (
	"context"
	"encoding/json"
	"os"
	"testing"
)

// A library as conftest users have it: v0 and v1 side by side, a package of helpers, data, exceptions, fixtures and tests.
func TestConftestLibrary(t *testing.T) {
	t.Parallel()
	plan, err := os.ReadFile("testdata/plan.json")
	if err != nil {
		t.Fatal(err)
	}
	set := Compile([]Source{ReadDir("base", "testdata/library")})
	const always = `deny base/main: Terraform plan will change prohibited resources in the following namespaces: google_container_cluster
deny base/terraform.iam: aws_iam_policy.admin allows everything @ aws_iam_policy.admin
deny base/terraform.s3: module.site.aws_s3_bucket.www: bucket is public @ module.site.aws_s3_bucket.www
`
	// One bucket has no tags at all: the rule cannot compute what is missing, and in conftest nobody hears of it.
	const tags = `warn base/terraform.s3: tags are missing: env @ module.site.aws_s3_bucket.logs["eu"]
warn base/terraform.s3: testdata/library/s3/encryption.rego:26: could not be computed and counts as undefined: object.keys: operand 1 must be object but got null
  26 | 	missing := required - object.keys(object.get(r.change.after, "tags", {}))`
	const deletes = "violation base/main: google_container_cluster.main is deleted @ google_container_cluster.main\n"

	v := set.Evaluate(context.Background(), Input{Plan: plan})
	if got, want := brief(v), "deny\n"+always+deletes+tags; got != want || v.Policies != 5 || v.Revision != set.Revision() {
		t.Errorf("got\n%s\nwant\n%s\nof %d policies", got, want, v.Policies)
	}
	sandbox := Context{Workspace: map[string]any{"labels": map[string]any{"env": "sandbox"}}}
	v = set.Evaluate(context.Background(), Input{Plan: plan, Driftless: sandbox})
	if got, want := brief(v), "deny\n"+always+tags; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := json.Marshal(v); err != nil {
		t.Error(err)
	}
}

func TestConftestLibraryTests(t *testing.T) {
	t.Parallel()
	report, err := Test(context.Background(), "testdata/library")
	if err != nil || report.Passed != 4 || len(report.Cases) != 4 {
		t.Errorf("got %+v, %v", report, err)
	}
}
