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
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
)

func newShow(a *app) *cobra.Command {
	var planJSON, log, errored bool
	cmd := &cobra.Command{
		Use:   "show RUN|PULL-REQUEST|WORKSPACE",
		Short: "Show a run with its plan, the report of a pull request, or a workspace",
		Long: `show prints one run: who asked for it, at which commit, what the policies said, the plan, and what can be done next. Given a pull
request it prints who made, merged and approved it, and the report: the Markdown that its reviewers read. A pull request is REPOSITORY#NUMBER,
or a branch on a plain Git server. Given a workspace it prints how that stands, who keeps its state, and who holds the lock of it.

Nothing is cut. -o json prints the run with its changes, or the pull request with the pages of its report.`,
		Example: `  driftless show 42
  driftless show 42 --log              # what the engine printed, masked
  driftless show 42 --plan-json        # the redacted plan JSON, as policies saw it
  driftless show infra#12              # pull request 12 of the repository infra, with its report
  driftless show driftless/my-change   # that of a branch on a plain Git server
  driftless show infra//prod/network   # a workspace, with the lock of its state`,
		Args:              takes(1, 1, "a run's number, a pull request or a workspace: `driftless runs` lists runs"),
		ValidArgsFunction: a.shown(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := atMostOne(cmd, "log", "plan-json", "errored-state"); err != nil {
				return err
			}
			conn, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer conn.close()
			id, err := strconv.ParseInt(args[0], 10, 64)
			switch {
			case err != nil && (planJSON || log || errored):
				return fmt.Errorf("%q is not the number of a run: `driftless runs` lists them", args[0])
			case errored:
				return a.pullState(cmd.Context(), conn.Client, map[string]any{"run": id})
			case err != nil:
				return a.showNamed(cmd.Context(), conn.Client, args[0])
			case planJSON:
				return a.showArtifact(cmd.Context(), conn.Client, id, "plan.json")
			case log:
				return a.showArtifact(cmd.Context(), conn.Client, id, "log")
			}
			return a.showRun(cmd.Context(), conn, id)
		},
	}
	cmd.Flags().BoolVar(&planJSON, "plan-json", false, "print the redacted plan JSON of a run")
	cmd.Flags().BoolVar(&log, "log", false, "print what the engine printed in a run")
	cmd.Flags().BoolVar(&errored, "errored-state", false, "print the state that the engine could not write, as driftless state pull --run does; it is not masked")
	return cmd
}

// showArtifact prints what is kept of a run as it is.
func (a *app) showArtifact(ctx context.Context, client *server.Client, id int64, name string) error {
	run, err := getRun(ctx, client, id)
	if err != nil {
		return err
	}
	data, err := client.Raw(ctx, fmt.Sprintf("/v1/runs/%d/%s", id, name))
	if errors.Is(err, server.ErrMissing) {
		return fmt.Errorf("run %d has no %s: it is %s (`driftless show %[1]d`)", id, map[string]string{"log": "log", "plan.json": "plan"}[name], run.Status)
	} else if err != nil {
		return err
	}
	_, err = a.out.Write(data)
	return err
}

func getRun(ctx context.Context, client *server.Client, id int64) (run server.RunView, err error) {
	err = client.Get(ctx, fmt.Sprintf("/v1/runs/%d", id), nil, &run)
	if errors.Is(err, server.ErrMissing) {
		err = fmt.Errorf("there is no run %d: `driftless runs` lists them, and `driftless show REPOSITORY#%[1]d` shows a pull request", id)
	}
	return run, err
}

// printReport prints Markdown; on a terminal its diffs are coloured.
func (a *app) printReport(page string) {
	diff := false
	for line := range strings.Lines(page + "\n") {
		switch fence := strings.HasPrefix(line, "```"); {
		case fence:
			diff = strings.HasPrefix(line, "```diff")
			fallthrough
		case !diff:
			_, _ = fmt.Fprint(a.out, line)
		default:
			_, _ = fmt.Fprint(a.out, a.paint(line))
		}
	}
}

func (a *app) showRun(ctx context.Context, conn *connection, id int64) error {
	client := conn.Client
	run, err := getRun(ctx, client, id)
	if err != nil {
		return err
	}
	a.tellStopped(ctx, conn, underWay(run))
	var plan *planner.Plan
	lost := client.Get(ctx, fmt.Sprintf("/v1/runs/%d/plan", id), nil, &plan)
	if errors.Is(lost, server.ErrMissing) {
		lost = nil
	}
	if a.output == "json" {
		return printJSON(a.out, struct {
			server.RunView
			Plan *planner.Plan `json:"plan,omitempty"`
		}{run, plan})
	}
	a.printRun(run)
	if lost != nil {
		plan = nil
		a.say("\n%s", lost)
	}
	if plan != nil {
		_, _ = fmt.Fprintln(a.out)
		a.printPlan(plan)
	}
	if next := nextSteps(run); next != "" && !over(ctx, client, run) {
		a.say("\n%s", next)
	}
	return nil
}

// over reports whether a run is a plan of a pull request that is not open any more.
func over(ctx context.Context, client *server.Client, run server.RunView) bool {
	var open []server.PullView
	query := url.Values{"repository": {run.Repository}, "key": {run.PullRequest}, "state": {string(runner.Open)}, "limit": {"1"}}
	return run.Purpose == string(runner.PurposePlan) && client.Get(ctx, "/v1/pulls", query, &open) == nil && len(open) == 0
}
