package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/workspaces"
)

func newValidate(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "validate [FILE|DIR]",
		Short: "Check a configuration file, offline",
		Long: `validate checks the operator's file (--config, or FILE), or a repository's driftless.hcl (FILE of that name, or the DIR it lies in), and
reports all errors at once with their places. Given a directory of a Git repository it checks its workspaces as well: cycles, missing
directories, two workspaces with one identity or backend. Nothing is contacted. Exit code 1 when something is wrong.`,
		Example: `  driftless validate                       # the operator's file
  driftless validate ./config.hcl
  driftless validate .                     # driftless.hcl and the workspaces of this repository`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := a.config
			if len(args) == 1 {
				name = args[0]
			}
			info, err := os.Stat(name)
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s does not exist: name the file or directory to check", name)
			} else if err != nil {
				return err
			}
			if info.IsDir() {
				return a.validateDir(cmd, name)
			}
			return a.validateFile(name)
		},
	}
}

func (a *app) validateFile(name string) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	kind := workspaces.OperatorFile
	if strings.TrimSuffix(filepath.Base(name), ".json") == workspaces.RepositoryFileName {
		kind = workspaces.RepositoryFile
	}
	_, diags := workspaces.Parse(kind, name, src)
	return a.report(map[string][]byte{name: src}, diags, name)
}

// validateDir checks a repository as its work tree is.
func (a *app) validateDir(cmd *cobra.Command, dir string) error {
	set, err := localSet(cmd.Context(), dir, "", "")
	var diags hcl.Diagnostics
	switch {
	case errors.As(err, &diags):
		name := filepath.Join(dir, workspaces.RepositoryFileName)
		src, _ := os.ReadFile(name)
		return a.report(map[string][]byte{workspaces.RepositoryFileName: src}, diags, name)
	case err != nil:
		return err
	}
	if err := a.report(set.Sources, set.Diagnostics, fmt.Sprintf("%d workspaces in %s", len(set.Workspaces), dir)); err != nil {
		return err
	}
	bad := 0
	for _, w := range set.Workspaces {
		for _, p := range w.Problems {
			bad++
			_, _ = fmt.Fprintf(a.err, "%s: %s\n", w.ID, p)
		}
	}
	if bad > 0 {
		return exitCode(1)
	}
	return nil
}

// report writes diagnostics, or that there are none.
func (a *app) report(files map[string][]byte, diags hcl.Diagnostics, what string) error {
	if len(diags) > 0 {
		_, _ = fmt.Fprint(a.err, workspaces.FormatDiagnostics(files, diags, a.width(), a.colored(a.err)))
	}
	if diags.HasErrors() {
		return exitCode(1)
	}
	_, err := fmt.Fprintf(a.err, "%s: valid\n", what)
	return err
}
