package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
)

func TestNextStepsSayWhatWorks(t *testing.T) {
	t.Parallel()
	before := []server.PullView{{Key: "7", Before: []string{"infra//app"}}}
	for want, run := range map[string]server.RunView{
		"`driftless approve 3` applies exactly this plan":           {Purpose: "apply", Status: "held"},
		"`driftless approve 3` puts back what was changed":          {Purpose: "drift", Status: "held"},
		"look at the state first (`driftless state list infra//app": {Purpose: "drift", Status: "held", Unreviewed: []string{runner.StateMark + "it was rolled back"}},
		"look at it (`driftless state pull --run 3`); then":         {Purpose: "apply", Status: "superseded", Left: &runner.Rescued{RunID: 3, Waiting: true}},
		"nothing is applied before it is settled":                   {Purpose: "apply", Status: "failed", Left: &runner.Rescued{RunID: 3, Waiting: true}},
		"start that replica again":                                  {Purpose: "apply", Status: "interrupted", Reason: "x\n`driftless resume 3 --force`"},
		"then `driftless resume 3` plans again":                     {Purpose: "apply", Status: "interrupted", Left: &runner.Rescued{RunID: 3, Waiting: true}},
		"or on a forge comment `driftless plan`, and it is":         {Purpose: "plan", Status: "canceled", PullRequest: "7"},
		"or `driftless approve 3` to try this one again":            {Purpose: "apply", Status: "failed"},
		"then comment `driftless apply` on pull request 7 again":    {Purpose: "apply", Status: "held", PullRequest: "7"},
		"Mend the cause, then comment `driftless apply`":            {Purpose: "apply", Status: "failed", PullRequest: "7"},
		"`driftless resume 3` settles it":                           {Purpose: "apply", Status: "interrupted", PullRequest: "7"},
		"comment `driftless apply` on pull request 7":               {Purpose: "plan", Status: "ready", PullRequest: "7", Pulls: before},
		"merge the pull request; driftless plans again":             {Purpose: "plan", Status: "ready", PullRequest: "7"},
		"an approval does not overrule a policy":                    {Purpose: "apply", Status: "blocked"},
		"what is said above, then comment `driftless apply` on p":   {Purpose: "apply", Status: "blocked", PullRequest: "7"},
	} {
		run.ID, run.Workspace = 3, "infra//app"
		if got := nextSteps(run); !strings.Contains(got, want) {
			t.Errorf("%+v: %s", run, got)
		}
	}
}

func TestWhatIsAppliedBeforeTheMergeIsNotApproved(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := &app{out: &out, err: &out}
	if err := a.printWaiting([]waiting{{workspace: "infra//app", status: "held", run: 3, pull: "7"}}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.Contains(got, "approve") || !strings.Contains(got, "driftless show 3") {
		t.Error(got)
	}
}

func TestAPlanThatNobodyJudgedHasPassedNoPolicy(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := &app{out: &out}
	a.printRun(server.RunView{ID: 1, Verdict: &policy.Verdict{Status: policy.Pass}})
	if got := out.String(); !strings.Contains(got, "Policy         no policies\n") {
		t.Error(got)
	}
}

func TestAPolicyFileThatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := &app{out: &out}
	report := policy.TestReport{Errored: 2, Cases: []policy.TestCase{
		{File: "a_test.rego", Status: "error", Message: "unexpected eof token"}, {File: "b_test.rego", Package: "b", Status: "error"},
	}}
	if err := a.printTests(report, "."); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "error: a_test.rego\n") || !strings.Contains(got, "error: b (b_test.rego)\n") {
		t.Error(got)
	}
}
