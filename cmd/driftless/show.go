package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/runner/server"
)

func newShow(a *app) *cobra.Command {
	var planJSON, log bool
	cmd := &cobra.Command{
		Use:   "show RUN|PULL-REQUEST",
		Short: "Show a run with its plan, or the report of a pull request",
		Long: `show prints one run: who asked for it, at which commit, what the policies said, and the plan. Given a pull request (a branch on a plain
Git server) it prints the report: the Markdown that its reviewers read.`,
		Example: `  driftless show 42
  driftless show 42 --log              # what the engine printed, masked
  driftless show 42 --plan-json        # the redacted plan JSON, as policies saw it
  driftless show driftless/my-change   # the report of a pull request`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, done, err := a.client(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			id, err := strconv.ParseInt(args[0], 10, 64)
			switch {
			case err != nil:
				return a.showPull(cmd.Context(), client, args[0])
			case planJSON:
				return a.showRaw(cmd.Context(), client, fmt.Sprintf("/v1/runs/%d/plan.json", id))
			case log:
				return a.showRaw(cmd.Context(), client, fmt.Sprintf("/v1/runs/%d/log", id))
			}
			return a.showRun(cmd.Context(), client, id)
		},
	}
	cmd.Flags().BoolVar(&planJSON, "plan-json", false, "print the redacted plan JSON of a run")
	cmd.Flags().BoolVar(&log, "log", false, "print the log of a run")
	return cmd
}

func (a *app) showRaw(ctx context.Context, client *server.Client, path string) error {
	data, err := client.Raw(ctx, path)
	if err != nil {
		return err
	}
	_, err = a.out.Write(data)
	return err
}

func (a *app) showPull(ctx context.Context, client *server.Client, key string) error {
	var pulls []server.PullView
	if err := client.Get(ctx, "/v1/pulls", url.Values{"key": {key}, "limit": {"1"}}, &pulls); err != nil {
		return err
	}
	if len(pulls) == 0 {
		return fmt.Errorf("there is no run and no pull request %q: `driftless runs` lists runs", key)
	}
	var pull server.PullView
	if err := client.Get(ctx, fmt.Sprintf("/v1/pulls/%d", pulls[0].ID), nil, &pull); err != nil {
		return err
	}
	if a.output == "json" {
		return printJSON(a.out, pull)
	}
	if len(pull.Report) == 0 {
		_, err := fmt.Fprintf(a.err, "Pull request %s has no report yet.\n", key)
		return err
	}
	_, err := fmt.Fprintln(a.out, strings.Join(pull.Report, "\n"))
	return err
}

func (a *app) showRun(ctx context.Context, client *server.Client, id int64) error {
	var run server.RunView
	if err := client.Get(ctx, fmt.Sprintf("/v1/runs/%d", id), nil, &run); err != nil {
		return err
	}
	var plan *planner.Plan
	if err := client.Get(ctx, fmt.Sprintf("/v1/runs/%d/plan", id), nil, &plan); err != nil && !errors.Is(err, server.ErrMissing) {
		return err
	}
	if a.output == "json" {
		return printJSON(a.out, struct {
			server.RunView
			Plan *planner.Plan `json:"plan,omitempty"`
		}{run, plan})
	}
	a.printRun(run)
	if plan != nil {
		a.printPlan(plan)
	}
	return nil
}

// printRun prints what is known of a run, leaving out what is not.
func (a *app) printRun(r server.RunView) {
	line := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(a.out, "%-14s %s\n", name, strings.ReplaceAll(value, "\n", "\n               "))
		}
	}
	line("Run", fmt.Sprintf("%d: %s of %s", r.ID, r.Purpose, r.Workspace))
	line("Status", r.Status)
	line("Why", r.Reason)
	line("Because of", r.Trigger)
	line("Asked by", r.Actor)
	line("Pull request", r.PullRequest)
	line("Commit", r.Commit)
	line("Reviewed in", strings.Join(r.Reviewers, ", "))
	line("Beyond review", strings.Join(r.Unreviewed, "\n"))
	line("Engine", r.Engine)
	line("Queued", r.CreatedAt.Local().Format("2006-01-02 15:04:05"))
	if !r.AppliedAt.IsZero() {
		line("Apply started", r.AppliedAt.Local().Format("2006-01-02 15:04:05"))
	}
	if !r.FinishedAt.IsZero() {
		line("Finished", r.FinishedAt.Local().Format("2006-01-02 15:04:05"))
	}
	if r.Verdict != nil {
		line("Policy", string(r.Verdict.Status))
		for _, result := range r.Verdict.Results {
			line("", fmt.Sprintf("%s: %s (%s)", result.Level, result.Message, result.Policy))
		}
	}
	line("Changes", changesText(r))
}

// printPlan prints the changes of a plan, coloured where the output is a terminal.
func (a *app) printPlan(plan *planner.Plan) {
	for _, change := range plan.Changes {
		_, _ = fmt.Fprintln(a.out)
		for line := range strings.Lines(change.Diff()) {
			_, _ = fmt.Fprint(a.out, a.paint(line))
		}
	}
}

var lineColors = map[byte]string{'+': "32", '-': "31", '!': "33", '#': "1"}

// paint colours a line of a diff.
func (a *app) paint(line string) string {
	text := strings.TrimRight(line, "\n")
	if text == "" || !a.colored(a.out) || lineColors[text[0]] == "" {
		return text + "\n"
	}
	return "\x1b[" + lineColors[text[0]] + "m" + text + "\x1b[0m\n"
}
