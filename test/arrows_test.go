package test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/driftlessops/driftless/"

// arrows are the packages of ours that a room may import, tests aside, and with them what lies below those. A package
// belongs to the room with the longest name that fits, and may import what is its room's own.
var arrows = map[string][]string{
	"workspaces":             {},
	"workspaces/gitrepo":     {"workspaces"},
	"planner":                {"workspaces"},
	"planner/engine":         {"workspaces", "planner/mask"},
	"policy":                 {"planner"},
	"runner":                 {"workspaces", "planner", "policy", "runner/report", "runner/forge", "runner/command", "runner/supervisor", "runner/tfstate"},
	"runner/command":         {},
	"runner/report":          {"planner", "policy"},
	"runner/forge":           {"workspaces/gitrepo"},
	"runner/forge/forgetest": {"runner/forge", "workspaces/gitrepo", "test/forges"},
	"runner/supervisor":      {"planner/engine", "runner/tfstate"},
	"runner/tfstate":         {},
	"runner/store":           {"runner", "workspaces", "planner", "policy"},
	"runner/metrics":         {"runner"},
	"runner/retention":       {"runner", "workspaces"},
	"runner/tracing":         {},
	"runner/server":          {"runner", "workspaces", "planner", "policy"},
	"runner/daemon":          {"runner", "workspaces", "planner", "policy"},
	"examples":               {},
	"cmd/driftless":          {"runner", "workspaces", "planner", "policy", "examples"},
}

// forbidden are packages of ours that a room may not import though it may import what they lie in.
var forbidden = map[string][]string{
	"workspaces":     {"workspaces/gitrepo"},
	"planner":        {"workspaces/gitrepo"},
	"policy":         {"planner/engine", "workspaces/gitrepo"},
	"runner":         {"runner/store", "runner/server", "runner/daemon", "runner/metrics", "runner/tracing"},
	"runner/report":  {"planner/engine", "workspaces/gitrepo"},
	"runner/forge":   {"runner/store", "runner/server", "runner/daemon", "runner/report"},
	"runner/store":   {"runner/server", "runner/daemon", "runner/forge", "runner/report", "planner/engine", "workspaces/gitrepo"},
	"runner/metrics": {"runner/store", "runner/server", "runner/daemon", "runner/report"},
	"runner/server":  {"runner/store", "runner/daemon", "runner/metrics", "planner/engine", "workspaces/gitrepo"},

	"runner/retention": {"runner/store", "runner/server", "runner/daemon", "runner/metrics", "runner/report"},
}

// onlyUsers are the only packages that may import a module, or a package of the standard library; those below them count.
var onlyUsers = map[string][]string{
	"github.com/go-git/go-git":                        {"workspaces/gitrepo"},
	"github.com/hashicorp/terraform-exec":             {"planner/engine"},
	"github.com/hashicorp/hc-install":                 {"planner/engine"},
	"github.com/opentofu/tofudl":                      {"planner/engine"},
	"github.com/open-policy-agent/opa":                {"policy"},
	"modernc.org/sqlite":                              {"runner/store"},
	"github.com/jackc/pgx":                            {"runner/store"},
	"github.com/uptrace/bun":                          {"runner/store"},
	"github.com/pressly/goose":                        {"runner/store"},
	"filippo.io/age":                                  {"runner/store"},
	"github.com/google/go-github":                     {"runner/forge/github"},
	"github.com/yuin/goldmark":                        {"runner/command"},
	"code.gitea.io/sdk/gitea":                         {"runner/forge/gitea"},
	"go.opentelemetry.io/otel/sdk":                    {"runner/tracing"},
	"go.opentelemetry.io/otel/exporters":              {"runner/tracing"},
	"github.com/prometheus/client_golang":             {"runner/metrics"},
	"github.com/spf13/cobra":                          {"cmd/driftless"},
	"github.com/hashicorp/terraform-plugin-framework": {"examples/cloud/provider"},
	"database/sql":                                    {"runner/store"},
	"os/exec":                                         {"planner/engine", "workspaces/gitrepo", "runner", "cmd/driftless", "test"}, // see TestEffectsHaveSteps
}

// pkg is one package as go list describes it.
type pkg struct {
	ImportPath string
	Imports    []string // without tests
}

func listPackages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// below reports whether name is the package dir, or one in it.
func below(name, dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }

// room is the longest name in arrows that a package lies in.
func room(name string) string {
	found := ""
	for r := range arrows {
		if below(name, r) && len(r) > len(found) {
			found = r
		}
	}
	return found
}

// TestArrows holds the packages to the import arrows of the design: one way, and never in a circle.
func TestArrows(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		name, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours || below(name, "test") {
			continue
		}
		in := room(name)
		if in == "" {
			t.Errorf("%s lies in no room: say in arrows what it may import", name)
			continue
		}
		for _, imported := range p.Imports {
			if target, ours := strings.CutPrefix(imported, module); ours && !mayImport(in, target) {
				t.Errorf("%s imports %s, and %s may not", name, target, in)
			}
		}
	}
}

func mayImport(in, target string) bool {
	within := func(dir string) bool { return below(target, dir) }
	if target == "test/killpoint" { // which imports nothing and, in a program for users, does nothing
		return true
	}
	if slices.ContainsFunc(forbidden[in], within) {
		return false
	}
	return below(target, in) || slices.ContainsFunc(arrows[in], within)
}

// TestOnlyUsers holds every library to the one room that wraps it.
func TestOnlyUsers(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		name, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours {
			continue
		}
		for _, imported := range p.Imports {
			for library, users := range onlyUsers {
				if below(imported, library) && !slices.ContainsFunc(users, func(user string) bool { return below(name, user) }) {
					t.Errorf("%s imports %s; only %s may", name, imported, strings.Join(users, ", "))
				}
			}
		}
	}
}
