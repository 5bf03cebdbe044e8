package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/policy"
)

func newPolicy(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Test policies, and judge a plan with them",
		Long:  "policy works on directories of Rego files, without a repository, an engine or a network.",
	}
	cmd.AddCommand(newPolicyTest(a), newPolicyEval(a))
	return cmd
}

func newPolicyTest(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "test DIR",
		Short:   "Run the _test.rego files below a directory",
		Long:    "test runs every test rule of the _test.rego files below DIR. Suites that do not share mocks stay apart. Exit code 1 when a test fails or cannot run.",
		Example: "  driftless policy test policies/",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := policy.Test(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := a.printTests(report); err != nil {
				return err
			}
			if report.Failed+report.Errored > 0 {
				return exitCode(1)
			}
			return nil
		},
	}
}

func (a *app) printTests(report policy.TestReport) error {
	if a.output == "json" {
		return printJSON(a.out, report)
	}
	for _, c := range report.Cases {
		if c.Status != "pass" {
			_, _ = fmt.Fprintf(a.out, "%s: %s.%s (%s)\n", c.Status, c.Package, c.Name, c.File)
			if c.Message != "" {
				_, _ = fmt.Fprintf(a.out, "  %s\n", c.Message)
			}
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
any package, as conftest users know it. It prints {"status":"pass|warn|deny|error","results":[…]} with -o json.

Exit code: 0 for pass and warn, 1 for deny, 2 when the plan could not be judged.`,
		Example: `  terraform show -json plan.tfplan > plan.json
  driftless policy eval --policy policies/ --plan plan.json
  driftless policy eval --policy policies/ --plan plan.json -o json | jq .status`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			verdict, err := judgeFile(cmd.Context(), dirs, plan)
			if err != nil {
				_, _ = fmt.Fprintln(a.err, "driftless: "+err.Error())
				return exitCode(2)
			}
			if err := a.printVerdict(verdict); err != nil {
				return err
			}
			switch verdict.Status {
			case policy.Deny:
				return exitCode(1)
			case policy.Error:
				return exitCode(2)
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&dirs, "policy", nil, "`directory` of Rego files (repeatable)")
	cmd.Flags().StringVar(&plan, "plan", "", "plan JSON `file`")
	_ = cmd.MarkFlagRequired("policy")
	_ = cmd.MarkFlagRequired("plan")
	return cmd
}

func judgeFile(ctx context.Context, dirs []string, plan string) (policy.Verdict, error) {
	data, err := readInput(plan)
	if err != nil {
		return policy.Verdict{}, err
	}
	var sources []policy.Source
	for _, dir := range dirs {
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

func (a *app) printVerdict(v policy.Verdict) error {
	if a.output == "json" {
		if v.Results == nil {
			v.Results = []policy.Result{}
		}
		return printJSON(a.out, v)
	}
	for _, r := range v.Results {
		_, _ = fmt.Fprintf(a.out, "%-9s %s (%s)\n", r.Level, r.Message, r.Policy)
	}
	_, err := fmt.Fprintf(a.out, "%s: %d results\n", v.Status, len(v.Results))
	return err
}
