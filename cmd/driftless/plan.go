package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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

The engine runs here, with your environment. The state of a workspace without a backend is kept by the driftless server: on its machine
it is read from the data directory; elsewhere such a workspace is planned as if nothing existed yet, and the report says so.
Engines and providers that had to be downloaded are kept in your cache directory.

The repository is the one of the operator's file whose url is that of the remote origin, with what the file says of it; --name names
another. Without such a file it is called after its directory.

Exit codes: 0 planned, 1 an error, a plan that failed or that policy denies. With --detailed-exitcode: 0 no changes, 1 as before, 2 changes.`,
		Example: `  driftless plan
  driftless plan prod/network                       # only this workspace, if the branch changes it
  driftless plan .                                  # only those of this directory
  driftless plan --base origin/release --detailed-exitcode
  driftless plan -o json | jq -r '.workspaces[] | select(.plan.summary.delete > 0) | .workspace'`,
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return localNames(cmd.Context(), f), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.plan(cmd.Context(), f, args) },
	}
	cmd.Flags().StringVar(&f.repo, "repo", ".", "the work tree's `directory`")
	cmd.Flags().StringVar(&f.name, "name", "", "`name` of the repository in identities (default: see above)")
	cmd.Flags().StringVar(&f.base, "base", "", "`revision` of the tracked branch (default: the operator's branch, origin/HEAD, origin/main, origin/master, main, master)")
	cmd.Flags().BoolVar(&f.detailed, "detailed-exitcode", false, "exit with 2 when there are changes")
	return cmd
}

// localNames completes the workspaces of a work tree.
func localNames(ctx context.Context, f planFlags) (found []cobra.Completion) {
	l, err := openLocal(ctx, f.repo, f.name, "", &workspaces.Config{})
	if err != nil {
		return nil
	}
	set, err := l.resolve(ctx, l.tree, "")
	if err != nil {
		return nil
	}
	for _, w := range set.Workspaces {
		_, rest, _ := strings.Cut(string(w.ID), "//")
		found = append(found, cobra.CompletionWithDesc(rest, w.Reason))
	}
	return found
}

func (a *app) plan(ctx context.Context, f planFlags, only []string) error {
	config, err := a.optionalSettings()
	if err != nil {
		return err
	}
	l, err := openLocal(ctx, f.repo, f.name, "", config)
	if err != nil {
		return err
	}
	if l.top == "" {
		return errors.New("this repository is bare, and plan needs a work tree: run it in a clone")
	}
	local, err := l.compare(ctx, f.base)
	if err != nil {
		return err
	}
	set, err := a.set(ctx, l, l.tree, local.Base)
	if err != nil {
		return err
	}
	named, err := l.choose(set, only)
	if err != nil {
		return err
	}
	var stateless []string // workspaces whose state cannot be read from here
	states := a.statesOf(config)
	progress := newProgress(a.err)
	defer progress.stop()
	local.Only = func(w *workspaces.Workspace) bool {
		if len(only) > 0 && !named[w.ID] {
			return false
		}
		progress.expect(string(w.ID))
		if w.Backend.Managed() && states == nil && !slices.Contains(stateless, string(w.ID)) {
			stateless = append(stateless, string(w.ID))
		}
		return true
	}
	doc, err := a.planLocal(ctx, config, local, states, progress)
	progress.stop()
	if err != nil {
		return err
	}
	allProblems(set, doc.Rows)
	if len(stateless) > 0 {
		caution := "planned without a state, as if nothing existed yet: " + strings.Join(stateless, ", ") +
			". driftless keeps their state in its data directory, which is not on this machine or not yours to read (--data-dir names it)"
		if a.output == "json" {
			doc.Notices = append(doc.Notices, caution)
		} else {
			doc.Caution = append(doc.Caution, caution)
		}
	}
	edited, err := l.edited(ctx, local.Head)
	if err != nil {
		return err
	}
	return a.printPlanned(doc, edited, f.detailed)
}

// allProblems shows all problems of workspaces that cannot run, so that they can be mended at once.
func allProblems(set *workspaces.Set, rows []report.Row) {
	for i, row := range rows {
		if row.Failure == "" {
			continue
		}
		if w := set.Workspace(workspaces.ID(row.Workspace)); w != nil && len(w.Problems) > 1 && row.Failure == w.Problems[0] {
			rows[i].Failure = strings.Join(w.Problems, "\n")
		}
	}
}

// planLocal plans with a daemon of its own that is gone afterwards.
func (a *app) planLocal(ctx context.Context, config *workspaces.Config, local runner.Local, states *daemon.Place, progress *progress) (doc report.Document, err error) {
	dir, done, err := scratch()
	if err != nil {
		return doc, err
	}
	defer done()
	d, err := daemon.NewLocal(ctx, daemon.LocalOptions{
		Options:  daemon.Options{Config: config, DataDir: dir, Notify: progress.told, Logger: a.loggerAt(progress, slog.LevelError)},
		StatesOf: states,
	})
	if err != nil {
		return doc, err
	}
	doc, err = d.Runner.PlanLocal(ctx, local)
	return doc, errors.Join(err, d.Stop())
}

// compare finds what the work tree is merged with: the tracked branch, as the pull request will be.
func (l localTree) compare(ctx context.Context, base string) (runner.Local, error) {
	local := runner.Local{Repository: l.conf, Mirror: l.mirror, Tree: l.tree, Title: "your work tree"}
	var err error
	if local.Head, err = l.mirror.Resolve(ctx, "HEAD"); err != nil {
		return local, errors.New("this repository has no commit yet, and so nothing to compare with: commit something first")
	}
	candidates := []string{base}
	if base == "" {
		candidates = []string{"origin/HEAD", "origin/main", "origin/master", "main", "master"}
		if l.conf.Branch != "" {
			candidates = append([]string{"origin/" + l.conf.Branch, l.conf.Branch}, candidates...)
		}
	}
	for _, c := range candidates {
		commit, err := l.mirror.Resolve(ctx, c)
		if err != nil {
			continue
		}
		common, err := l.mirror.MergeBase(ctx, commit, local.Head)
		if err != nil {
			return local, err
		}
		if common == "" {
			return local, fmt.Errorf("%s and HEAD have no commit in common: name the tracked branch with --base", c)
		}
		local.Repository.Branch, local.Base = c, commit
		return local, nil
	}
	return local, fmt.Errorf("none of %s is a revision here: name the tracked branch with --base", strings.Join(candidates, ", "))
}

// statesOf is where states may be read, or nil.
func (a *app) statesOf(config *workspaces.Config) *daemon.Place {
	place := daemon.PlaceOf(config)
	if place.Look() != nil {
		return nil
	}
	return &place
}

// uncommitted adds to the first mention of a commit that what was planned is more than that.
func uncommitted(page, commit string) string {
	before, after, found := strings.Cut(page, commit)
	rest, tail, closed := strings.Cut(after, "`")
	if !found || !closed {
		return page
	}
	return before + commit + rest + "` with uncommitted changes" + tail
}

// printPlanned prints the report, as Markdown or as JSON, and decides on the exit code.
func (a *app) printPlanned(doc report.Document, edited, detailed bool) error {
	if a.output == "json" {
		if err := printJSON(a.out, plannedView(doc, edited)); err != nil {
			return err
		}
	} else {
		for i := range doc.Rows {
			doc.Rows[i].RunID = 0 // these runs are gone: nobody can show them
		}
		page := report.Render(doc, 0)[0]
		if i := strings.LastIndex(page, "\n---\n"); i >= 0 {
			page = page[:i] // the foot is for forges
		}
		if head := "commit `" + doc.Head[:min(7, len(doc.Head))]; edited && doc.Head != "" {
			page = uncommitted(page, head)
		}
		a.printReport(strings.TrimSpace(page))
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
	switch {
	case doc.Error != "" || len(doc.Conflicts) > 0:
		return exitCode(1)
	case detailed && changes:
		return exitCode(2)
	}
	return nil
}
