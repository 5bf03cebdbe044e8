package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner/server"
)

func newReplicas(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "replicas",
		Short: "List the processes that share the work",
		Long: `replicas lists the driftless processes on a PostgreSQL database: those that are alive, and for a day those that went away without a word.
It shows the labels of the workspaces that each takes runs of, the repositories that it leads (polls, reports and checks for drift), and
the runs that it works on. A process that is stopped is not listed. Which of several on one host it is says the file instance in its data
directory: its REPLICA.`,
		Example: `  driftless replicas
  driftless replicas -o json | jq '.[] | select(.alive | not) | .host'`,
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.listReplicas(cmd.Context()) },
	}
}

func (a *app) listReplicas(ctx context.Context) error {
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	var all []server.ReplicaView
	if err := conn.Get(ctx, "/v1/replicas", nil, &all); err != nil {
		return err
	}
	if a.output == "json" {
		return printJSON(a.out, all)
	}
	if len(all) == 0 {
		a.say("There are no replicas: none is running, or the database is SQLite, on which only one process works (docs/operations.md, Several replicas).")
		return nil
	}
	t := table{whole: true, header: []string{"REPLICA", "HOST", "KIND", "SINCE", "SEEN", "LABELS", "LEADS", "WORKS ON"}}
	for _, r := range all {
		kind := r.Kind
		if !r.Alive {
			kind = "gone"
		}
		t.add(r.ID, r.Host, kind, ago(r.StartedAt), ago(r.SeenAt), cmp.Or(strings.Join(r.Takes, ","), "-"), cmp.Or(strings.Join(r.Leads, ","), "-"), runList(r.WorksOn))
	}
	return t.print(a, a.out)
}

// runList names runs.
func runList(ids []int64) string {
	const most = 5
	var names []string
	for _, id := range ids[:min(len(ids), most)] {
		names = append(names, fmt.Sprint(id))
	}
	if len(ids) > most {
		names = append(names, fmt.Sprintf("and %d more", len(ids)-most))
	}
	return cmp.Or(strings.Join(names, ", "), "-")
}
