package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// takes checks the number of arguments; most < 0 is no limit. what says which they are, and how to find them.
func takes(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("%s needs %s", cmd.CommandPath(), what)
		case most == 0 && len(args) > 0:
			return fmt.Errorf("%s takes no arguments, but was given %q: `%[1]s --help` shows how it is used", cmd.CommandPath(), args[0])
		case most > 0 && len(args) > most:
			return fmt.Errorf("%s was given %d arguments and takes %s", cmd.CommandPath(), len(args), what)
		}
		return nil
	}
}

// group makes a command that has only subcommands: alone it shows its help, and a wrong word is an error with the nearest one.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		hint := ""
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = fmt.Sprintf(" Did you mean `%s %s`?", cmd.CommandPath(), strings.Join(near, "` or `"))
		}
		return fmt.Errorf("there is no command %q.%s `%s --help` lists them", args[0], hint, cmd.CommandPath())
	}
	return cmd
}

// flagError adds to an error of pflag what the user may have meant.
func flagError(cmd *cobra.Command, err error) error {
	hint := ""
	err = plainly(err)
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		if name := unknown.GetSpecifiedName(); len(name) > 1 {
			hint = nearestFlag(cmd, name)
		}
	}
	return fmt.Errorf("%w.%s `%s --help` lists the flags", err, hint, cmd.CommandPath())
}

// plainly says what a flag takes, in place of what the parser of its value thinks.
func plainly(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err
	}
	takes := map[string]string{"int": "a whole number", "bool": "true or false", "stringToString": "key=value"}[invalid.GetFlag().Value.Type()]
	if takes == "" {
		return err
	}
	return fmt.Errorf("--%s %q is not %s", invalid.GetFlag().Name, invalid.GetValue(), takes)
}

// atMostOne checks flags of which only one can be given.
func atMostOne(cmd *cobra.Command, names ...string) error {
	given := 0
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			given++
		}
	}
	if given > 1 {
		return errors.New("give one of --" + strings.Join(names, ", --"))
	}
	return nil
}

func nearestFlag(cmd *cobra.Command, name string) string {
	best, distance := "", 1+max(2, len(name)/3)
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if d := levenshtein.Distance(name, f.Name, nil); d < distance {
			best, distance = f.Name, d
		}
	})
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean --%s?", best)
}

// oneOf checks a flag that knows few words.
func oneOf(flag, value string, known ...string) error {
	if slices.Contains(known, value) {
		return nil
	}
	return fmt.Errorf("--%s %q is not known: it is %s", flag, value, strings.Join(known, " or "))
}
