package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/cmd/driftless/demo"
)

func newDemo(a *app) *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See the whole job done on this machine",
		Long: `demo acts out the whole job in a temporary directory, for real: a Git repository, a simulated cloud with a Terraform provider of its
own, the engine on PATH (terraform or tofu), and the runner. A pull request and its report, one that policy blocks, a merge and its
apply, drift and its repair, a git revert and the rollback. It takes less than a minute, and needs no account and no network.`,
		Example: `  driftless demo
  driftless demo --keep        # leave it running, to look around
  driftless demo -o json       # one line per act: {"act":"plan","ok":true,"detail":"…"}`,
		Args: takes(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts := demo.Options{Out: a.out, JSON: a.output == "json", Keep: keep, Color: a.colored(a.out)}
			if a.verbose {
				opts.Logger = a.loggerAt(a.err, slog.LevelDebug)
			}
			return demo.Run(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave it running until Ctrl-C, and keep its directory")
	return cmd
}
