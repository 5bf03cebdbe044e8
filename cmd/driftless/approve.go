package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
)

// approval is what is to be approved.
type approval struct {
	runs       []string
	all        bool
	labels     map[string]string
	repository string
}

func newApprove(a *app) *cobra.Command {
	var what approval
	cmd := &cobra.Command{
		Use:   "approve RUN...",
		Short: "Approve held changes",
		Long: `approve approves exactly the changes that a held run shows. driftless plans again and applies them if nothing else came with them; anything
beyond them is held again. A failed or canceled run of the tracked branch can be approved as well: it is planned and applied again. A held
drift run is approved to repair the drift. An interrupted one is not approved: look first, then driftless resume or
driftless discard settles it. As long as a rescued state of its workspace waits (driftless state rescued), no run of it is approved.

An approval does not overrule a policy. Who approved is on record: the user who runs this command.

With --repository it acknowledges a tracked branch that was rewritten (force-pushed), which holds everything until then.`,
		Example: `  driftless runs --status held
  driftless show 42
  driftless approve 42
  driftless approve --all -l env=dev     # everything that is held in these workspaces, such as at first sight
  driftless approve --repository infra   # the branch was rewritten on purpose`,
		ValidArgsFunction: a.approvable(),
		RunE: func(cmd *cobra.Command, args []string) error {
			what.runs = args
			if err := what.check(); err != nil {
				return err
			}
			conn, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer conn.close()
			return a.approve(cmd.Context(), conn, what)
		},
	}
	cmd.Flags().BoolVar(&what.all, "all", false, "approve every held run of the tracked branch; repairs of drift are approved by number")
	cmd.Flags().StringToStringVarP(&what.labels, "label", "l", nil, "with --all: only of workspaces with these `labels` (key=value)")
	cmd.Flags().StringVar(&what.repository, "repository", "", "acknowledge the rewritten branch of this `repository`")
	onlyOnCommandLine(cmd.Flags(), "all", "label", "repository")
	complete(cmd, "repository", a.repositoryNames())
	return cmd
}

// check makes sure that one thing is asked for.
func (w approval) check() error {
	switch {
	case w.repository != "" && (w.all || len(w.runs) > 0):
		return errors.New("--repository acknowledges a branch and approves no runs: give it alone")
	case w.repository != "":
		return nil
	case w.all && len(w.runs) > 0:
		return errors.New("give runs or --all, not both")
	case !w.all && len(w.labels) > 0:
		return errors.New("-l chooses among --all: add --all")
	case !w.all && len(w.runs) == 0:
		return errors.New("driftless approve needs the numbers of runs, or --all: `driftless runs --status held` lists what is held")
	}
	for _, run := range w.runs {
		if n, err := strconv.ParseInt(run, 10, 64); err != nil || n < 1 {
			return fmt.Errorf("%q is not the number of a run: `driftless runs --status held` lists them", run)
		}
	}
	return nil
}

// approve approves runs one by one; the ones that cannot be approved do not keep the others from it.
func (a *app) approve(ctx context.Context, conn *connection, what approval) (err error) {
	if what.repository != "" {
		if _, err := conn.Post(ctx, "/v1/repositories/"+url.PathEscape(what.repository)+"/acknowledge", nil); err != nil {
			return err
		}
		a.say("Repository %s goes on from its rewritten branch%s.", what.repository, later(conn))
		return nil
	}
	if what.all {
		var byNumber []string
		if what.runs, byNumber, err = heldRuns(ctx, conn.Client, what.labels); err != nil {
			return err
		}
		switch {
		case len(byNumber) > 0:
			a.say("--all leaves out what is approved by its number, a repair of drift and a plan from another state than was seen before: `driftless show` each of %s.", strings.Join(byNumber, ", "))
		case len(what.runs) == 0:
			a.say("Nothing is held.")
		}
	}
	queued := []server.RunView{}
	var problems []error
	for _, id := range what.runs {
		runs, err := conn.Post(ctx, "/v1/runs/"+id+"/approve", nil)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		queued = append(queued, runs...)
		if len(runs) == 0 {
			a.say("Run %s is settled. A newer commit took its place, and is planned next%s.", id, later(conn))
		}
		for _, run := range runs {
			a.say("Run %s is approved: run %d plans %s again, and applies it if that is what was approved%s.", id, run.ID, run.Workspace, later(conn))
		}
	}
	if a.output == "json" {
		problems = append(problems, printJSON(a.out, queued))
	}
	return errors.Join(problems...)
}

// later says when something happens while no driftless is running.
func later(conn *connection) string {
	if conn.running {
		return ""
	}
	return ", as soon as `driftless serve` runs"
}

// heldRuns are the numbers of the held applies of the workspaces with the labels, and of those runs that are held and approved
// only by number. Applies before a merge are left out: they go on by a comment.
func heldRuns(ctx context.Context, client *server.Client, labels map[string]string) (held, byNumber []string, err error) {
	var all []server.WorkspaceView
	if err := client.Get(ctx, "/v1/workspaces", nil, &all); err != nil {
		return nil, nil, err
	}
	wanted := map[string]bool{}
	for _, w := range all {
		wanted[w.ID] = true
		for name, value := range labels {
			wanted[w.ID] = wanted[w.ID] && w.Labels[name] == value
		}
	}
	var runs []server.RunView
	if err := client.Get(ctx, "/v1/runs", url.Values{"status": {"held"}, "purpose": {"apply", "drift"}}, &runs); err != nil {
		return nil, nil, err
	}
	for i := len(runs) - 1; i >= 0; i-- { // oldest first: what others depend on was seen first
		number := strconv.FormatInt(runs[i].ID, 10)
		switch {
		case !wanted[runs[i].Workspace] || runs[i].PullRequest != "":
		case runs[i].OddState() || runs[i].Purpose == string(runner.PurposeDrift):
			byNumber = append(byNumber, number)
		default:
			held = append(held, number)
		}
	}
	return held, byNumber, nil
}
