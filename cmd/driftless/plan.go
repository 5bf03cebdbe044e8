package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/runner/report"
	"github.com/driftlessops/driftless/workspaces"
)

// planFlags are the flags of the plan command.
type planFlags struct {
	repo, name, base string
	detailed         bool
}

func newPlan(a *app) *cobra.Command {
	var f planFlags
	cmd := &cobra.Command{
		Use:   "plan [WORKSPACE...]",
		Short: "Plan what this branch changes, judge it, print the report",
		Long: `plan plans the workspaces that your work tree changes against the tracked branch (what is not committed included), judges the plans with
the policies of the tracked branch, and prints the same report that the pull request would get. Nothing is applied, no state is locked.

The engine runs here, with your environment. The state of a workspace without a backend is kept by the driftless server: on its machine it
is read from the data directory; elsewhere such a workspace is planned as if nothing existed yet, and the report says so.

With --detailed-exitcode: 0 no changes, 1 an error or a denial, 2 changes.`,
		Example: `  driftless plan
  driftless plan prod/network
  driftless plan --base origin/release --detailed-exitcode`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.plan(cmd.Context(), f, args)
		},
	}
	cmd.Flags().StringVar(&f.repo, "repo", ".", "the work tree's `directory`")
	cmd.Flags().StringVar(&f.name, "name", "", "`name` of the repository in identities (default: its directory's)")
	cmd.Flags().StringVar(&f.base, "base", "", "`revision` of the tracked branch (default: origin/HEAD, origin/main, origin/master, main, master)")
	cmd.Flags().BoolVar(&f.detailed, "detailed-exitcode", false, "exit with 2 when there are changes")
	return cmd
}

func (a *app) plan(ctx context.Context, f planFlags, only []string) error {
	l, err := openLocal(ctx, f.repo, f.name, "")
	if err != nil {
		return err
	}
	local, err := l.compare(ctx, f.base)
	if err != nil {
		return err
	}
	config, err := a.optionalSettings(l)
	if err != nil {
		return err
	}
	if len(only) > 0 {
		local.Only = func(w *workspaces.Workspace) bool { return slices.ContainsFunc(only, names(w)) }
	}
	tmp, err := os.MkdirTemp("", "driftless-plan-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	progress := &progress{out: a.err, live: terminal(a.err)}
	d, err := daemon.NewLocal(ctx, daemon.LocalOptions{
		Options: daemon.Options{Config: config, DataDir: tmp, Notify: progress.told, Logger: a.logger()}, StatesOf: a.statesOf(config),
	})
	if err != nil {
		return err
	}
	doc, err := d.Runner.PlanLocal(ctx, local)
	progress.done()
	if err = errors.Join(err, d.Stop()); err != nil {
		return err
	}
	return a.printPlanned(doc, f.detailed)
}

func names(w *workspaces.Workspace) func(word string) bool {
	return func(word string) bool {
		_, rest, _ := strings.Cut(string(w.ID), "//")
		return word == string(w.ID) || word == rest || strings.TrimSuffix(filepath.ToSlash(word), "/") == w.Dir
	}
}

// compare finds what the work tree is compared with: the merge base of HEAD and the tracked branch, so that what others
// merged meanwhile is not shown as undone.
func (l localTree) compare(ctx context.Context, base string) (runner.Local, error) {
	local := runner.Local{Repository: workspaces.Repository{Name: l.name, Branch: base}, Mirror: l.mirror, Tree: l.tree, Title: "your work tree"}
	var err error
	if local.Head, err = l.mirror.Resolve(ctx, "HEAD"); err != nil {
		return local, fmt.Errorf("HEAD: %w: commit something first", err)
	}
	candidates := []string{base}
	if base == "" {
		candidates = []string{"origin/HEAD", "origin/main", "origin/master", "main", "master"}
	}
	for _, c := range candidates {
		commit, err := l.mirror.Resolve(ctx, c)
		if err != nil {
			continue
		}
		if local.Base, err = l.mirror.MergeBase(ctx, commit, local.Head); err != nil {
			return local, err
		}
		if local.Base == "" {
			return local, fmt.Errorf("%s and HEAD have no commit in common", c)
		}
		local.Repository.Branch = c
		return local, nil
	}
	return local, fmt.Errorf("none of %s is a revision here: name the tracked branch with --base", strings.Join(candidates, ", "))
}

// optionalSettings reads the operator's file where there is one; a developer's machine needs none.
func (a *app) optionalSettings(l localTree) (*workspaces.Config, error) {
	if _, err := os.Stat(a.config); err != nil && a.config == defaultConfig {
		return &workspaces.Config{}, nil
	}
	return a.settings()
}

// statesOf is the data directory whose states may be read, or "".
func (a *app) statesOf(config *workspaces.Config) string {
	dir := config.DataDir
	if a.dataDir != "" {
		dir = a.dataDir
	}
	if _, err := os.Stat(filepath.Join(dir, "driftless.db")); dir == "" || err != nil {
		return ""
	}
	return dir
}

// printPlanned prints the report, or the document as JSON.
func (a *app) printPlanned(doc report.Document, detailed bool) error {
	if a.output == "json" {
		if err := printJSON(a.out, doc); err != nil {
			return err
		}
	} else {
		doc.Metadata = ""
		for _, page := range report.Render(doc, 0) {
			_, _ = fmt.Fprintln(a.out, page)
		}
	}
	changes := false
	for _, row := range doc.Rows {
		switch runner.Status(row.Status) {
		case runner.Failed, runner.Blocked:
			return exitCode(1)
		case runner.Ready:
			changes = true
		}
	}
	if detailed && changes {
		return exitCode(2)
	}
	return nil
}
