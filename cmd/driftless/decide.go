package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
)

func newCancel(a *app) *cobra.Command {
	var local bool
	ask := a.eachRun("cancel", nil, func(conn *connection, id string, runs []server.RunView) {
		if len(runs) > 0 && runs[0].Status == string(runner.Applying) {
			a.say("The engine of run %s is told to stop%s. `driftless show %[1]s` says how far it got.", id, later(conn))
			return
		}
		a.say("Run %s is canceled.", id)
	})
	cmd := &cobra.Command{
		Use:   "cancel RUN...",
		Short: "End runs that are queued or under way",
		Long: `cancel ends runs. One that is queued or planned ends at once, and nothing of it is applied; the same change is not tried again by itself.

Of one that is being applied the engine is interrupted, as by Ctrl-C: it finishes what it is doing, saves its state and releases its lock. If it
has not ended after five minutes (cancel of timeouts), it is killed, and the run is interrupted: what it did is not known then. In both cases
driftless show tells which changes were completed. Who canceled is on record.

With --local the engine is told on the machine where it runs, without the database, for when that is away. Who did it is on no record then.`,
		Example: `  driftless runs --status applying
  driftless cancel 42
  driftless show 42                      # how far it got`,
		Args:              runNumbers("cancel", "`driftless runs` lists those that are queued or under way"),
		ValidArgsFunction: a.runsThatAre(runner.Queued, runner.Planning, runner.Planned, runner.Applying),
		RunE: func(cmd *cobra.Command, args []string) error {
			if local {
				return a.cancelHere(args)
			}
			return ask(cmd, args)
		},
	}
	cmd.Flags().BoolVar(&local, "local", false, "interrupt applies that go on in this data directory, without the database")
	onlyOnCommandLine(cmd.Flags(), "local")
	return cmd
}

// cancelHere interrupts the engines of applies on this machine.
func (a *app) cancelHere(ids []string) error {
	place, err := a.place()
	if err == nil {
		place, err = place.Resolved()
	}
	if err != nil {
		return err
	}
	var problems []error
	for _, id := range ids {
		n, err := strconv.ParseInt(id, 10, 64)
		if err == nil {
			err = runner.InterruptHere(place.DataDir, n)
		}
		if err == nil {
			a.say("The engine of run %d is told to stop.", n)
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func newResume(a *app) *cobra.Command {
	var reason string
	var force bool
	cmd := &cobra.Command{
		Use:   "resume RUN...",
		Short: "Apply what an interrupted run left undone",
		Long: `resume settles a run that was interrupted in the middle of its apply: the lock of its state is released, the workspace is planned again, and
what is missing is applied, as far as it is what was reviewed or approved; anything beyond it is held. Policies judge it as ever.

Look first at what the run did: driftless show lists the changes that were completed, as far as the engine said. It is refused while a process of
the run is at work on this machine, and while the replica that worked on it has not said how it ended: start that one again, or make sure that
nothing of it runs there any more, and say so with --force. A newer commit on the tracked branch takes its place. What the run had made,
or begun to make, and the state does not know, is held rather than made a second time; after --force whatever is planned is held, because nothing
is known of that. Who resumed it, and why, is on record.`,
		Example: `  driftless runs --status interrupted
  driftless show 42                      # what is known
  driftless resume 42
  driftless resume 42 --force --reason "its machine is off for good"`,
		Args:              runNumbers("resume", "`driftless runs --status interrupted` lists them"),
		ValidArgsFunction: a.runsThatAre(runner.Interrupted),
		RunE: a.eachRun("resume", func() any { return map[string]any{"reason": reason, "force": force} }, func(conn *connection, id string, runs []server.RunView) {
			if len(runs) == 0 {
				a.say("Run %s is settled. What takes its place is planned next%s.", id, later(conn))
			}
			for _, run := range runs {
				then := "applies what is missing"
				if force {
					then = "holds what is missing until it is approved"
				}
				a.say("Run %s is resumed: run %d plans %s again and %s%s.", id, run.ID, run.Workspace, then, later(conn))
			}
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "`why`; it is recorded")
	cmd.Flags().BoolVar(&force, "force", false, goneThere)
	onlyOnCommandLine(cmd.Flags(), "reason", "force")
	return cmd
}

// goneThere is what --force says.
const goneThere = "nothing of the run is at work any more where its replica was, which does not answer: you made sure"

func newDiscard(a *app) *cobra.Command {
	var reason string
	var force bool
	cmd := &cobra.Command{
		Use:   "discard RUN...",
		Short: "Settle an interrupted run without applying what it left undone",
		Long: `discard says that a person settled what a run left that was interrupted in the middle of its apply: the lock of its state is released, and
the workspace is planned again. If nothing is left to do, it is in sync; whatever the plan would change is held until it is approved.

It is refused while a process of the run is at work on this machine, and, without --force, while the replica that worked on it has not said how
it ended. Who discarded it, and why, is on record.`,
		Example: `  driftless show 42                      # what is known
  driftless discard 42 --reason "finished by hand"`,
		Args:              runNumbers("discard", "`driftless runs --status interrupted` lists them"),
		ValidArgsFunction: a.runsThatAre(runner.Interrupted),
		RunE: a.eachRun("discard", func() any { return map[string]any{"reason": reason, "force": force} }, func(conn *connection, id string, _ []server.RunView) {
			a.say("Run %s is settled. Its workspace is planned again, and what that would change is held%s.", id, later(conn))
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "`why`; it is recorded")
	cmd.Flags().BoolVar(&force, "force", false, goneThere)
	onlyOnCommandLine(cmd.Flags(), "reason", "force")
	return cmd
}

// runNumbers checks that the arguments are numbers of runs.
func runNumbers(verb, hint string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("driftless %s needs the numbers of runs: %s", verb, hint)
		}
		for _, arg := range args {
			if n, err := strconv.ParseInt(arg, 10, 64); err != nil || n < 1 {
				return fmt.Errorf("%q is not the number of a run: %s", arg, hint)
			}
		}
		return nil
	}
}

// eachRun carries out a command on runs one by one; the ones that it cannot be done to do not keep the others from it.
func (a *app) eachRun(verb string, body func() any, tell func(conn *connection, id string, runs []server.RunView)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		conn, err := a.connect(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.close()
		return a.onRuns(cmd.Context(), conn, args, verb, body, tell)
	}
}

func (a *app) onRuns(ctx context.Context, conn *connection, ids []string, verb string, body func() any, tell func(*connection, string, []server.RunView)) error {
	all := []server.RunView{}
	var problems []error
	for _, id := range ids {
		var ask any
		if body != nil {
			ask = body()
		}
		runs, err := conn.Post(ctx, "/v1/runs/"+id+"/"+verb, ask)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		all = append(all, runs...)
		tell(conn, id, runs)
	}
	if a.output == "json" {
		problems = append(problems, printJSON(a.out, all))
	}
	return errors.Join(problems...)
}

// runsThatAre completes runs by their status.
func (a *app) runsThatAre(statuses ...runner.Status) completion {
	return a.ask(func(cmd *cobra.Command, client *server.Client) (found []cobra.Completion, err error) {
		filter := url.Values{}
		for _, s := range statuses {
			filter.Add("status", string(s))
		}
		var runs []server.RunView
		err = client.Get(cmd.Context(), "/v1/runs", filter, &runs)
		slices.SortFunc(runs, func(x, y server.RunView) int { return int(y.ID - x.ID) })
		for _, r := range runs {
			found = append(found, runNumber(r))
		}
		return found, err
	})
}
