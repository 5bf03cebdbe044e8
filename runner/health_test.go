package runner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/planner/mask"
)

// TestHealth reads plans of Terraform 1.11.4.
func TestHealth(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		health Health
		why    string
	}{
		"checks-new":     {HealthUnknown, ""},
		"checks-passing": {Healthy, ""},
		"checks-failing": {Degraded, `check.reach failed: Unable to find remote state: No stored state was found for the given workspace in the given backend.; check.shape failed: It is oval\nand not round: ***.; check.withheld failed`},
		"checks-errored": {Degraded, `check.reach failed: Unable to find remote state: No stored state was found for the given workspace in the given backend.; check.withheld failed; terraform_data.a failed: It is x and square., It is y and square.`},
		"update":         {HealthUnknown, ""}, // there are none
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join("..", "planner", "testdata", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			plan, err := planner.Parse(raw, planner.ParseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			j := &job{mask: &mask.Masker{}}
			if got, why := healthOf(plan.Checks), unwell(j.failing(plan.Checks)); got != want.health || why != want.why {
				t.Errorf("%s: %s; want %+v", got, why, want)
			}
		})
	}
}

// TestFailingIsBounded: what is kept of checks is short, holds no path of the machine, and no part of a secret.
func TestFailingIsBounded(t *testing.T) {
	t.Parallel()
	j := &job{mask: &mask.Masker{}, at: "/data/work/1"}
	j.mask.Add("hunter2222")
	long := planner.FailedCheck{Address: "check.a", Status: "fail", Message: strings.Repeat("ü", longestCheck/2-3) + "xhunter2222"}
	checks := planner.Checks{Failed: []planner.FailedCheck{long, {Address: "check.b", Status: "error", Message: "no /data/work/1/b"}}}
	for range mostFailing {
		checks.Failed = append(checks.Failed, planner.FailedCheck{Address: "check.c", Status: "fail"})
	}
	failing := j.failing(checks)
	if len(failing) != mostFailing || len(failing[0].Message) > longestCheck+len("…") || strings.Contains(failing[0].Message, "hunt") {
		t.Errorf("%d are kept: %+v", len(failing), failing[0])
	}
	if want := "check.b could not be evaluated: no (checkout)/b; check.c failed; and 17 more"; !strings.HasSuffix(unwell(failing), want) {
		t.Errorf("%s; want %s", unwell(failing), want)
	}
}
