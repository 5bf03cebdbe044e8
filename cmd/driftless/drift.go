package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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

With --check it queues a drift check of the named workspaces, or of all of them, now rather than at their schedule.`,
		Example: `  driftless drift
  driftless drift --check infra//prod/network
  driftless drift --detailed-exitcode      # 2 when something drifted`,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, done, err := a.client(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			all, err := named(cmd.Context(), client, args)
			if err != nil {
				return err
			}
			if check {
				return a.checkDrift(cmd.Context(), client, all)
			}
			return a.showDrift(all, detailed)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "queue a check now")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 when something drifted")
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
			if w.ID == word || rest == word {
				found = append(found, w)
			}
		}
		if len(found) == n {
			return nil, fmt.Errorf("there is no workspace %q: `driftless workspaces` lists them", word)
		}
	}
	return found, nil
}

func (a *app) checkDrift(ctx context.Context, client *server.Client, all []server.WorkspaceView) error {
	ids := []string{}
	for _, w := range all {
		ids = append(ids, w.ID)
	}
	queued, err := client.Post(ctx, "/v1/drift", map[string]any{"workspaces": ids})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(a.err, "%d of %d workspaces are checked now; the others were never applied, or are being worked on.\n", len(queued), len(all))
	if a.output == "json" {
		return printJSON(a.out, queued)
	}
	return nil
}

func (a *app) showDrift(all []server.WorkspaceView, detailed bool) error {
	drifted := slices.DeleteFunc(all, func(w server.WorkspaceView) bool { return w.DriftSince.IsZero() })
	if a.output == "json" {
		if err := printJSON(a.out, drifted); err != nil {
			return err
		}
	} else if len(drifted) == 0 {
		_, _ = fmt.Fprintln(a.err, "Nothing drifted, as far as it was checked.")
	}
	for _, w := range drifted {
		if a.output == "json" {
			break
		}
		if err := a.printDrift(w); err != nil {
			return err
		}
	}
	if detailed && len(drifted) > 0 {
		return exitCode(2)
	}
	return nil
}

func (a *app) printDrift(w server.WorkspaceView) error {
	var changes []planner.Change
	if err := json.Unmarshal(w.Drift, &changes); err != nil {
		return fmt.Errorf("drift of %s: %w", w.ID, err)
	}
	_, _ = fmt.Fprintf(a.out, "%s drifted %s (since %s), applied commit %s\n", w.ID, ago(w.DriftSince), w.DriftSince.Local().Format("2006-01-02 15:04"), short(w.AppliedCommit))
	for _, c := range changes {
		_, _ = fmt.Fprintf(a.out, "\n  cause: %s\n", c.Cause)
		for line := range strings.Lines(c.Diff()) {
			_, _ = fmt.Fprint(a.out, "  "+a.paint(line))
		}
	}
	_, err := fmt.Fprintf(a.out, "\nRepair it with `driftless approve RUN` (`driftless runs -w %s --purpose drift` names the run), or adopt it by changing the code.\n", w.ID)
	return err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
