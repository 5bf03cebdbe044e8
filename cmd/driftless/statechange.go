package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
)

func newStatePull(a *app) *cobra.Command {
	var version, run int64
	cmd := &cobra.Command{
		Use:   "pull WORKSPACE",
		Short: "Print a state as it is, with secrets in clear",
		Long: `pull prints a version of a state as the engine wrote it. It holds every secret of the workspace in clear: do not write it where others
can read it. Who was given it is recorded.

With --run it prints the state that a run left behind because its backend did not take it.`,
		Example: `  umask 077; driftless state pull prod/network > network.tfstate
  driftless state pull prod/network --version 12 | jq '.serial'
  driftless state pull --run 42 > errored.tfstate`,
		ValidArgsFunction: a.workspaceNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case run != 0 && (len(args) > 0 || version != 0):
				return errors.New("--run names a state by itself: give no workspace and no --version")
			case run == 0 && len(args) != 1:
				return takes(1, 1, "a workspace, or --run")(cmd, args)
			}
			ask := map[string]any{"run": run, "version": version}
			conn, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer conn.close()
			if run == 0 {
				w, err := oneNamed(cmd.Context(), conn.Client, args[0])
				if err != nil {
					return err
				}
				ask["workspace"] = w.ID
			}
			return a.pullState(cmd.Context(), conn.Client, ask)
		},
	}
	cmd.Flags().Int64Var(&version, "version", 0, "`number` of the version (default: the newest)")
	cmd.Flags().Int64Var(&run, "run", 0, "what this `run` left behind")
	return cmd
}

// pullState prints a state as it is.
func (a *app) pullState(ctx context.Context, client *server.Client, ask map[string]any) error {
	content, err := client.Send(ctx, "/v1/state/pull", ask)
	if err == nil {
		_, err = a.out.Write(content)
	}
	return err
}

func newStateRollback(a *app) *cobra.Command {
	var reason string
	var yes bool
	cmd := &cobra.Command{
		Use:   "rollback WORKSPACE VERSION",
		Short: "Make an older version of a state the newest",
		Long: `rollback makes the content of an older version of a state the newest one, with the same lineage and a serial of its own. Nothing that was
kept is lost, and no infrastructure is changed.

What the infrastructure has become since that version is not in the state any more: a plan from it may create a second time what exists.
Therefore driftless checks at once what a plan would change, and holds that, and whatever is merged later, until somebody approves it. Once
a plan from the state finds nothing to change, or an approved one was applied, everything is as before.

It is refused while a run works on the workspace or the state is locked. Who did it, and why, is recorded.`,
		Example: `  driftless state list prod/network --versions
  driftless state rollback prod/network 12 --reason "the import went wrong"
  driftless state rollback prod/network 12 --reason "the import went wrong" --yes`,
		Args:              takes(2, 2, "a workspace and a version: `driftless state list WORKSPACE --versions` lists them"),
		ValidArgsFunction: a.workspaceNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := strconv.ParseInt(args[1], 10, 64)
			if err != nil || version < 1 {
				return fmt.Errorf("%q is not the number of a version: `driftless state list %s --versions` lists them", args[1], args[0])
			}
			return a.withWorkspace(cmd.Context(), args[0], func(conn *connection, w server.WorkspaceView) error {
				if _, err := getState(cmd.Context(), conn.Client, w, version); err != nil {
					return err
				}
				if reason, err = a.why(reason); err != nil {
					return err
				}
				if err := a.confirm(yes, "Version %d becomes the newest state of %s. Go on?", version, w.ID); err != nil {
					return err
				}
				return a.changeState(cmd.Context(), conn, "rollback", map[string]any{"workspace": w.ID, "version": version, "reason": reason})
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "`why`; it is recorded")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask whether to go on")
	onlyOnCommandLine(cmd.Flags(), "reason", "yes")
	return cmd
}

func newStatePush(a *app) *cobra.Command {
	var reason string
	var run int64
	var force, yes bool
	cmd := &cobra.Command{
		Use:   "push WORKSPACE FILE | --run RUN",
		Short: "Push back a state that was rescued",
		Long: `push makes a state the newest one of its workspace: what a run left behind because its backend did not take it (--run), or a file ("-" is
standard input). It must continue the state that is there: the same lineage, and a higher serial.

Where driftless keeps the state, that is checked and done at once. Where a backend keeps it, the engine pushes it, in a checkout of the code
of that run or of the newest apply, with the credentials of the workspace's applies and under the backend's lock; that is a run, which
driftless show follows.

With --force a state is taken that does not continue the one there is; a reason is needed then. After that, and after a push of a file,
whatever a plan would change is held until somebody approves it, as after a rollback. Who did it is recorded.`,
		Example: `  driftless state rescued
  driftless state push --run 42
  driftless state push prod/network errored.tfstate
  driftless state push --run 42 --force --reason "the newer version is of a test"
  driftless state push --run 42 --force --reason "the newer version is of a test" --yes`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveDefault // a file
			}
			return a.workspaceNames()(cmd, args, word)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case run != 0 && len(args) > 0:
				return errors.New("--run names the workspace and the state: give nothing else")
			case run == 0 && len(args) != 2:
				return takes(2, 2, "a workspace and a file, or --run: `driftless state rescued` lists what there is")(cmd, args)
			}
			ask := map[string]any{"run": run, "force": force}
			if force {
				var err error
				if reason, err = a.why(reason); err != nil {
					return err
				}
				if err = a.confirm(yes, "It becomes the newest state, whatever is there now. Go on?"); err != nil {
					return err
				}
			}
			ask["reason"] = reason
			if run != 0 {
				conn, err := a.connect(cmd.Context())
				if err != nil {
					return err
				}
				defer conn.close()
				return a.changeState(cmd.Context(), conn, "push", ask)
			}
			return a.withWorkspace(cmd.Context(), args[0], func(conn *connection, w server.WorkspaceView) error {
				content, err := readState(args[1])
				if err != nil {
					return err
				}
				ask["workspace"], ask["content"] = w.ID, content
				return a.changeState(cmd.Context(), conn, "push", ask)
			})
		},
	}
	cmd.Flags().Int64Var(&run, "run", 0, "push what this `run` left behind")
	cmd.Flags().BoolVar(&force, "force", false, "also when it does not continue the state that is there")
	cmd.Flags().StringVar(&reason, "reason", "", "`why`; it is recorded, and needed with --force")
	cmd.Flags().BoolVar(&yes, "yes", false, "with --force: do not ask whether to go on")
	onlyOnCommandLine(cmd.Flags(), "run", "force", "reason", "yes")
	return cmd
}

// readState reads a state file, or standard input.
func readState(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	return content, nil
}

// changeState sends a command on a state, and says what came of it.
func (a *app) changeState(ctx context.Context, conn *connection, command string, ask map[string]any) error {
	var done server.StateChange
	if err := conn.Do(ctx, "/v1/state/"+command, ask, &done); err != nil {
		return err
	}
	if v := done.Version; v != nil {
		a.say("Version %d (serial %d) is the newest state now.", v.Version, v.Serial)
		if len(done.Runs) == 0 && (ask["run"] == nil || ask["run"] == int64(0) || ask["force"] == true) {
			a.say("The workspace is planned again from it%s, and what that would change is held: `driftless runs --status held`.", later(conn))
		}
	}
	if done.Lock != nil && len(done.Runs) == 0 {
		a.say("The lock is taken away. It was held by %s. %s", safe(done.Lock.String()), afterUnlock(*done.Lock))
	}
	for _, run := range done.Runs {
		if run.Purpose == string(runner.PurposeDrift) {
			a.say("Run %d looks what a plan from it would change, and holds that%s: `driftless show %[1]d`.", run.ID, later(conn))
			continue
		}
		a.say("Run %d (%s) lets the engine do it%s: `driftless show %[1]d` says what came of it.", run.ID, run.Purpose, later(conn))
	}
	if a.output == "json" {
		return printJSON(a.out, done)
	}
	return nil
}

// afterUnlock says what can be done when a lock is gone.
func afterUnlock(lock runner.Lock) string {
	if lock.RunStatus == runner.Interrupted {
		return fmt.Sprintf("`driftless resume %d` plans again and applies what is missing, or `driftless discard %[1]d` settles it without that.", lock.RunID)
	}
	return "A run that it kept from its work tries again after `driftless approve RUN`: `driftless runs` lists it."
}
