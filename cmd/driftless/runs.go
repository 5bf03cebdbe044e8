package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
)

var (
	allStatuses = []string{
		string(runner.Queued), string(runner.Planning), string(runner.Planned), string(runner.Unchanged), string(runner.Blocked), string(runner.Held),
		string(runner.Ready), string(runner.Applying), string(runner.Applied), string(runner.Failed), string(runner.Canceled),
		string(runner.Superseded), string(runner.Interrupted),
	}
	allPurposes = []string{
		string(runner.PurposePlan), string(runner.PurposeApply), string(runner.PurposeDrift), string(runner.PurposePush), string(runner.PurposeUnlock),
	}
)

// runQuery are the flags of the runs command.
type runQuery struct {
	workspace, repository string
	statuses, purposes    []string
	limit                 int
}

func newRuns(a *app) *cobra.Command {
	var q runQuery
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List runs, newest first",
		Long: `runs lists what driftless planned and applied: one line per run, newest first.

A run is one workspace at one commit, for one purpose: plan (of a pull request), apply (of the tracked branch; it plans first),
drift, or push and unlock (what a person asked for to a state that a backend keeps). Its status is queued, planning, planned, unchanged (nothing to do), blocked (by policy), held (waits for an approval), ready (a
pull request's plan that a merge applies), applying, applied, failed, canceled, superseded (something newer took its place) or
interrupted (an apply began and its end is not known).`,
		Example: `  driftless runs
  driftless runs -w infra//prod/network
  driftless runs --status held --status blocked
  driftless runs --purpose drift --limit 10
  driftless runs -o json | jq '.[] | select(.status == "failed") | .id'`,
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, s := range q.statuses {
				if err := oneOf("status", s, allStatuses...); err != nil {
					return err
				}
			}
			for _, p := range q.purposes {
				if err := oneOf("purpose", p, allPurposes...); err != nil {
					return err
				}
			}
			if q.limit < 1 || q.limit > 1000 {
				return fmt.Errorf("--limit %d is not a number from 1 to 1000", q.limit)
			}
			return a.runs(cmd, q)
		},
	}
	cmd.Flags().StringVarP(&q.workspace, "workspace", "w", "", "only runs of this `workspace`")
	cmd.Flags().StringVar(&q.repository, "repository", "", "only runs of this `repository`")
	cmd.Flags().StringArrayVar(&q.statuses, "status", nil, "only runs with this `status` (repeatable)")
	cmd.Flags().StringArrayVar(&q.purposes, "purpose", nil, "only runs for this `purpose`: plan, apply, drift, push or unlock (repeatable)")
	cmd.Flags().IntVar(&q.limit, "limit", 50, "how many at most, up to 1000")
	complete(cmd, "workspace", a.workspaceNames())
	complete(cmd, "repository", a.repositoryNames())
	complete(cmd, "status", words(allStatuses...))
	complete(cmd, "purpose", words(allPurposes...))
	return cmd
}

func (a *app) runs(cmd *cobra.Command, q runQuery) error {
	conn, err := a.connect(cmd.Context())
	if err != nil {
		return err
	}
	defer conn.close()
	if err := knownRepository(cmd.Context(), conn.Client, q.repository); err != nil {
		return err
	}
	if q.workspace, err = oneWorkspace(cmd.Context(), conn.Client, q.workspace); err != nil {
		return err
	}
	query := url.Values{
		"workspace": {q.workspace}, "repository": {q.repository}, "status": q.statuses, "purpose": q.purposes, "limit": {strconv.Itoa(q.limit)},
	}
	var runs []server.RunView
	if err := conn.Get(cmd.Context(), "/v1/runs", query, &runs); err != nil {
		return err
	}
	a.tellStopped(cmd.Context(), conn, slices.ContainsFunc(runs, underWay))
	switch {
	case a.output == "json":
		return printJSON(a.out, runs)
	case len(runs) == 0:
		a.say("There are no such runs.")
		return nil
	}
	return a.printRuns(runs)
}

// oneWorkspace is the identity of a workspace that may be named without its repository.
func oneWorkspace(ctx context.Context, client *server.Client, name string) (string, error) {
	if name == "" || strings.Contains(name, "//") {
		return name, nil
	}
	found, err := oneNamed(ctx, client, name)
	return found.ID, err
}

// knownRepository checks that driftless has a repository of that name; "" is all of them.
func knownRepository(ctx context.Context, client *server.Client, name string) error {
	var all []server.RepositoryView
	if name == "" {
		return nil
	}
	if err := client.Get(ctx, "/v1/repositories", nil, &all); err != nil {
		return err
	}
	var names []string
	for _, r := range all {
		if r.Name == name {
			return nil
		}
		names = append(names, r.Name)
	}
	if len(names) == 0 {
		return fmt.Errorf("there is no repository %q: `driftless serve` has seen none yet", name)
	}
	return fmt.Errorf("there is no repository %q: there is %s", name, strings.Join(names, ", "))
}

func (a *app) printRuns(runs []server.RunView) error {
	t := table{header: []string{"RUN", "WORKSPACE", "PURPOSE", "STATUS", "CHANGES", "COMMIT", "QUEUED", "NOTE"}}
	for _, r := range runs {
		t.add(strconv.FormatInt(r.ID, 10), r.Workspace, r.Purpose, r.Status, changesText(r), short(r.Commit), ago(r.CreatedAt), firstLine(cmp.Or(r.Reason, r.Trigger)))
	}
	return t.print(a, a.out)
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
