package main

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner/server"
)

func newRuns(a *app) *cobra.Command {
	var workspace, repository string
	var statuses, purposes []string
	var limit int
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List runs, newest first",
		Long: `runs lists what driftless planned and applied: one line per run, newest first.

Statuses: queued, planning, planned, unchanged, blocked (by policy), held (waits for an approval), ready, applying, applied, failed,
canceled, superseded, interrupted.`,
		Example: `  driftless runs
  driftless runs -w infra//prod/network
  driftless runs --status held --status blocked
  driftless runs -o json --limit 1000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, done, err := a.client(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			query := url.Values{"workspace": {workspace}, "repository": {repository}, "status": statuses, "purpose": purposes, "limit": {strconv.Itoa(limit)}}
			var runs []server.RunView
			if err := client.Get(cmd.Context(), "/v1/runs", query, &runs); err != nil {
				return err
			}
			if a.output == "json" {
				return printJSON(a.out, runs)
			}
			return a.printRuns(runs)
		},
	}
	cmd.Flags().StringVarP(&workspace, "workspace", "w", "", "only runs of this `workspace`")
	cmd.Flags().StringVar(&repository, "repository", "", "only runs of this `repository`")
	cmd.Flags().StringArrayVar(&statuses, "status", nil, "only runs with this `status` (repeatable)")
	cmd.Flags().StringArrayVar(&purposes, "purpose", nil, "only runs for this `purpose`: plan, apply, drift or destroy (repeatable)")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many at most")
	return cmd
}

func (a *app) printRuns(runs []server.RunView) error {
	var rows [][]string
	for _, r := range runs {
		note := r.Reason
		if note == "" {
			note = r.Trigger
		}
		rows = append(rows, []string{
			strconv.FormatInt(r.ID, 10), r.Workspace, r.Purpose, r.Status, changesText(r), short(r.Commit), ago(r.CreatedAt), clip(note, 80),
		})
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(a.err, "There are no such runs.")
		return err
	}
	return printTable(a.out, []string{"RUN", "WORKSPACE", "PURPOSE", "STATUS", "CHANGES", "COMMIT", "QUEUED", "NOTE"}, rows)
}

func changesText(r server.RunView) string {
	switch {
	case r.PlannedAt.IsZero():
		return "-"
	case r.Summary.Empty():
		return "none"
	}
	return r.Summary.String()
}
