package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner/server"
	"github.com/driftlessops/driftless/workspaces"
)

// workspaceRow is one workspace as `driftless workspaces --repo -o json` prints it.
type workspaceRow struct {
	ID        workspaces.ID   `json:"id"`
	Dir       string          `json:"dir"`
	Name      string          `json:"name"`
	Engine    string          `json:"engine"`
	Owner     string          `json:"owner"`
	DependsOn []workspaces.ID `json:"depends_on"`
	Affected  bool            `json:"affected"`
	Reason    string          `json:"reason"`
	Problems  []string        `json:"problems,omitempty"`
}

func newWorkspaces(a *app) *cobra.Command {
	var repo, name, base, head string
	cmd := &cobra.Command{
		Use:   "workspaces",
		Short: "List workspaces and how they stand, or explain a repository's",
		Long: `workspaces lists what driftless manages and how it stands: Synced, Pending (merged, not applied yet or held), Drifted, Failed, Unknown (not
checked within its freshness, or its directory is gone from the tracked branch; nothing was destroyed). A workspace to which a pull
request was applied before its merge is reserved by that pull request until it is merged or closed. Where the code has checks, their
health is Healthy, Degraded (one fails), or Unknown (not all were evaluated yet).

With --repo it looks at a local Git repository instead, without an engine and offline: which directories are workspaces, and why the
others are not. With --base and --head it says which workspaces the change between two revisions affects, and by what.`,
		Example: `  driftless workspaces
  driftless workspaces --repo .                                # the work tree, with what is not committed
  driftless workspaces --repo . --base origin/main --head HEAD
  driftless workspaces --repo . --base main --head HEAD -o json | jq '.[] | select(.affected) | .id'`,
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case repo == "" && (base != "" || head != ""):
				return errors.New("--base and --head need --repo")
			case repo == "":
				return a.listWorkspaces(cmd.Context())
			}
			return a.explain(cmd.Context(), repo, name, base, head)
		},
	}
	cmd.Flags().StringVar(&repo, "repo", "", "a local Git repository: the `directory` of its work tree, or a bare one")
	cmd.Flags().StringVar(&name, "name", "", "`name` of the repository in identities (default: that of the operator's file for its origin, else its directory's)")
	cmd.Flags().StringVar(&base, "base", "", "`revision` to compare with")
	cmd.Flags().StringVar(&head, "head", "", "`revision` to look at (default: the work tree)")
	return cmd
}

func (a *app) listWorkspaces(ctx context.Context) error {
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	var all []server.WorkspaceView
	if err := conn.Get(ctx, "/v1/workspaces", nil, &all); err != nil {
		return err
	}
	if a.output == "json" {
		return printJSON(a.out, all)
	}
	var repos []server.RepositoryView
	if err := conn.Get(ctx, "/v1/repositories", nil, &repos); err != nil {
		return err
	}
	for _, r := range repos {
		for _, trouble := range troubles(r) {
			a.say("repository %s: %s", r.Name, safe(trouble))
		}
	}
	a.tellStopped(ctx, conn, slices.ContainsFunc(all, func(w server.WorkspaceView) bool { return w.Reason == "is being applied" }))
	if len(all) == 0 {
		a.say("There are no workspaces yet: `driftless serve` looks for them.")
		return nil
	}
	t := table{header: []string{"WORKSPACE", "SYNC", "HEALTH", "APPLIED", "WHEN", "CHECKED", "LABELS", "RESERVED BY", "NOTE"}}
	for _, w := range all {
		t.add(w.ID, w.Sync, healthOf(w), short(w.AppliedCommit), ago(w.AppliedAt), ago(w.CheckedAt), labelsText(w.Labels), w.ReservedBy, noteOf(w))
	}
	return t.print(a, a.out)
}

// explain prints the workspaces of a local repository, and what a change affects.
func (a *app) explain(ctx context.Context, dir, name, base, head string) error {
	config, err := a.optionalSettings()
	if err != nil {
		return err
	}
	l, err := openLocal(ctx, dir, name, head, config)
	if err != nil {
		return err
	}
	is, rows, err := a.explained(ctx, l, base)
	if err != nil {
		return err
	}
	if len(is.Diagnostics) > 0 {
		a.diagnose(is, is.Diagnostics)
	}
	if a.output == "json" {
		err = printJSON(a.out, rows)
	} else {
		err = a.printExplained(rows, is, base != "")
	}
	if err == nil && is.Diagnostics.HasErrors() {
		return exitCode(1)
	}
	return err
}

// explained finds the workspaces, and with a base what has changed since.
func (a *app) explained(ctx context.Context, l localTree, base string) (*workspaces.Set, []workspaceRow, error) {
	if base == "" {
		is, err := a.set(ctx, l, l.tree, "")
		if err != nil {
			return nil, nil, err
		}
		return is, plainRows(is), nil
	}
	commit, err := l.mirror.Resolve(ctx, base)
	if err != nil {
		return nil, nil, fmt.Errorf("--base %q: %w", base, err)
	}
	was, err := a.set(ctx, l, commit, "")
	if err != nil {
		return nil, nil, fmt.Errorf("--base %q: %w", base, err)
	}
	is, err := a.set(ctx, l, l.tree, commit)
	if err != nil {
		return nil, nil, err
	}
	effects, err := workspaces.NewDigester(nil, nil).Affected(ctx, was, is)
	if err != nil {
		return nil, nil, err
	}
	return is, effectRows(effects), nil
}

func row(w *workspaces.Workspace, affected bool, reason string) workspaceRow {
	r := workspaceRow{ID: w.ID, Dir: w.Dir, Name: w.Name, Engine: w.Engine, Owner: w.Owner, DependsOn: w.DependsOn, Affected: affected, Reason: reason, Problems: w.Problems}
	if r.DependsOn == nil {
		r.DependsOn = []workspaces.ID{}
	}
	return r
}

func plainRows(set *workspaces.Set) []workspaceRow {
	rows := []workspaceRow{}
	for _, w := range set.Workspaces {
		rows = append(rows, row(w, false, w.Reason))
	}
	return rows
}

func effectRows(effects []workspaces.Effect) []workspaceRow {
	rows := []workspaceRow{}
	for _, e := range effects {
		rows = append(rows, row(e.Workspace, e.Affected, e.Reason))
	}
	return rows
}

// printExplained prints the table, and without a comparison also why other directories are no workspaces.
func (a *app) printExplained(rows []workspaceRow, set *workspaces.Set, compared bool) error {
	t := table{whole: true, header: []string{"WORKSPACE", "ENGINE", "AFFECTED", "WHY"}}
	for _, r := range rows {
		mark := ""
		if r.Affected {
			mark = "yes"
		}
		note := r.Reason
		if len(r.Problems) > 0 {
			note = "PROBLEM: " + strings.Join(r.Problems, "; ")
		}
		t.add(string(r.ID), r.Engine, mark, note)
	}
	if len(rows) == 0 {
		a.say("There is no workspace here.")
	} else if err := t.print(a, a.out); err != nil {
		return err
	}
	others := table{whole: true, header: []string{"NOT A WORKSPACE", "WHY"}}
	for _, d := range set.Directories {
		if !d.Root {
			others.add(d.Path, d.Reason)
		}
	}
	if len(others.rows) == 0 || compared {
		return nil
	}
	_, _ = fmt.Fprintln(a.out)
	return others.print(a, a.out)
}
