package examples_test

import (
	"path/filepath"
	"testing"

	"github.com/driftlessops/driftless/examples"
	"github.com/driftlessops/driftless/policy"
)

// TestPolicies runs the shop's own tests, and judges what its acts plan.
func TestPolicies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := examples.Write(dir, "shop"); err != nil {
		t.Fatal(err)
	}
	policies := filepath.Join(dir, "policies")
	report, err := policy.Test(t.Context(), policies)
	if err != nil || report.Passed < 12 || report.Failed+report.Errored+report.Skipped > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	set := policy.Compile([]policy.Source{policy.ReadDir("shop", policies)})
	for name, c := range map[string]struct {
		change string
		want   policy.Status
	}{
		"bigger server":    {`{"address":"s","mode":"managed","type":"cloud_server","change":{"actions":["update"],"after":{"tags":{"owner":"a"}}}}`, policy.Pass},
		"public bucket":    {`{"address":"b","mode":"managed","type":"cloud_bucket","change":{"actions":["update"],"after":{"public":true,"tags":{"owner":"a"}}}}`, policy.Deny},
		"nobody's network": {`{"address":"n","mode":"managed","type":"cloud_network","change":{"actions":["create"],"after":{"tags":null}}}`, policy.Warn},
		"database gone":    {`{"address":"d","mode":"managed","type":"cloud_database","change":{"actions":["delete"],"after":null}}`, policy.Deny},
	} {
		verdict := set.Evaluate(t.Context(), policy.Input{
			Plan: []byte(`{"format_version":"1.2","terraform_version":"1.11.4","resource_changes":[` + c.change + `]}`),
			Driftless: policy.Context{
				Workspace: map[string]any{"labels": map[string]any{"env": "production"}},
				Run:       map[string]any{"purpose": "plan"},
			},
		})
		if verdict.Status != c.want {
			t.Errorf("%s: %s, want %s: %+v", name, verdict.Status, c.want, verdict.Results)
		}
	}
}
