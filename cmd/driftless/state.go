package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/runner/server"
)

func newState(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "state",
		Short: "Look at states, roll one back, push one that was rescued",
		Long: `state is about the states that driftless keeps: those of workspaces without a backend block, or with a local one. Every version is kept.

Of a workspace whose backend keeps the state, it says which backend that is and what to run there; only a push goes through driftless, which
lets the engine do it with the workspace's own credentials.`,
		Example: `  driftless state list prod/network
  driftless state list prod/network --versions
  driftless state show prod/network aws_vpc.main
  driftless state rollback prod/network 12 --reason "the import went wrong"
  driftless state rescued`,
	})
	cmd.AddCommand(newStateList(a), newStateShow(a), newStatePull(a), newStateRollback(a), newStatePush(a), newStateRescued(a), newStateSettle(a))
	return cmd
}

func newStateList(a *app) *cobra.Command {
	var versions bool
	var version int64
	cmd := &cobra.Command{
		Use:   "list WORKSPACE",
		Short: "List the resources in a state, or its versions",
		Long: `list prints the addresses of what the newest version of a state holds, as terraform state list does: one on each line. Objects that were
replaced and not destroyed yet are marked as deposed.

With --versions it lists the versions that are kept, newest first, with the run that wrote each. A version without a run was put there by
a person: the history says by whom.`,
		Example: `  driftless state list prod/network
  driftless state list prod/network --version 12
  driftless state list prod/network --versions
  driftless state list prod/network -o json | jq '.resources[].address'`,
		Args:              takes(1, 1, "a workspace: `driftless workspaces` lists them"),
		ValidArgsFunction: a.workspaceNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := atMostOne(cmd, "versions", "version"); err != nil {
				return err
			}
			return a.withWorkspace(cmd.Context(), args[0], func(conn *connection, w server.WorkspaceView) error {
				if versions {
					return a.listVersions(cmd.Context(), conn.Client, w)
				}
				return a.listState(cmd.Context(), conn.Client, w, version)
			})
		},
	}
	cmd.Flags().BoolVar(&versions, "versions", false, "list the versions instead")
	cmd.Flags().Int64Var(&version, "version", 0, "`number` of the version to look at (default: the newest)")
	return cmd
}

// withWorkspace connects, and finds the one workspace that a word names.
func (a *app) withWorkspace(ctx context.Context, word string, do func(conn *connection, w server.WorkspaceView) error) error {
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	w, err := oneNamed(ctx, conn.Client, word)
	if err != nil {
		return err
	}
	return do(conn, w)
}

// oneNamed is the one workspace that a word names: an identity, or what follows its repository.
func oneNamed(ctx context.Context, client *server.Client, word string) (w server.WorkspaceView, err error) {
	found, err := named(ctx, client, []string{word})
	switch {
	case err != nil:
		return w, err
	case len(found) > 1:
		return w, fmt.Errorf("%q is in several repositories: write %s or %s", word, found[0].ID, found[1].ID)
	}
	return found[0], nil
}

func getState(ctx context.Context, client *server.Client, w server.WorkspaceView, version int64) (state server.StateView, err error) {
	query := url.Values{"workspace": {w.ID}}
	if version != 0 {
		query.Set("version", strconv.FormatInt(version, 10))
	}
	if err = client.Get(ctx, "/v1/state", query, &state); err == nil && state.Encrypted {
		err = fmt.Errorf("the state of %s is encrypted by OpenTofu: `driftless state pull` prints it as it is, and tofu reads it with its key", w.ID)
	}
	return state, err
}

func (a *app) listState(ctx context.Context, client *server.Client, w server.WorkspaceView, version int64) error {
	state, err := getState(ctx, client, w, version)
	if err != nil {
		return err
	}
	if a.output == "json" {
		return printJSON(a.out, state)
	}
	for _, r := range state.Resources {
		_, _ = fmt.Fprintln(a.out, oneLine(r.Address+marks(r)))
	}
	if len(state.Resources) == 0 {
		a.say("Version %d of the state of %s holds no resources.", state.Version.Version, w.ID)
	}
	return nil
}

// marks says what is special about an object.
func marks(r planner.StateResource) string {
	switch {
	case r.Deposed != "":
		return " (deposed " + r.Deposed + ")"
	case r.Tainted:
		return " (tainted)"
	}
	return ""
}

func (a *app) listVersions(ctx context.Context, client *server.Client, w server.WorkspaceView) error {
	var all []server.VersionView
	if err := client.Get(ctx, "/v1/state/versions", url.Values{"workspace": {w.ID}}, &all); err != nil {
		return err
	}
	if a.output == "json" {
		return printJSON(a.out, all)
	}
	t := table{header: []string{"VERSION", "SERIAL", "BYTES", "RUN", "WHEN", "LINEAGE"}}
	for _, v := range all {
		run := "-"
		if v.Run != 0 {
			run = strconv.FormatInt(v.Run, 10)
		}
		t.add(strconv.FormatInt(v.Version, 10), strconv.FormatInt(v.Serial, 10), strconv.Itoa(v.Size), run, clock(v.CreatedAt), v.Lineage)
	}
	return t.print(a, a.out)
}

func newStateShow(a *app) *cobra.Command {
	var version int64
	var reveal bool
	cmd := &cobra.Command{
		Use:   "show WORKSPACE [ADDRESS]",
		Short: "Show the values of a resource, or the outputs",
		Long: `show prints what a state says of one resource, or, without an address, the outputs.

What the state marks as sensitive is not shown, and neither is text elsewhere in it that is, or holds, such a value. Which values are marked
depends on the engine and its version: Terraform before 1.10 and some versions of OpenTofu write no marks for what a provider's schema calls
sensitive. Take what is shown for confidential all the same. --show-sensitive shows everything, and records who looked.`,
		Example: `  driftless state show prod/network                       # the outputs
  driftless state show prod/network 'aws_subnet.a["eu"]'
  driftless state show prod/network aws_vpc.main --version 12
  driftless state show prod/network -o json               # everything`,
		Args: takes(1, 2, "a workspace, and the address of a resource: `driftless state list` lists them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withWorkspace(cmd.Context(), args[0], func(conn *connection, w server.WorkspaceView) error {
				state, err := getState(cmd.Context(), conn.Client, w, version)
				if err == nil && reveal {
					state.State, err = revealed(cmd.Context(), conn.Client, w, state.Version.Version)
				}
				if err != nil {
					return err
				}
				if len(args) == 1 {
					return a.showOutputs(state)
				}
				return a.showResource(state, args[1])
			})
		},
	}
	cmd.ValidArgsFunction = a.stateAddresses()
	cmd.Flags().Int64Var(&version, "version", 0, "`number` of the version to look at (default: the newest)")
	cmd.Flags().BoolVar(&reveal, "show-sensitive", false, "show sensitive values too; who looked is recorded")
	onlyOnCommandLine(cmd.Flags(), "show-sensitive")
	return cmd
}

// revealed reads a version with everything in clear.
func revealed(ctx context.Context, client *server.Client, w server.WorkspaceView, version int64) (*planner.State, error) {
	content, err := client.Send(ctx, "/v1/state/pull", map[string]any{"workspace": w.ID, "version": version})
	if err != nil {
		return nil, err
	}
	return planner.ParseState(content, true)
}

func (a *app) showOutputs(state server.StateView) error {
	if a.output == "json" {
		return printJSON(a.out, state)
	}
	for _, name := range sortedKeys(state.Outputs) {
		a.printValue(name+" = ", state.Outputs[name].Value)
	}
	if len(state.Outputs) == 0 {
		a.say("Version %d of the state of %s has no outputs; `driftless state list %[2]s` lists its resources.", state.Version.Version, state.Workspace)
	}
	return nil
}

func (a *app) showResource(state server.StateView, address string) error {
	found := state.Resource(address)
	if len(found) == 0 {
		return fmt.Errorf("version %d of the state of %s has no resource %s: `driftless state list %[2]s` lists them", state.Version.Version, state.Workspace, address)
	}
	if a.output == "json" {
		return printJSON(a.out, found)
	}
	for _, r := range found {
		a.printValue(r.Address+marks(r)+" ", r.Values)
	}
	return nil
}

func (a *app) printValue(head string, value any) {
	text, _ := json.MarshalIndent(value, "", "  ")
	_, _ = fmt.Fprintln(a.out, safe(head+string(text)))
}

// stateAddresses completes a workspace, and then the addresses in its state.
func (a *app) stateAddresses() completion {
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) != 1 {
			return a.workspaceNames()(cmd, args, word)
		}
		return a.ask(func(cmd *cobra.Command, client *server.Client) (found []cobra.Completion, err error) {
			w, err := oneNamed(cmd.Context(), client, args[0])
			if err != nil {
				return nil, err
			}
			state, err := getState(cmd.Context(), client, w, 0)
			if err != nil || state.State == nil {
				return nil, err
			}
			for _, r := range state.Resources {
				found = append(found, oneLine(r.Address))
			}
			return found, nil
		})(cmd, args, word)
	}
}
