package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner/server"
)

func newUnlock(a *app) *cobra.Command {
	var reason, id string
	var force, yes bool
	cmd := &cobra.Command{
		Use:   "unlock WORKSPACE",
		Short: "Take the lock of a state away from a holder that is gone",
		Long: `unlock takes away the lock of a workspace's state, after it said who holds it and since when. Who took it, and why, is recorded.

It is refused while a run of the workspace, or its engine on this machine, is at work. Where nobody can know whether the holder is gone (an
interrupted run, or somebody who is not driftless) it needs --force: make sure first that no engine works there, on no machine. Two that write one
state lose what one of them did.

Where driftless keeps the state it is done at once. Where a backend keeps it, the engine does it with the credentials of the workspace's applies,
as a run. What the lock kept from its work is not tried again by itself: afterwards ` + "`driftless approve RUN`" + ` lets it.

It does not give up what a pull request reserved: that is what the comment ` + "`driftless unlock`" + ` on the pull request does.`,
		Example: `  driftless show prod/network                          # who holds it, since when
  driftless unlock prod/network --reason "the machine is gone"
  driftless unlock prod/network --force --reason "looked at it: the engine is gone"
  driftless unlock prod/network --force --reason "looked at it: the engine is gone" --yes`,
		Args:              takes(1, 1, "a workspace: `driftless workspaces` says which are locked"),
		ValidArgsFunction: a.workspaceNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withWorkspace(cmd.Context(), args[0], func(conn *connection, w server.WorkspaceView) error {
				if w.Lock != nil {
					a.say("The state of %s is locked by %s.", w.ID, safe(w.Lock.String()))
					if id == "" {
						id = w.Lock.ID
					}
				}
				if w.Lock == nil && id == "" && w.Backend == "" {
					return fmt.Errorf("the state of %s is not locked", w.ID)
				}
				why, err := a.why(reason)
				if err != nil {
					return err
				}
				if err := a.confirm(yes || !force, "The lock is taken away whatever works there: two that write the state of %s lose what one of them did. Go on?", w.ID); err != nil {
					return err
				}
				return a.changeState(cmd.Context(), conn, "unlock", map[string]any{"workspace": w.ID, "lock": id, "reason": why, "force": force})
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "`why`; it is recorded, and asked for on a terminal")
	cmd.Flags().StringVar(&id, "lock-id", "", "the `id` of the lock, for a backend's lock that driftless did not meet")
	cmd.Flags().BoolVar(&force, "force", false, "also when it is not known whether the holder is gone")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask whether to go on")
	onlyOnCommandLine(cmd.Flags(), "reason", "lock-id", "force", "yes")
	return cmd
}

// why is the reason that was given, or asks for it.
func (a *app) why(given string) (string, error) {
	if strings.TrimSpace(given) != "" {
		return given, nil
	}
	if !terminal(os.Stdin) {
		return "", errors.New("say why with --reason: it is kept on record")
	}
	_, _ = fmt.Fprint(a.err, "Why? It is kept on record: ")
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	if strings.TrimSpace(line) == "" {
		return "", errors.New("nothing was done: no reason was given")
	}
	return strings.TrimSpace(line), nil
}

// confirm asks whether to go on.
func (a *app) confirm(yes bool, question string, args ...any) error {
	if yes {
		return nil
	}
	if !terminal(os.Stdin) {
		return errors.New("nobody can be asked whether to go on: add --yes")
	}
	_, _ = fmt.Fprintf(a.err, question+" [y/N] ", args...)
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return errors.New("nothing was done")
	}
	return nil
}
