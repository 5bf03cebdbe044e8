package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner/server"
)

func newApprove(a *app) *cobra.Command {
	var all bool
	var labels map[string]string
	var repository string
	cmd := &cobra.Command{
		Use:   "approve RUN...",
		Short: "Approve held changes",
		Long: `approve approves exactly the changes that a held run shows. driftless plans again and applies them if nothing else came with them; anything
beyond them is held again. A failed or interrupted run can be approved as well: it is planned and applied again.

An approval does not overrule a policy. With --repository it acknowledges a tracked branch that was rewritten (force-pushed).`,
		Example: `  driftless runs --status held
  driftless approve 42
  driftless approve --all -l env=dev     # everything that is held in these workspaces, such as at first sight
  driftless approve --repository infra   # the branch was rewritten on purpose`,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, done, err := a.client(cmd.Context())
			if err != nil {
				return err
			}
			defer done()
			switch {
			case repository != "":
				_, err := client.Post(cmd.Context(), "/v1/repositories/"+url.PathEscape(repository)+"/acknowledge", nil)
				return err
			case all == (len(args) > 0):
				return errors.New("approve names runs, or --all: `driftless runs --status held` lists what is held")
			case all:
				if args, err = heldRuns(cmd.Context(), client, labels); err != nil {
					return err
				}
			}
			return a.approve(cmd.Context(), client, args)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "approve every held run")
	cmd.Flags().StringToStringVarP(&labels, "label", "l", nil, "with --all: only of workspaces with these `labels` (key=value)")
	cmd.Flags().StringVar(&repository, "repository", "", "acknowledge the rewritten branch of this `repository`")
	return cmd
}

// approve approves runs one by one; the ones that cannot be approved do not keep the others from it.
func (a *app) approve(ctx context.Context, client *server.Client, args []string) error {
	queued := []server.RunView{}
	var problems []error
	for _, arg := range args {
		if _, err := strconv.ParseInt(arg, 10, 64); err != nil {
			problems = append(problems, fmt.Errorf("%q is not the number of a run: `driftless runs --status held` lists them", arg))
			continue
		}
		runs, err := client.Post(ctx, "/v1/runs/"+arg+"/approve", nil)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		queued = append(queued, runs...)
		for _, run := range runs {
			_, _ = fmt.Fprintf(a.err, "Run %s is approved: run %d plans %s again and applies what was approved.\n", arg, run.ID, run.Workspace)
		}
	}
	if len(args) == 0 {
		_, _ = fmt.Fprintln(a.err, "Nothing is held.")
	}
	if a.output == "json" {
		problems = append(problems, printJSON(a.out, queued))
	}
	return errors.Join(problems...)
}

// heldRuns are the numbers of the held applies of the workspaces with the labels. Held drift is left out: a repair is
// approved by name.
func heldRuns(ctx context.Context, client *server.Client, labels map[string]string) ([]string, error) {
	var all []server.WorkspaceView
	if err := client.Get(ctx, "/v1/workspaces", nil, &all); err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, w := range all {
		wanted[w.ID] = true
		for name, value := range labels {
			wanted[w.ID] = wanted[w.ID] && w.Labels[name] == value
		}
	}
	var runs []server.RunView
	if err := client.Get(ctx, "/v1/runs", url.Values{"status": {"held"}, "purpose": {"apply"}}, &runs); err != nil {
		return nil, err
	}
	var held []string
	for i := len(runs) - 1; i >= 0; i-- { // oldest first: what others depend on was seen first
		if wanted[runs[i].Workspace] {
			held = append(held, strconv.FormatInt(runs[i].ID, 10))
		}
	}
	return held, nil
}

// labelsText is how labels are shown.
func labelsText(labels map[string]string) string {
	var all []string
	for _, name := range sortedKeys(labels) {
		all = append(all, name+"="+labels[name])
	}
	return strings.Join(all, ",")
}
