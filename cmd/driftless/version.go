package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "dev"

// build is what this program was made of.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Edited  bool   `json:"edited,omitempty"` // built from files that were not committed
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "version prints which driftless this is, for a bug report.",
		Example: "  driftless version\n  driftless version -o json | jq -r .commit",
		Args:    takes(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			if a.output == "json" {
				return printJSON(a.out, thisBuild())
			}
			_, err := fmt.Fprintf(a.out, "driftless %s\n", versionText())
			return err
		},
	}
}

func thisBuild() build {
	b := build{Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; version == "dev" && v != "" && v != "(devel)" {
		b.Version = v // go install module@version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Edited = s.Value == "true"
		}
	}
	return b
}

// versionText is one line.
func versionText() string {
	b := thisBuild()
	commit := ""
	if b.Commit != "" {
		commit = "commit " + short(b.Commit) + ", "
	}
	return fmt.Sprintf("%s (%s%s, %s/%s)", b.Version, commit, b.Go, b.OS, b.Arch)
}
