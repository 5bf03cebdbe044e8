package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/workspaces"
)

func newWorker(a *app) *cobra.Command {
	var labels []string
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Do the work of a serve on another machine",
		Long: `worker takes runs that a serve on the same PostgreSQL database queued: it plans and applies, and polls nothing. Start it on more machines for
more engines at a time, or on one that alone may reach what production needs.

It reads the same configuration file: the database with its key, the repositories with their credentials (it fetches what it works on by
itself), the forges (asked only before an apply before the merge), the identities and the engines. What it must not know can be left out:
a secret is read when a run needs it.

--label says which workspaces it takes runs of, by the labels that the tracked branch gives them; each can be negated, and all must hold.
Give a serve the opposite, so that it leaves them to the worker.`,
		Example: `  driftless worker
  driftless worker --label env=prod          # here, and on the other machines:
  driftless serve --label env!=prod`,
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := a.settings()
			if err != nil {
				return err
			}
			if config.Database == "" {
				return errors.New("a worker needs a database that it shares with a serve: set database = \"postgres://…\" in the configuration of both (docs/operations.md, Several replicas)")
			}
			if err := checkLabels(config, labels); err != nil {
				return err
			}
			return a.serve(cmd.Context(), config, daemon.Options{Kind: runner.Worker, Takes: labels})
		},
	}
	labelFlag(cmd, &labels)
	return cmd
}

func labelFlag(cmd *cobra.Command, labels *[]string) {
	cmd.Flags().StringArrayVar(labels, "label", nil, "take only runs of workspaces with this `label`: KEY=VALUE, or KEY!=VALUE for all others (repeatable; all must hold; needs PostgreSQL)")
}

func checkLabels(config *workspaces.Config, labels []string) error {
	if err := runner.Selector(labels).Check(); err != nil {
		return fmt.Errorf("--label: %w", err)
	}
	if len(labels) > 0 && config.Database == "" {
		return errors.New("--label needs database = \"postgres://…\" in the configuration: on SQLite nobody else could take the other runs")
	}
	return nil
}
