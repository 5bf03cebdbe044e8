package planner

import (
	"fmt"
	"strings"
	"testing"
)

// counted is what checks say, on one line.
func (c Checks) counted() string {
	text := fmt.Sprintf("%d passed, %d unknown", c.Passed, c.Unknown)
	for _, f := range c.Failed {
		text += "; " + f.String()
	}
	return text
}

// TestChecks reads what Terraform 1.11.4 says of one configuration, as it is planned and applied.
func TestChecks(t *testing.T) {
	t.Parallel()
	const (
		reach   = "check.reach failed: Unable to find remote state: No stored state was found for the given workspace in the given backend."
		failing = "1 passed, 0 unknown; " + reach + `; check.shape failed: It is oval\nand not round: %s.; check.withheld failed`
		none    = "0 passed, 0 unknown"
	)
	plan := func(checks string) []byte {
		return []byte(`{"format_version": "1.2", "checks": [` + checks + `]}`)
	}
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"before it is applied":   {fixture(t, "checks-new.json"), "3 passed, 1 unknown"},
		"all pass":               {fixture(t, "checks-passing.json"), "4 passed, 0 unknown"},
		"some fail":              {fixture(t, "checks-failing.json"), fmt.Sprintf(failing, "***")},
		"the plan fails by one":  {fixture(t, "checks-errored.json"), "0 passed, 1 unknown; " + reach + "; check.withheld failed; terraform_data.a failed: It is x and square., It is y and square."},
		"no checks":              {plan(``), none},
		"a variable":             {plan(`{"address": {"kind": "var", "to_display": "var.a"}, "status": "pass"}`), none},
		"a variable that fails":  {plan(`{"address": {"kind": "var", "to_display": "var.a"}, "status": "fail"}`), none + "; var.a failed"},
		"one with an error":      {plan(`{"address": {"to_display": "check.a"}, "status": "error"}`), none + "; check.a could not be evaluated"},
		"a status of the future": {plan(`{"address": {"to_display": "check.a"}, "status": "skipped"}`), "0 passed, 1 unknown"},
		"in order": {plan(`{"address": {"to_display": "check.b"}, "status": "fail"}, {"address": {"to_display": "check.a"}, "status": "fail"}`),
			none + "; check.a failed; check.b failed"},
		"its checkout": {plan(`{"address": {"to_display": "check.a"}, "status": "fail", "instances": [{"problems": [{"message": "no /checkout/x"}]}]}`),
			none + "; check.a failed: no (checkout)/x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := parsed(t, c.raw, testOptions("")).Checks.counted(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	for name, c := range map[string]struct{ raw, want string }{
		"a state":             {string(fixture(t, "checks.state")), fmt.Sprintf(failing, "hunter2222")}, // no mark says that it is sensitive: who planned knows
		"one without":         {`{"version": 4}`, none},
		"of another shape":    {`{"version": 4, "check_results": [{"status": 1}]}`, "0 passed, 1 unknown"},
		"one with null":       {`{"version": 4, "check_results": null}`, none},
		"a value of a secret": {`{"version": 4, "outputs": {"o": {"value": "hunter2222", "sensitive": true}}, "check_results": [{"config_addr": "check.a", "status": "fail", "objects": [{"failure_messages": ["no hunter2222"]}]}]}`, none + "; check.a failed: no ***"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := ParseState([]byte(c.raw), false)
			if err != nil || s.Checks.counted() != c.want {
				t.Errorf("got  %s, %v\nwant %s", s.Checks.counted(), err, c.want)
			}
		})
	}
}

// TestManyProblems: what a check with many objects says stays short.
func TestManyProblems(t *testing.T) {
	t.Parallel()
	problem := `{"problems": [{"message": "bad"}]}`
	plan := parsed(t, []byte(`{"format_version": "1.2", "checks": [{"address": {"to_display": "check.a"}, "status": "fail", "instances": [`+
		strings.Repeat(problem+",", 99)+problem+`]}]}`), ParseOptions{})
	if want := "check.a failed: bad, bad, bad, bad, bad and 95 more"; len(plan.Warnings) != 1 || plan.Warnings[0] != want || plan.Checks.Failed[0].String() != want {
		t.Errorf("%q, %+v", plan.Warnings, plan.Checks)
	}
}

// checkChecks holds for all checks: what failed is on one line each, and shows as it is.
func checkChecks(t *testing.T, c Checks) {
	t.Helper()
	for _, f := range c.Failed {
		if visible(f.String()) != f.String() {
			t.Errorf("%q does not show as it is", f)
		}
	}
}
