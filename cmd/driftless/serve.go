package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/workspaces"
)

func newServe(a *app) *cobra.Command {
	var once, detailed bool
	var labels []string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Watch the repositories and do the work",
		Long: `serve polls the repositories of the configuration, plans pull requests, applies what was merged and reviewed, and looks for
drift, until it is told to stop (SIGINT or SIGTERM): then it hands plans back and lets an apply finish. A second signal ends it at once.

With --once it makes one full pass and exits, for cron and CI: it looks at every repository, works until nothing is left to do, and
prints what it did and what waits for a person (-o json: as {"runs": […], "workspaces": […]}).

Exit codes of serve --once: 0 the pass was made, 1 something could not be looked at, such as a repository that does not answer.
With --detailed-exitcode also 2: a workspace waits for a person (held, blocked, failed, drifted). 1 wins over 2.`,
		Example: `  driftless serve
  driftless serve --log-format json
  driftless serve --once --config ./config.hcl
  DRIFTLESS_CONFIG=/srv/driftless.hcl driftless serve --once --detailed-exitcode`,
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := a.settings()
			switch {
			case err != nil:
				return err
			case len(config.Repositories) == 0:
				return fmt.Errorf(`%s names no repository: add repository "infra" { url = "https://git.example.com/team/infra.git" }`, a.config)
			}
			for _, doubt := range config.Doubts() {
				a.logger().Warn(doubt.Summary, "at", doubt.Subject.String(), "why", doubt.Detail)
			}
			if err := checkLabels(config, labels); err != nil {
				return err
			}
			switch {
			case once:
				return a.once(cmd.Context(), config, labels, detailed)
			case detailed:
				return errors.New("--detailed-exitcode needs --once: without it serve goes on until it is stopped")
			}
			return a.serve(cmd.Context(), config, daemon.Options{Kind: runner.Serve, Takes: labels})
		},
	}
	labelFlag(cmd, &labels)
	cmd.Flags().BoolVar(&once, "once", false, "make one full pass, then exit")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "with --once: exit with 2 when something waits for a person")
	return cmd
}

func (a *app) serve(ctx context.Context, config *workspaces.Config, opts daemon.Options) error {
	logger := a.loggerAt(a.err, slog.LevelInfo)
	opts.Config, opts.DataDir, opts.Version, opts.Logger = config, config.DataDir, thisBuild().Version, logger
	d, err := a.open(ctx, opts)
	if err != nil && ctx.Err() != nil {
		return nil // it is to stop before it began
	} else if err != nil {
		return err
	}
	logger.Info("serving", "kind", opts.Kind, "labels", opts.Takes.String(), "repositories", len(config.Repositories), "data_dir", config.DataDir, "version", thisBuild().Version)
	defer tellStopping(ctx, logger, config.DataDir)()
	err = d.Serve(ctx)
	logger.Info("stopped")
	return errors.Join(err, d.Stop())
}

// open puts a daemon together; what keeps it from its data directory is told with the next step.
func (a *app) open(ctx context.Context, opts daemon.Options) (*daemon.Daemon, error) {
	d, err := daemon.New(ctx, opts)
	if errors.Is(err, daemon.ErrBusy) {
		return nil, fmt.Errorf("%w: stop it, or give this one another directory with --data-dir", err)
	}
	return d, err
}
