package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
)

func newHistory(a *app) *cobra.Command {
	var p period
	var workspace string
	var limit int
	cmd := &cobra.Command{
		Use:   "history ADDRESS",
		Short: "Who changed a resource, and when",
		Long: `history lists the applies that changed a resource, newest first: when, what was done, in which workspace, by which run and pull request, and
who wrote, reviewed and approved it. The address of a resource with several instances finds all of them, that of a module all that is in
it, and a former address what was moved away from it.

What is listed is compared with the audit log, which holds the same; where that says otherwise, history says so and ends with exit code 1.`,
		Example: `  driftless history aws_instance.web
  driftless history 'module.network["eu"]' -w infra//prod/network --from 2026-01-01
  driftless history aws_instance.web -o json | jq '.[0].pull_requests'`,
		Args: takes(1, 1, "the address of a resource or module"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 || limit > 1000 {
				return fmt.Errorf("--limit %d is not a number from 1 to 1000", limit)
			}
			return a.history(cmd.Context(), args[0], workspace, limit, p)
		},
	}
	p.flags(cmd)
	cmd.Flags().StringVarP(&workspace, "workspace", "w", "", "only in this `workspace`")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many at most, up to 1000")
	complete(cmd, "workspace", a.workspaceNames())
	return cmd
}

func (a *app) history(ctx context.Context, address, workspace string, limit int, p period) error {
	query, err := p.query()
	if err != nil {
		return err
	}
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	if workspace, err = oneWorkspace(ctx, conn.Client, workspace); err != nil {
		return err
	}
	query.Set("address", address)
	query.Set("workspace", workspace)
	query.Set("limit", strconv.Itoa(limit))
	var all []server.ChangeView
	if err := conn.Get(ctx, "/v1/history", query, &all); err != nil {
		return err
	}
	switch {
	case a.output == "json":
		if err := printJSON(a.out, all); err != nil {
			return err
		}
		return a.differing(all)
	case len(all) == 0:
		a.say("No apply on record changed a %s. What was applied before driftless kept a list of that, or by others, is not in it.", address)
		return nil
	}
	return a.printHistory(all)
}

func (a *app) printHistory(all []server.ChangeView) error {
	t := table{whole: true, header: []string{"WHEN", "ADDRESS", "ACTION", "WORKSPACE", "RUN", "COMMIT", "PULL REQUEST", "WHO"}}
	for _, c := range all {
		address := c.Address
		if c.Previous != "" {
			address += " (was " + c.Previous + ")"
		}
		var pulls []string
		for _, p := range c.PullRequests {
			pulls = append(pulls, cmp.Or(p.URL, p.Key))
		}
		t.add(clock(c.At), address, c.Action, c.Workspace, strconv.FormatInt(c.Run, 10), short(c.Commit), strings.Join(pulls, ", "), whoChanged(c))
	}
	if err := t.print(a, a.out); err != nil {
		return err
	}
	return a.differing(all)
}

// differing says which records do not say what is listed: only they are chained by their hashes.
func (a *app) differing(all []server.ChangeView) error {
	var records []string
	for _, c := range all {
		if text := strconv.FormatInt(c.Record, 10); c.Differs && !slices.Contains(records, text) {
			records = append(records, text)
		}
	}
	if len(records) == 0 {
		return nil
	}
	a.say("driftless: the audit log says otherwise in record %s: what is listed here was changed behind driftless's back. Believe `driftless audit export`, once `driftless audit verify` has checked it.", strings.Join(records, ", "))
	return exitCode(1)
}

// whoChanged names everybody who had a part in a change.
func whoChanged(c server.ChangeView) string {
	var parts []string
	for _, p := range c.PullRequests {
		if p.Author != "" {
			parts = append(parts, p.Author)
		}
		if len(p.ReviewedBy) > 0 {
			parts = append(parts, "reviewed by "+strings.Join(p.ReviewedBy, " and "))
		}
		if p.MergedBy != "" && p.MergedBy != p.Author {
			parts = append(parts, "merged by "+p.MergedBy)
		}
	}
	if c.Actor != runner.Self {
		parts = append(parts, "approved by "+c.Actor)
	}
	return cmp.Or(strings.Join(parts, ", "), c.Actor)
}
