package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/workspaces"
)

func newValidate(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "validate [FILE|DIR]",
		Short: "Check a configuration file, offline",
		Long: `validate checks the operator's file (--config, or FILE), or a repository's driftless.hcl (a FILE of that name, or the DIR it lies in), and
reports all errors at once with their places. Given a directory of a Git repository it checks its workspaces as well: cycles, missing
directories, two workspaces with one identity or backend. Of a directory that is in no Git repository it checks driftless.hcl alone.
Nothing is contacted, and no engine is started.

Exit codes: 0 valid (warnings may be shown), 1 something is wrong.`,
		Example: `  driftless validate                       # the operator's file
  driftless validate ./config.hcl
  driftless validate .                     # driftless.hcl and the workspaces of this repository
  driftless validate -o json . | jq '.problems[]'`,
		Args: takes(0, 1, "the file or directory to check"),
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
			v := &validity{Checked: name, Problems: []problem{}}
			switch {
			case !info.IsDir():
				err = v.file(name)
			case inRepository(cmd.Context(), name):
				config, problem := a.optionalSettings()
				if problem != nil {
					return problem
				}
				err = v.repository(cmd.Context(), name, config)
			default:
				err = v.plainDirectory(name)
			}
			if err != nil {
				return err
			}
			return a.printValidity(v)
		},
	}
}

// validity is what was found wrong with one thing.
type validity struct {
	Checked    string    `json:"checked"`
	Valid      bool      `json:"valid"`
	Workspaces int       `json:"workspaces"` // how many were checked
	Problems   []problem `json:"problems"`

	what  string // was found valid
	files map[string][]byte
	diags hcl.Diagnostics
}

// problem is one error or warning.
type problem struct {
	Severity  string `json:"severity"` // error or warning
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Workspace string `json:"workspace,omitempty"`
	Summary   string `json:"summary"`
	Detail    string `json:"detail,omitempty"`
}

// file checks a file by itself.
func (v *validity) file(name string) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	kind := workspaces.OperatorFile
	if strings.TrimSuffix(filepath.Base(name), ".json") == workspaces.RepositoryFileName {
		kind = workspaces.RepositoryFile
	}
	config, diags := workspaces.Parse(kind, name, src)
	if kind == workspaces.OperatorFile && !diags.HasErrors() {
		diags = append(diags, doubts(name, config)...)
	}
	v.found(map[string][]byte{name: src}, diags)
	v.what = name
	return nil
}

// doubts are warnings about an operator's file: what is allowed while the file is being written, and mostly a mistake later.
func doubts(name string, config *workspaces.Config) (diags hcl.Diagnostics) {
	warn := func(at hcl.Range, summary, detail string) {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: summary, Detail: detail, Subject: &at})
	}
	if len(config.Repositories) == 0 {
		start := hcl.Pos{Line: 1, Column: 1}
		warn(hcl.Range{Filename: name, Start: start, End: start}, "No repository", `There is nothing to watch: add repository "infra" { url = "https://git.example.com/team/infra.git" }`)
	}
	for _, s := range daemon.Secrets(config) {
		if _, err := os.Stat(s.File); s.File != "" && errors.Is(err, fs.ErrNotExist) {
			start := hcl.Pos{Line: 1, Column: 1}
			warn(hcl.Range{Filename: name, Start: start, End: start}, "No such file", fmt.Sprintf("%s, from which a secret is read, is not there. driftless needs it on the machine where it runs.", s.File))
		}
	}
	policies := slices.Clone(config.Settings.Policies)
	for _, r := range config.Repositories {
		policies = append(policies, r.Settings.Policies...)
	}
	for _, p := range policies {
		if p.Dir == "" {
			continue
		}
		if info, err := os.Stat(p.Dir); err != nil || !info.IsDir() {
			warn(p.Range, "No such directory", fmt.Sprintf("%s is no directory on this machine that can be read. While it is missing, the policy blocks every plan.", p.Dir))
		}
	}
	return append(diags, config.Doubts()...)
}

// plainDirectory checks the driftless.hcl of a directory that is in no repository.
func (v *validity) plainDirectory(dir string) error {
	for _, name := range []string{workspaces.RepositoryFileName, workspaces.RepositoryFileName + ".json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			err = v.file(filepath.Join(dir, name))
			v.what += " (its workspaces were not checked: the directory is in no Git repository)"
			return err
		}
	}
	return fmt.Errorf("%s is in no Git repository and has no %s: name the file or directory to check", dir, workspaces.RepositoryFileName)
}

// found takes up diagnostics: those that are known already, and more.
func (v *validity) found(files map[string][]byte, diags hcl.Diagnostics) {
	known := len(v.diags)
	v.files, v.diags = files, diags
	for _, d := range diags[known:] {
		p := problem{Severity: "error", Summary: d.Summary, Detail: d.Detail}
		if d.Severity == hcl.DiagWarning {
			p.Severity = "warning"
		}
		if d.Subject != nil {
			p.File, p.Line = d.Subject.Filename, d.Subject.Start.Line
		}
		v.Problems = append(v.Problems, p)
	}
}

// printValidity says what was found; exit code 1 when something is wrong.
func (a *app) printValidity(v *validity) error {
	v.Valid = !v.diags.HasErrors()
	if a.output == "json" {
		if err := printJSON(a.out, v); err != nil {
			return err
		}
	} else {
		if len(v.diags) > 0 {
			_, _ = fmt.Fprint(a.err, workspaces.FormatDiagnostics(v.files, v.diags, width(a.err), a.colored(a.err)))
		}
	}
	if !v.Valid {
		return exitCode(1)
	}
	if a.output != "json" {
		a.say("%s: valid", v.what)
	}
	return nil
}
