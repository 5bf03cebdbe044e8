package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/hashicorp/hcl/v2"
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
checked within its freshness window).

With --repo it looks at a local Git repository instead, without an engine and offline: which directories are workspaces, and why the
others are not. With --base and --head it says which workspaces the change between two revisions affects, and by what.`,
		Example: `  driftless workspaces
  driftless workspaces --repo .                                # the work tree, with what is not committed
  driftless workspaces --repo . --base origin/main --head HEAD
  driftless workspaces --repo . --base main --head HEAD -o json | jq '.[] | select(.affected) | .id'`,
		Args: cobra.NoArgs,
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
	cmd.Flags().StringVar(&name, "name", "", "`name` of the repository in identities (default: its directory's)")
	cmd.Flags().StringVar(&base, "base", "", "`revision` to compare with")
	cmd.Flags().StringVar(&head, "head", "", "`revision` to look at (default: the work tree)")
	return cmd
}

func (a *app) listWorkspaces(ctx context.Context) error {
	client, done, err := a.client(ctx)
	if err != nil {
		return err
	}
	defer done()
	var all []server.WorkspaceView
	if err := client.Get(ctx, "/v1/workspaces", url.Values{}, &all); err != nil {
		return err
	}
	if a.output == "json" {
		return printJSON(a.out, all)
	}
	var repos []server.RepositoryView
	if err := client.Get(ctx, "/v1/repositories", url.Values{}, &repos); err != nil {
		return err
	}
	for _, r := range repos {
		if r.Error != "" {
			_, _ = fmt.Fprintf(a.err, "repository %s: %s\n", r.Name, r.Error)
		}
	}
	var rows [][]string
	for _, w := range all {
		rows = append(rows, []string{w.ID, w.Sync, short(w.AppliedCommit), ago(w.AppliedAt), ago(w.CheckedAt), labelsText(w.Labels), clip(w.Reason, 90)})
	}
	return printTable(a.out, []string{"WORKSPACE", "SYNC", "APPLIED", "WHEN", "CHECKED", "LABELS", "NOTE"}, rows)
}

// explain prints the workspaces of a local repository, and what a change affects.
func (a *app) explain(ctx context.Context, dir, name, base, head string) error {
	l, err := openLocal(ctx, dir, name, head)
	if err != nil {
		return err
	}
	is, err := a.set(ctx, l, l.tree, "")
	if err != nil {
		return err
	}
	rows := plainRows(is)
	if base != "" {
		commit, err := l.mirror.Resolve(ctx, base)
		if err != nil {
			return fmt.Errorf("--base %q: %w", base, err)
		}
		was, err := a.set(ctx, l, commit, "")
		if err != nil {
			return fmt.Errorf("--base %q: %w", base, err)
		}
		if is, err = a.set(ctx, l, l.tree, commit); err != nil {
			return err
		}
		effects, err := workspaces.NewDigester(nil, nil).Affected(ctx, was, is)
		if err != nil {
			return err
		}
		rows = effectRows(effects)
	}
	if len(is.Diagnostics) > 0 {
		_, _ = fmt.Fprint(a.err, workspaces.FormatDiagnostics(is.Sources, is.Diagnostics, a.width(), a.colored(a.err)))
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

// set resolves a tree; a repository file that does not parse is shown with its places.
func (a *app) set(ctx context.Context, l localTree, tree, trusted string) (*workspaces.Set, error) {
	set, err := l.resolve(ctx, tree, trusted)
	var diags hcl.Diagnostics
	if errors.As(err, &diags) {
		files := map[string][]byte{}
		if t, err := l.mirror.Tree(ctx, tree); err == nil {
			files[workspaces.RepositoryFileName], _ = t.Read(workspaces.RepositoryFileName)
		}
		_, _ = fmt.Fprint(a.err, workspaces.FormatDiagnostics(files, diags, a.width(), a.colored(a.err)))
		return nil, exitCode(1)
	}
	return set, err
}

func row(w *workspaces.Workspace, affected bool, reason string) workspaceRow {
	r := workspaceRow{ID: w.ID, Dir: w.Dir, Name: w.Name, Engine: w.Engine, DependsOn: w.DependsOn, Affected: affected, Reason: reason, Problems: w.Problems}
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
	var lines [][]string
	for _, r := range rows {
		mark := ""
		if r.Affected {
			mark = "yes"
		}
		note := r.Reason
		if len(r.Problems) > 0 {
			note = "PROBLEM: " + strings.Join(r.Problems, "; ")
		}
		lines = append(lines, []string{string(r.ID), r.Engine, mark, note})
	}
	header := []string{"WORKSPACE", "ENGINE", "AFFECTED", "WHY"}
	if err := printTable(a.out, header, lines); err != nil || compared {
		return err
	}
	lines = nil
	for _, d := range set.Directories {
		if !d.Root {
			lines = append(lines, []string{d.Path, d.Reason})
		}
	}
	if len(lines) == 0 {
		return nil
	}
	_, _ = fmt.Fprintln(a.out)
	return printTable(a.out, []string{"NOT A WORKSPACE", "WHY"}, lines)
}
