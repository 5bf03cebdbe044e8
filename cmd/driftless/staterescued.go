package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner"
)

func newStateRescued(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "rescued",
		Short: "List states that could not be written, and are kept",
		Long: `rescued lists the states that engines could not write to their backend (errored.tfstate), newest first: the run that left each behind, and
what it continues. A state that driftless keeps itself is brought up to date by itself when the rescued one continues it. The others wait for a
person: they may be the only record of what was made. As long as one waits, nothing is applied to its workspace. driftless state settle says
that nobody needs one.`,
		Example: `  driftless state rescued
  driftless state rescued -o json | jq '.[] | select(.waiting) | .run'
  driftless state push --run 42
  driftless state settle 42 --reason "made anew by run 57"`,
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			conn, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer conn.close()
			var all []runner.Rescued
			if err := conn.Get(cmd.Context(), "/v1/state/rescued", nil, &all); err != nil {
				return err
			}
			if a.output == "json" {
				return printJSON(a.out, all)
			}
			if len(all) == 0 {
				a.say("No state had to be rescued.")
				return nil
			}
			t := table{whole: true, header: []string{"RUN", "WORKSPACE", "SERIAL", "BYTES", "WHEN", "FILE", "WHAT IT CONTINUES"}}
			for _, r := range all {
				t.add(strconv.FormatInt(r.RunID, 10), string(r.Workspace), strconv.FormatInt(r.Serial, 10), strconv.Itoa(r.Size), clock(r.At), r.File, r.Continues)
			}
			return t.print(a, a.out)
		},
	}
}

func newStateSettle(a *app) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "settle RUN",
		Short: "Say that nobody needs a state that was rescued",
		Long: `settle says that what a run left behind needs no push: what it knows is in the newest state, or does not exist any more. It waits for
nobody then, and goes with its run when that is old; until then it can be read and pushed all the same. Who settled it, and why, is recorded.`,
		Example: `  driftless state rescued
  driftless state settle 42 --reason "all of it was imported"`,
		Args: func(cmd *cobra.Command, args []string) error {
			const hint = "`driftless state rescued` lists those that left a state behind"
			if len(args) > 1 {
				return takes(1, 1, "one run: "+hint)(cmd, args)
			}
			return runNumbers("state settle", hint)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			conn, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer conn.close()
			if reason, err = a.why(reason); err != nil {
				return err
			}
			run, _ := strconv.ParseInt(args[0], 10, 64) // as checked
			if err := a.changeState(cmd.Context(), conn, "settle", map[string]any{"run": run, "reason": reason}); err != nil {
				return err
			}
			a.say("What run %d left behind waits for nobody any more.", run)
			return nil
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "`why`; it is recorded")
	onlyOnCommandLine(cmd.Flags(), "reason")
	return cmd
}
