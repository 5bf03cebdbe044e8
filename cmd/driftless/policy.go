package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/policy"
)

func newPolicy(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "policy",
		Short: "Test policies, and judge a plan with them",
		Long:  "policy works on directories of Rego files, without a repository, an engine or a network.",
		Example: `  driftless policy test policies/
  driftless policy eval --policy policies/ --plan plan.json`,
	})
	cmd.AddCommand(newPolicyTest(a), newPolicyEval(a))
	return cmd
}

func newPolicyTest(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "test DIR",
		Short: "Run the _test.rego files below a directory",
		Long: `test runs every test rule of the _test.rego files below DIR. Suites (directories) that do not share mocks stay apart: helpers of the same
name do not meet.

Exit codes: 0 every test passed, or there is none; 1 a test failed, could not run, or DIR cannot be read.`,
		Example: `  driftless policy test policies/
  driftless policy test policies/ -o json | jq '.cases[] | select(.status != "pass")'`,
		Args: takes(1, 1, "the directory of the policies"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Stat(args[0]); err != nil {
				return fmt.Errorf("test policies: %w", err)
			}
			report, err := policy.Test(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := a.printTests(report, args[0]); err != nil {
				return err
			}
			if report.Failed+report.Errored > 0 {
				return exitCode(1)
			}
			return nil
		},
	}
}

// tested is what `driftless policy test -o json` prints.
type tested struct {
	Passed  int               `json:"passed"`
	Failed  int               `json:"failed"`
	Errored int               `json:"errored"` // could not run
	Skipped int               `json:"skipped"` // todo_test_…
	Cases   []policy.TestCase `json:"cases"`
}

func (a *app) printTests(report policy.TestReport, dir string) error {
	if len(report.Cases) == 0 {
		a.say("%s has no tests: a test is a rule test_… in a file …_test.rego.", dir)
	}
	if a.output == "json" {
		return printJSON(a.out, tested{
			Passed: report.Passed, Failed: report.Failed, Errored: report.Errored, Skipped: report.Skipped,
			Cases: append([]policy.TestCase{}, report.Cases...),
		})
	}
	for _, c := range report.Cases {
		if c.Status == "pass" && !a.verbose {
			continue
		}
		line := c.File // that could not be read says no more
		if c.Package != "" {
			line = fmt.Sprintf("%s (%s)", strings.TrimSuffix(c.Package+"."+c.Name, "."), c.File)
		}
		_, _ = fmt.Fprintf(a.out, "%s: %s\n", a.paintWord(a.out, c.Status, true), line)
		if c.Message != "" {
			_, _ = fmt.Fprintf(a.out, "  %s\n", indent(safe(c.Message)))
		}
	}
	_, err := fmt.Fprintf(a.out, "%d passed, %d failed, %d could not run, %d skipped\n", report.Passed, report.Failed, report.Errored, report.Skipped)
	return err
}

func newPolicyEval(a *app) *cobra.Command {
	var dirs []string
	var plan string
	cmd := &cobra.Command{
		Use:   "eval --policy DIR --plan FILE",
		Short: "Judge a plan JSON file",
		Long: `eval judges the plan in FILE (as "terraform show -json" writes it; - is standard input) with every deny, violation and warn rule in DIR, in
any package, as conftest users know it. With -o json it prints {"status": "pass|warn|deny|error", "results": [{"policy", "level",
"message", "resource"}]}, the most severe first; resource is "" when the rule names none.

Exit codes: 0 pass or warn, 1 deny, 2 the plan could not be judged, or the command line is wrong.`,
		Example: `  terraform show -json plan.tfplan > plan.json
  driftless policy eval --policy policies/ --plan plan.json
  driftless policy eval --policy policies/ --plan plan.json -o json | jq .status`,
		Args:              func(cmd *cobra.Command, args []string) error { return unjudged(takes(0, 0, "")(cmd, args)) },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return unjudged(a.prepare(cmd)) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			verdict, err := judgeFile(cmd.Context(), dirs, plan)
			if err != nil {
				return unjudged(err)
			}
			if err := a.printVerdict(verdict); err != nil {
				return unjudged(err)
			}
			switch verdict.Status {
			case policy.Pass, policy.Warn:
				return nil
			case policy.Deny:
				return exitCode(1)
			}
			return exitCode(2)
		},
	}
	cmd.Flags().StringArrayVar(&dirs, "policy", nil, "`directory` of Rego files (repeatable)")
	cmd.Flags().StringVar(&plan, "plan", "", "plan JSON `file`, or - for standard input")
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return unjudged(flagError(cmd, err)) })
	return cmd
}

// unjudged makes an error end with 2: 1 would say that the plan is denied.
func unjudged(err error) error {
	if err == nil {
		return nil
	}
	return &codedError{code: 2, err: err}
}

func judgeFile(ctx context.Context, dirs []string, plan string) (policy.Verdict, error) {
	if len(dirs) == 0 || plan == "" {
		return policy.Verdict{}, errors.New("driftless policy eval needs --policy DIR and --plan FILE")
	}
	data, err := readInput(plan)
	if err != nil {
		return policy.Verdict{}, fmt.Errorf("read the plan: %w", err)
	}
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return policy.Verdict{}, fmt.Errorf("%s is a binary plan: terraform show -json %[1]s", plan)
	}
	var sources []policy.Source
	for _, dir := range dirs {
		if _, err := os.Stat(dir); err != nil {
			return policy.Verdict{}, fmt.Errorf("read the policies: %w", err)
		}
		sources = append(sources, policy.ReadDir(dir, dir))
	}
	return policy.Compile(sources).Evaluate(ctx, policy.Input{Plan: data}), nil
}

func readInput(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}

// judged is what `driftless policy eval -o json` prints.
type judged struct {
	Status  policy.Status  `json:"status"`
	Results []judgedResult `json:"results"`
}

type judgedResult struct {
	Policy   string `json:"policy"`
	Level    string `json:"level"`
	Message  string `json:"message"`
	Resource string `json:"resource"` // "" when the rule names none
}

func (a *app) printVerdict(v policy.Verdict) error {
	if a.output == "json" {
		j := judged{Status: v.Status, Results: []judgedResult{}}
		for _, r := range v.Results {
			j.Results = append(j.Results, judgedResult(r))
		}
		return printJSON(a.out, j)
	}
	t := table{whole: true, header: []string{"LEVEL", "RESOURCE", "MESSAGE", "POLICY"}}
	for _, r := range v.Results {
		lines := strings.Split(strings.TrimSpace(r.Message), "\n")
		t.add(r.Level, r.Resource, lines[0], r.Policy)
		for _, line := range lines[1:] {
			t.add("", "", line, "")
		}
	}
	if len(t.rows) > 0 {
		if err := t.print(a, a.out); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(a.out)
	}
	_, err := fmt.Fprintf(a.out, "%s: %s, %s\n", a.paintWord(a.out, string(v.Status), true), count(v.Policies, "rule", "rules"), count(len(v.Results), "result", "results"))
	return err
}
