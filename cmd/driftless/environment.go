package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const (
	// lineOnly marks flags that say what a command acts on: a variable left over in a shell must not approve anything.
	lineOnly = "driftless_command_line_only"
)

func onlyOnCommandLine(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		if err := flags.SetAnnotation(name, lineOnly, nil); err != nil {
			panic(err) // a flag that the command does not have
		}
	}
}

// variable is the environment variable of a flag, or "" where it has none.
func variable(f *pflag.Flag) string {
	if _, only := f.Annotations[lineOnly]; only || f.Name == "help" || f.Name == "version" {
		return ""
	}
	return "DRIFTLESS_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
}

// fromEnvironment sets the flags that were not given from DRIFTLESS_* variables. An empty variable is one that is not set.
func fromEnvironment(cmd *cobra.Command) error {
	var problems []error
	flags := cmd.Flags()
	flags.VisitAll(func(f *pflag.Flag) {
		name := variable(f)
		value := os.Getenv(name)
		if f.Changed || name == "" || value == "" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, plainly(err)))
		}
	})
	return errors.Join(problems...)
}
