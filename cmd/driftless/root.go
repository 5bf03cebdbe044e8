package main

import (
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// app is what all commands share: where they write, and the settings of every command.
type app struct {
	out, err  io.Writer
	config    string // path of the operator's file
	dataDir   string
	database  string // URL; "" = SQLite in the data directory
	output    string // "table" or "json"
	logFormat string
	verbose   bool
}

const defaultConfig = "/etc/driftless/config.hcl"

// The groups of the help.
const (
	groupWork  = "work"
	groupLook  = "look"
	groupLocal = "local"
	groupOther = "other"
)

func init() { cobra.EnableCommandSorting = false } // the order of the help is that of the work

func newRoot(a *app) *cobra.Command {
	root := group(&cobra.Command{
		Use:   "driftless",
		Short: "Keep cloud infrastructure true to Git",
		Long: `driftless keeps cloud infrastructure true to Git: a polling GitOps runner for Terraform and OpenTofu.

It watches Git repositories, plans every pull request and reports the plan, judges it with OPA policies, applies on merge
exactly what was reviewed, and plans on a schedule to find drift.

Flags can be set in the environment as well: --data-dir is DRIFTLESS_DATA_DIR. A flag wins over the environment, that over the
configuration file, and that over the default. The flags of approve are the exception: what is approved stands on the command line.

Data goes to standard output, as a table or as JSON (-o json); messages go to standard error. Colours and progress are shown on a
terminal only, and NO_COLOR turns colours off.

Exit codes: 0 done, 1 an error, 2 with --detailed-exitcode: there is something to look at (each command's help says what),
130 interrupted.`,
		Example: `  driftless demo                       # see the whole job done on this machine
  driftless validate                   # check the configuration
  driftless serve                      # watch and work
  driftless plan                       # what does my branch change?
  driftless runs --status held         # what waits for an approval?`,
		Version:           versionText(),
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.prepare(cmd) },
	})
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate("driftless {{.Version}}\n")
	a.flags(root)
	root.AddGroup(&cobra.Group{ID: groupWork, Title: "Work:"}, &cobra.Group{ID: groupLook, Title: "Look and decide:"},
		&cobra.Group{ID: groupLocal, Title: "On your machine:"}, &cobra.Group{ID: groupOther, Title: "Other:"})
	add(root, groupWork, newServe(a), newWorker(a), newDemo(a))
	add(root, groupLook, newWorkspaces(a), newRepositories(a), newReplicas(a), newRuns(a), newShow(a), newHistory(a), newAudit(a), newApprove(a), newCancel(a), newResume(a), newDiscard(a), newDrift(a), newState(a), newUnlock(a))
	add(root, groupLocal, newPlan(a), newValidate(a), newPolicy(a))
	add(root, groupOther, newBackup(a), newRestore(a), newGC(a), newKeys(a), newVersion(a))
	root.AddCommand(newDocs())
	root.SetHelpCommandGroupID(groupOther)
	root.SetCompletionCommandGroupID(groupOther)
	strict(root)
	return root
}

// strict makes cobra's own commands refuse what they do not know.
func strict(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			group(c)
		case "help":
			c.Args = func(_ *cobra.Command, args []string) error {
				found, rest, err := root.Find(args)
				if err != nil || len(rest) == 0 || !found.HasSubCommands() {
					return err
				}
				return found.Args(found, rest)
			}
		}
	}
}

func (a *app) flags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVar(&a.config, "config", defaultConfig, "the operator's configuration `file`")
	flags.StringVar(&a.dataDir, "data-dir", "", "`directory` of the database, mirrors and caches (default: data_dir of the configuration, or "+defaultDataDir+")")
	flags.StringVar(&a.database, "database", "", "`URL` of a PostgreSQL database, postgres://USER@HOST:PORT/DATABASE (default: database of the configuration, or SQLite in the data directory)")
	flags.StringVarP(&a.output, "output", "o", "table", "`format` of what is printed: table or json")
	flags.StringVar(&a.logFormat, "log-format", "text", "`format` of log messages on standard error: text or json")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "log more")
	complete(root, "output", words("table", "json"))
	complete(root, "log-format", words("text", "json"))
}

func add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}

// outputs is the annotation of a command that has formats besides the two that all have.
const outputs = "outputs"

// prepare reads the environment and checks the flags that every command has.
func (a *app) prepare(cmd *cobra.Command) error {
	if err := fromEnvironment(cmd); err != nil {
		return err
	}
	if err := oneOf("output", a.output, append([]string{"table", "json"}, strings.Fields(cmd.Annotations[outputs])...)...); err != nil {
		return err
	}
	return oneOf("log-format", a.logFormat, "text", "json")
}

// logger writes warnings to standard error, and everything with --verbose.
func (a *app) logger() *slog.Logger { return a.loggerAt(a.err, slog.LevelWarn) }

func (a *app) loggerAt(w io.Writer, level slog.Level) *slog.Logger {
	if a.verbose {
		level = slog.LevelDebug
	}
	opts := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewTextHandler(w, opts)
	if a.logFormat == "json" {
		handler = slog.NewJSONHandler(w, opts)
	}
	if a.verbose {
		return slog.New(handler)
	}
	return slog.New(newCalm(handler))
}

// colored reports whether a writer is a terminal that wants colours (https://no-color.org).
func (a *app) colored(w io.Writer) bool {
	return terminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width is how many columns a terminal has; 0 for anything else.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil {
			return columns
		}
	}
	return 0
}
