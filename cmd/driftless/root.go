package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/runner/server"
	"github.com/driftlessops/driftless/workspaces"
)

// app is what all commands share: where they write, and the settings of every command.
type app struct {
	out, err  io.Writer
	config    string // path of the operator's file
	dataDir   string
	output    string // "table" or "json"
	logFormat string
	verbose   bool
}

const defaultConfig = "/etc/driftless/config.hcl"

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "driftless",
		Short: "Keep cloud infrastructure true to Git",
		Long: `driftless keeps cloud infrastructure true to Git: a polling GitOps runner for Terraform and OpenTofu.

It watches Git repositories, plans every pull request and reports the plan, judges it with OPA policies, applies on merge
exactly what was reviewed, and plans on a schedule to find drift.

Every flag can be set in the environment as well: --data-dir is DRIFTLESS_DATA_DIR. A flag wins over the environment, that
over the configuration file, and that over the default.`,
		Example: `  driftless demo                       # see the whole job done on this machine
  driftless validate                   # check the configuration
  driftless serve                      # watch and work
  driftless plan                       # what does my branch change?`,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnvironment(cmd.Flags()); err != nil {
				return err
			}
			if a.output != "table" && a.output != "json" {
				return fmt.Errorf("--output %q: it is table or json", a.output)
			}
			return nil
		},
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	flags := root.PersistentFlags()
	flags.StringVar(&a.config, "config", defaultConfig, "the operator's configuration `file`")
	flags.StringVar(&a.dataDir, "data-dir", "", "`directory` of the database, mirrors and caches (default: data_dir of the configuration)")
	flags.StringVarP(&a.output, "output", "o", "table", "`format` of what is printed: table or json")
	flags.StringVar(&a.logFormat, "log-format", "text", "`format` of log messages on standard error: text or json")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "log more")
	root.AddCommand(
		newServe(a), newDemo(a), newPlan(a), newWorkspaces(a), newRuns(a), newShow(a), newApprove(a), newDrift(a), newValidate(a),
		newPolicy(a), newVersion(a),
	)
	return root
}

// fromEnvironment sets the flags that were not given from DRIFTLESS_* variables.
func fromEnvironment(flags *pflag.FlagSet) error {
	var problems []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "DRIFTLESS_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := os.LookupEnv(name)
		if f.Changed || !ok || f.Name == "help" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	})
	return errors.Join(problems...)
}

// settings reads the operator's file. Its errors are written in full, with their places.
func (a *app) settings() (*workspaces.Config, error) {
	src, err := os.ReadFile(a.config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no configuration at %s: write one (docs/getting-started.md has ten lines to begin with), or name another with --config", a.config)
	} else if err != nil {
		return nil, err
	}
	config, diags := workspaces.Parse(workspaces.OperatorFile, a.config, src)
	if len(diags) > 0 {
		_, _ = fmt.Fprint(a.err, workspaces.FormatDiagnostics(map[string][]byte{a.config: src}, diags, a.width(), a.colored(a.err)))
	}
	if diags.HasErrors() {
		return nil, exitCode(1)
	}
	if a.dataDir != "" {
		config.DataDir = a.dataDir
	}
	if config.DataDir == "" {
		config.DataDir = "/var/lib/driftless"
	}
	return config, nil
}

// directory is the data directory that queries are about; it needs no configuration when a flag names it.
func (a *app) directory() (string, error) {
	if a.dataDir != "" {
		return a.dataDir, nil
	}
	config, err := a.settings()
	if err != nil {
		return "", err
	}
	return config.DataDir, nil
}

// client asks the running driftless, or its database when none is running.
func (a *app) client(ctx context.Context) (client *server.Client, done func(), err error) {
	dir, err := a.directory()
	if err != nil {
		return nil, nil, err
	}
	if client, ok := daemon.Connect(dir); ok {
		return client, func() {}, nil
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, nil, fmt.Errorf("there is no data directory %s yet: `driftless serve` makes it, or --data-dir names another", dir)
	}
	db, _, err := daemon.OpenStore(ctx, dir, a.logger())
	if err != nil {
		return nil, nil, err
	}
	api := server.NewAPI(db, &runner.Commander{Store: db}, a.logger())
	return server.Local(api, daemon.Actor()), func() { _ = db.Close() }, nil
}

// logger writes to standard error.
func (a *app) logger() *slog.Logger {
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelDebug
	}
	return a.loggerAt(level)
}

func (a *app) loggerAt(level slog.Level) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level}
	if a.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(a.err, opts))
	}
	return slog.New(slog.NewTextHandler(a.err, opts))
}

// colored reports whether a writer is a terminal that wants colours (https://no-color.org).
func (a *app) colored(w io.Writer) bool {
	return terminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width is that of the terminal, or 0.
func (a *app) width() int {
	if f, ok := a.err.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			return w
		}
	}
	return 0
}
