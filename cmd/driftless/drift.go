package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/runner/server"
)

func newDrift(a *app) *cobra.Command {
	var check, detailed bool
	cmd := &cobra.Command{
		Use:   "drift [WORKSPACE...]",
		Short: "Show what drifted, or look now",
		Long: `drift shows the workspaces whose infrastructure is not what was applied: which resources, which attributes, since when, and how it came
about as far as it is known (external: changed outside of Terraform; upstream: a data source or another workspace's output; unknown).

With --check it queues a drift check of the named workspaces, or of all of them, now rather than at their schedule.

With --detailed-exitcode: 0 nothing drifted, 1 an error, 2 something drifted.`,
		Example: `  driftless drift
  driftless drift prod/network             # of one workspace
  driftless drift --check infra//prod/network
  driftless drift --detailed-exitcode      # 2 when something drifted`,
		ValidArgsFunction: a.workspaceNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := atMostOne(cmd, "check", "detailed-exitcode"); err != nil {
				return err
			}
			conn, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer conn.close()
			all, err := named(cmd.Context(), conn.Client, args)
			if err != nil {
				return err
			}
			if check {
				return a.checkDrift(cmd.Context(), conn, all)
			}
			return a.showDrift(cmd.Context(), conn.Client, all, detailed)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "queue a check now")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 when something drifted")
	onlyOnCommandLine(cmd.Flags(), "check")
	return cmd
}

// named returns the workspaces that words name: an identity, or what follows its repository. No words name all.
func named(ctx context.Context, client *server.Client, words []string) ([]server.WorkspaceView, error) {
	var all []server.WorkspaceView
	if err := client.Get(ctx, "/v1/workspaces", nil, &all); err != nil || len(words) == 0 {
		return all, err
	}
	var found []server.WorkspaceView
	for _, word := range words {
		n := len(found)
		for _, w := range all {
			_, rest, _ := strings.Cut(w.ID, "//")
			if w.ID == word || rest == strings.TrimSuffix(word, "/") {
				found = append(found, w)
			}
		}
		if len(found) == n {
			return nil, fmt.Errorf("there is no workspace %q: `driftless workspaces` lists them", word)
		}
	}
	return found, nil
}

func (a *app) checkDrift(ctx context.Context, conn *connection, all []server.WorkspaceView) error {
	ids := []string{}
	for _, w := range all {
		ids = append(ids, w.ID)
	}
	queued, err := conn.Post(ctx, "/v1/drift", map[string]any{"workspaces": ids})
	if err != nil {
		return err
	}
	if len(queued) > 0 {
		a.say("%s queued%s.", count(len(queued), "drift check is", "drift checks are"), later(conn))
	}
	rest := slices.DeleteFunc(all, func(w server.WorkspaceView) bool {
		return slices.ContainsFunc(queued, func(run server.RunView) bool { return run.Workspace == w.ID })
	})
	if err := a.sayUnchecked(ctx, conn.Client, rest); err != nil {
		return err
	}
	if a.output == "json" {
		return printJSON(a.out, queued)
	}
	return nil
}

func (a *app) showDrift(ctx context.Context, client *server.Client, all []server.WorkspaceView, detailed bool) error {
	drifted := slices.DeleteFunc(all, func(w server.WorkspaceView) bool { return w.DriftSince.IsZero() })
	switch {
	case a.output == "json":
		if err := printJSON(a.out, drifted); err != nil {
			return err
		}
	case len(drifted) == 0:
		a.say("Nothing drifted, as far as it was checked (`driftless workspaces` says when).")
	default:
		for i, w := range drifted {
			if i > 0 {
				_, _ = fmt.Fprintln(a.out)
			}
			if err := a.printDrift(ctx, client, w); err != nil {
				return err
			}
		}
	}
	if detailed && len(drifted) > 0 {
		return exitCode(2)
	}
	return nil
}

func (a *app) printDrift(ctx context.Context, client *server.Client, w server.WorkspaceView) error {
	changes, err := driftOf(w)
	if err != nil {
		return err
	}
	found, err := newestRun(ctx, client, w.ID, "drift", "held", "blocked")
	if err != nil {
		return err
	}
	repair, err := newestRun(ctx, client, w.ID, "apply")
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(a.out, "%s drifted %s (%s); applied commit %s\n", w.ID, ago(w.DriftSince), clock(w.DriftSince), short(w.AppliedCommit))
	for _, c := range changes {
		_, _ = fmt.Fprintf(a.out, "\n  cause: %s\n", c.Cause)
		a.printChange(c, "  ")
	}
	a.say("\nNext: %s", driftNext(w, found, repair))
	return nil
}

// driftOf are the changes that are drift.
func driftOf(w server.WorkspaceView) (changes []planner.Change, err error) {
	if len(w.Drift) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(w.Drift, &changes); err != nil {
		return nil, fmt.Errorf("read the drift of %s: %w", w.ID, err)
	}
	return changes, nil
}
