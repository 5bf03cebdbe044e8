package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
)

// completion is what a shell may fill in.
type completion = func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective)

// complete registers the completion of a flag.
func complete(cmd *cobra.Command, flag string, c completion) {
	if err := cmd.RegisterFlagCompletionFunc(flag, c); err != nil {
		panic(err) // a flag that the command does not have
	}
}

func words(all ...string) completion {
	return cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp)
}

// ask makes a completion of what driftless knows. It is silent about anything that goes wrong.
func (a *app) ask(query func(cmd *cobra.Command, client *server.Client) ([]cobra.Completion, error)) completion {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		quiet := *a
		quiet.err = io.Discard
		if fromEnvironment(cmd) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		quiet.config, quiet.dataDir = a.config, a.dataDir // as the environment has them
		conn, err := quiet.connect(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer conn.close()
		found, _ := query(cmd, conn.Client)
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// workspaceNames completes identities of workspaces.
func (a *app) workspaceNames() completion {
	return a.ask(func(cmd *cobra.Command, client *server.Client) (found []cobra.Completion, err error) {
		var all []server.WorkspaceView
		err = client.Get(cmd.Context(), "/v1/workspaces", nil, &all)
		for _, w := range all {
			found = append(found, cobra.CompletionWithDesc(w.ID, w.Sync))
		}
		return found, err
	})
}

// repositoryNames completes names of repositories.
func (a *app) repositoryNames() completion {
	return a.ask(func(cmd *cobra.Command, client *server.Client) (found []cobra.Completion, err error) {
		var all []server.RepositoryView
		err = client.Get(cmd.Context(), "/v1/repositories", nil, &all)
		for _, r := range all {
			found = append(found, cobra.CompletionWithDesc(r.Name, r.Branch))
		}
		return found, err
	})
}

// shown completes what can be shown: open pull requests and the newest runs.
func (a *app) shown() completion {
	return a.ask(func(cmd *cobra.Command, client *server.Client) (found []cobra.Completion, err error) {
		var runs []server.RunView
		err = client.Get(cmd.Context(), "/v1/runs", url.Values{"limit": {"30"}}, &runs)
		for _, r := range runs {
			found = append(found, runNumber(r))
		}
		var pulls []server.PullView
		err = errors.Join(err, client.Get(cmd.Context(), "/v1/pulls", url.Values{"state": {string(runner.Open)}, "limit": {"30"}}, &pulls))
		for _, p := range pulls {
			key := p.Key
			if _, err := strconv.Atoi(key); err == nil { // it would be the number of a run
				key = p.Repository + "#" + key
			}
			found = append(found, cobra.CompletionWithDesc(key, oneLine(p.Title)))
		}
		return found, err
	})
}

// approvable completes runs that can be approved: those of the tracked branch whose place no newer one took. An apply before a
// merge goes on by a comment.
func (a *app) approvable() completion {
	return a.ask(func(cmd *cobra.Command, client *server.Client) (found []cobra.Completion, err error) {
		var runs []server.RunView // newest first
		err = client.Get(cmd.Context(), "/v1/runs", url.Values{"purpose": {string(runner.PurposeApply), string(runner.PurposeDrift)}}, &runs)
		overtaken := map[string]bool{}
		for _, r := range runs {
			status := runner.Status(r.Status)
			waits := status == runner.Held || status == runner.Failed || status == runner.Canceled && r.Purpose == string(runner.PurposeApply)
			if waits && r.PullRequest == "" && !overtaken[r.Workspace] {
				found = append(found, runNumber(r))
			}
			overtaken[r.Workspace] = overtaken[r.Workspace] || r.Purpose == string(runner.PurposeApply)
		}
		return found, err
	})
}

func runNumber(r server.RunView) cobra.Completion {
	return cobra.CompletionWithDesc(strconv.FormatInt(r.ID, 10), fmt.Sprintf("%s of %s: %s", r.Purpose, r.Workspace, r.Status))
}
