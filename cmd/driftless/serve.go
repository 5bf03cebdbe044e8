package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
)

func newServe(a *app) *cobra.Command {
	var once, detailed bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Watch the repositories and do the work",
		Long: `serve polls the repositories of the configuration, plans pull requests, applies what was merged and reviewed, and looks for
drift, until it is told to stop (SIGINT or SIGTERM): then it hands plans back and lets an apply finish.

With --once it makes one full pass and exits: for cron and CI. The exit code is 1 when something could not be looked at, such as
a repository that does not answer. With --detailed-exitcode it is 2 when something waits for a person (held, blocked, failed, drifted).`,
		Example: `  driftless serve
  driftless serve --once --config ./driftless-config.hcl
  DRIFTLESS_CONFIG=/srv/driftless.hcl driftless serve --log-format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.serve(cmd.Context(), once, detailed)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "make one full pass, then exit")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "with --once: exit with 2 when something waits for a person")
	return cmd
}

func (a *app) serve(ctx context.Context, once, detailed bool) error {
	config, err := a.settings()
	if err != nil {
		return err
	}
	if len(config.Repositories) == 0 {
		return fmt.Errorf("%s names no repository: add one, such as\n\n  repository \"infra\" {\n    url = \"https://git.example.com/team/infra.git\"\n  }", a.config)
	}
	level := slog.LevelInfo
	if a.verbose {
		level = slog.LevelDebug
	}
	d, err := daemon.New(ctx, daemon.Options{Config: config, DataDir: config.DataDir, Logger: a.loggerAt(level)})
	if err != nil {
		return err
	}
	if once {
		err = d.Runner.Once(ctx)
	} else {
		err = d.Serve(ctx)
	}
	var waits bool
	if err == nil && detailed {
		waits, err = somethingWaits(context.WithoutCancel(ctx), d.Store)
	}
	if err = errors.Join(err, d.Stop()); err == nil && waits {
		return exitCode(2)
	}
	return err
}

// somethingWaits reports whether a workspace waits for a person.
func somethingWaits(ctx context.Context, store runner.Store) (waits bool, err error) {
	err = store.View(ctx, func(tx runner.Tx) error {
		all, err := tx.Workspaces(runner.WorkspaceFilter{})
		for _, w := range all {
			waits = waits || w.Sync != runner.Synced && !w.Orphan
		}
		return err
	})
	return waits, err
}
