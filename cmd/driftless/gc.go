package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/runner/retention"
)

func newGC(a *app) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Remove what is old, or say what that is",
		Long: `gc removes what the retention block of the configuration does not keep: old runs, plans, logs and versions of states, and directories
that nothing uses. A running driftless does the same once a day. What a decision still rests on never goes (docs/operations.md).

With --dry-run nothing is removed. Directories are those of this machine.`,
		Example: `  driftless gc --dry-run
  driftless gc -o json | jq .artifact_bytes`,
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			removed, err := a.sweep(cmd.Context(), dry)
			if err != nil {
				return err
			}
			return a.printRemoved(removed, dry)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "remove nothing")
	onlyOnCommandLine(cmd.Flags(), "dry-run")
	return cmd
}

func (a *app) sweep(ctx context.Context, dry bool) (removed retention.Removed, err error) {
	conn, err := a.connect(ctx)
	if err != nil {
		return removed, err
	}
	defer conn.close()
	if conn.running {
		err = conn.Do(ctx, fmt.Sprintf("/v1/gc?dry_run=%t", dry), nil, &removed)
		return removed, err
	}
	config, err := a.settings()
	if err != nil {
		return removed, err
	}
	keeper, err := daemon.NewKeeper(conn.store, config.DataDir, config, a.logger())
	if err != nil {
		return removed, err
	}
	return keeper.Sweep(ctx, dry)
}

func (a *app) printRemoved(r retention.Removed, dry bool) error {
	if a.output == "json" {
		return printJSON(a.out, r)
	}
	t := table{header: []string{"WHAT", "REMOVED", "BYTES"}}
	if dry {
		t.header[1] = "WOULD GO"
	}
	for _, row := range []struct {
		what  string
		n     int
		bytes int64
	}{
		{"runs", r.Runs, 0}, {"pull requests", r.PullRequests, 0}, {"comments, statuses and issues on record", r.Posts, 0},
		{"commands", r.Commands, 0}, {"events", int(r.Events), 0}, {"plans and logs", r.Artifacts, r.ArtifactBytes},
		{"versions of states", r.States, r.StateBytes}, {"files and directories", r.Paths, r.PathBytes},
	} {
		bytes := ""
		if row.bytes > 0 {
			bytes = sized(row.bytes)
		}
		t.add(row.what, fmt.Sprint(row.n), bytes)
	}
	if err := t.print(a, a.out); err != nil {
		return err
	}
	if r.Elsewhere != "" {
		a.say("Another process (%s) is removing what is old from the database: here only directories were looked at.", safe(r.Elsewhere))
		return nil
	}
	a.say("Plans and logs that are kept take %s.", sized(r.LeftBytes))
	return nil
}

// sized is a number of bytes as people read it.
func sized(n int64) string {
	unit := 0
	value := float64(n)
	for ; value >= 1024 && unit < 4; unit++ {
		value /= 1024
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGT"[unit-1])
}
