package server

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

// configuration needs no provider but the built-in one, and no registry.
const configuration = `
terraform {
  backend "http" {}
}
variable "n" {
  type = number
}
resource "terraform_data" "a" {
  count = var.n
  input = "value ${count.index}"
}
output "n" {
  value = var.n
}
`

// root is a directory in which an engine runs with a run's environment.
type root struct {
	t      *testing.T
	engine string
	dir    string
}

// each tests with every engine that is installed.
func each(t *testing.T, test func(t *testing.T, newRoot func(t *testing.T) root)) {
	found := false
	for _, name := range []string{"terraform", "tofu"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		found = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, func(t *testing.T) root {
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(configuration), 0o600); err != nil {
					t.Fatal(err)
				}
				return root{t, path, dir}
			})
		})
	}
	if !found {
		t.Skip("neither terraform nor tofu is on PATH")
	}
}

// run starts the engine in an environment that holds nothing else.
func (r root) run(env map[string]string, args ...string) (output string, err error) {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), r.engine, args...)
	cmd.Dir = r.dir
	cmd.Env = []string{"HOME=" + r.dir, "PATH=" + os.Getenv("PATH"), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0"}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	return strings.Join(strings.Fields(strings.ReplaceAll(string(out), "│", " ")), " "), err // unwrapped
}

func (r root) must(env map[string]string, args ...string) string {
	r.t.Helper()
	out, err := r.run(env, args...)
	if err != nil {
		r.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

func (r root) fails(want string, env map[string]string, args ...string) {
	r.t.Helper()
	out, err := r.run(env, args...)
	if err == nil || !strings.Contains(out, want) {
		r.t.Fatalf("%v: %v, want %q in\n%s", args, err, want, out)
	}
}

func plan(n int, more ...string) []string {
	return append([]string{"plan", "-no-color", fmt.Sprintf("-var=n=%d", n)}, more...)
}

func versions(t *testing.T, db runner.Store) (all []runner.StateVersion) {
	t.Helper()
	err := db.View(t.Context(), func(tx runner.Tx) (err error) {
		all, err = tx.States(web)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEngineUsesState(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, newRoot func(*testing.T) root) {
		db := newStore(t, true)()
		issue := backend(t, db)
		r := newRoot(t)
		planner, _ := issue(Grant{Workspace: web, RunID: 1})
		r.must(planner.env, "init", "-no-color")
		if out := r.must(planner.env, plan(2, "-lock=false")...); !strings.Contains(out, "2 to add") {
			t.Errorf("plan from nothing: %s", out)
		}
		r.fails("Error acquiring the state lock", planner.env, plan(2)...) // it may not lock

		applier, revoke := issue(Grant{Workspace: web, RunID: 2})
		r.fails("HTTP error: 405", applier.env, "apply", "-no-color", "-auto-approve", "-lock=false", "-var=n=2") // it may not write
		made, err := os.ReadFile(filepath.Join(r.dir, "errored.tfstate"))
		if err != nil || len(versions(t, db)) > 0 {
			t.Fatalf("a state was written without a supervisor: %v", err)
		}
		err = db.Update(t.Context(), func(tx runner.Tx) error {
			return tx.PutState(&runner.StateVersion{Workspace: web, Serial: 2, Lineage: "l"}, made)
		})
		if err != nil {
			t.Fatal(err)
		}
		if out := r.must(planner.env, plan(2, "-lock=false")...); !strings.Contains(out, "No changes") {
			t.Errorf("plan after apply: %s", out)
		}
		revoke()
		r.fails("requires auth", applier.env, plan(2, "-lock=false")...)
	})
}
