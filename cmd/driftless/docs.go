package main

import (
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/driftlessops/driftless/workspaces"
)

//go:generate go run . docs ../../docs

// references are the pages that are made from the code: what is written around it.
//
//go:embed reference/*.md
var references embed.FS

// newDocs writes the reference pages; it is for those who work on driftless.
func newDocs() *cobra.Command {
	return &cobra.Command{
		Use:    "docs DIR",
		Short:  "Write the reference pages of the documentation",
		Hidden: true,
		Args:   takes(1, 1, "the directory of the documentation"),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, name := range referencePages {
				page, err := referencePage(name)
				if err == nil {
					err = os.WriteFile(filepath.Join(args[0], name), []byte(page), 0o644)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

var referencePages = []string{"configuration.md", "cli.md"}

// referencePage makes one page.
func referencePage(name string) (string, error) {
	t, err := template.New(name).ParseFS(references, "reference/"+name)
	if err != nil {
		return "", err
	}
	var page strings.Builder
	err = t.Execute(&page, map[string]string{"Blocks": blocksText(workspaces.Reference()), "Commands": commandsText(newRoot(&app{out: io.Discard, err: io.Discard}))})
	return page.String(), err
}

// blocksText is every block with a table of its attributes.
func blocksText(blocks []workspaces.BlockDoc) string {
	var b strings.Builder
	for _, block := range blocks {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", blockTitle(block), block.Text)
		var where []string
		if len(block.Names) > 0 {
			where = append(where, "Stands in: "+strings.Join(code(block.In), ", ")+".")
		}
		if len(block.Blocks) > 0 {
			where = append(where, "Blocks in it: "+strings.Join(code(block.Blocks), ", ")+".")
		}
		b.WriteString(strings.Join(where, " ") + "\n\n")
		if len(block.Attributes) > 0 {
			b.WriteString(attributesText(block.Attributes))
		}
	}
	return strings.TrimSpace(strings.ReplaceAll(b.String(), "\n\n\n", "\n\n"))
}

func attributesText(attributes []workspaces.AttributeDoc) string {
	var b strings.Builder
	takes := false
	for _, a := range attributes {
		takes = takes || a.Takes != ""
	}
	b.WriteString("| attribute | type | default | |")
	if takes {
		b.WriteString(" an edit takes effect |")
	}
	b.WriteString("\n|---|---|---|---|")
	if takes {
		b.WriteString("---|")
	}
	b.WriteString("\n")
	for _, a := range attributes {
		value := a.Default
		switch {
		case a.Required:
			value = "**required**"
		case value == "":
			value = "–"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |", a.Name, a.Type, value, a.Text)
		if takes {
			fmt.Fprintf(&b, " %s |", orDash(a.Takes))
		}
		b.WriteString("\n")
	}
	return b.String() + "\n"
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func blockTitle(block workspaces.BlockDoc) string {
	if len(block.Names) == 0 {
		return "The operator's file"
	}
	title := strings.Join(code(block.Names), " and ")
	for _, label := range block.Labels {
		title += fmt.Sprintf(" %q", strings.ToUpper(label))
	}
	return title
}

// code marks names of blocks; "the operator's file" is none.
func code(names []string) []string {
	var all []string
	for _, name := range names {
		if !strings.Contains(name, " ") {
			name = "`" + name + "`"
		}
		all = append(all, name)
	}
	return all
}

// commandsText is every command with its help.
func commandsText(root *cobra.Command) string {
	var b strings.Builder
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Hidden || cmd.Name() == "help" || cmd.Name() == "completion" {
			return
		}
		b.WriteString(commandText(cmd))
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
	return strings.TrimSpace(b.String())
}

func commandText(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n\n", cmd.CommandPath(), cmd.Long)
	if !cmd.HasSubCommands() {
		fmt.Fprintf(&b, "```\n%s\n```\n\n", cmd.UseLine())
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, "```sh\n%s\n```\n\n", unindent(cmd.Example))
	}
	flags := cmd.LocalNonPersistentFlags()
	if !cmd.HasParent() {
		flags = cmd.PersistentFlags()
		b.WriteString("Every command has these flags:\n\n")
	}
	if rows := flagsText(flags); rows != "" {
		b.WriteString("| flag | environment | default | |\n|---|---|---|---|\n" + rows + "\n")
	}
	return b.String()
}

func unindent(text string) string {
	return strings.TrimPrefix(strings.ReplaceAll(text, "\n  ", "\n"), "  ")
}

func flagsText(flags *pflag.FlagSet) string {
	var b strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Name == "version" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "`--" + f.Name
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		if value != "" {
			name += " " + value
		}
		env := "command line only"
		if v := variable(f); v != "" {
			env = "`" + v + "`"
		}
		preset := "–"
		if f.DefValue != "" && f.DefValue != "[]" && f.DefValue != "false" {
			preset = "`" + f.DefValue + "`"
		}
		fmt.Fprintf(&b, "| %s` | %s | %s | %s |\n", name, env, preset, strings.ReplaceAll(usage, "|", "\\|"))
	})
	return b.String()
}
