package engine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInitIsSkippedFromASeed: what another data directory's init left serves a fresh one, also when that is gone afterwards, and only when
// its init read the same.
func TestInitIsSkippedFromASeed(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		module := t.TempDir()
		write(t, module, map[string]string{"m.tf": "output \"o\" {\n  value = \"remote\"\n}\n"})
		for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "m"}} {
			if out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", module}, args...)...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}
		g := newRig(t, e, map[string]string{"main.tf": fmt.Sprintf(`
terraform {
  backend "local" {}
}
module "far" { source = "git::file://%s" }
module "near" { source = "./near" }
resource "terraform_data" "x" { input = "${module.far.o}-${module.near.o}" }
`, module), "near/n.tf": "output \"o\" {\n  value = \"local\"\n}\n"})
		g.opts.BackendConfig = map[string]string{"path": filepath.Join(t.TempDir(), "state")}
		g.plan(g.open())
		if g.inits() != 1 {
			t.Fatalf("%d inits", g.inits())
		}

		seed := g.opts.DataDir
		if err := os.WriteFile(filepath.Join(seed, "token"), []byte("of a program"), 0o600); err != nil {
			t.Fatal(err)
		}
		fresh := func() {
			t.Helper()
			g.opts.Seed, g.opts.DataDir = seed, filepath.Join(t.TempDir(), "data")
			r := g.open()
			g.plan(r)
			if !strings.Contains(g.show(r), "remote-local") || exists(filepath.Join(g.opts.DataDir, "token")) {
				t.Error(g.show(r))
			}
		}
		fresh()
		if g.inits() != 1 {
			t.Errorf("not skipped:\n%s", g.text())
		}
		list, err := os.ReadFile(filepath.Join(g.opts.DataDir, "modules", "modules.json"))
		if err != nil || strings.Contains(string(list), seed) || !strings.Contains(string(list), "./near") {
			t.Errorf("modules: %s, %v", list, err)
		}

		if err := os.RemoveAll(filepath.Join(seed, "modules", "far")); err != nil {
			t.Fatal(err)
		}
		g.plan(g.open()) // the copy stands on its own
		if g.inits() != 1 {
			t.Errorf("not skipped again:\n%s", g.text())
		}
		fresh() // it is damaged, and the engine says so
		if g.inits() != 2 {
			t.Errorf("%d inits:\n%s", g.inits(), g.text())
		}
		for name, change := range map[string]func(){
			"key":     func() { g.opts.InitKey = "other" },
			"backend": func() { g.opts.BackendConfig = map[string]string{"path": filepath.Join(t.TempDir(), "other")} },
			"record":  func() { _ = os.Remove(record(seed)) },
		} {
			before := g.opts
			was := g.inits()
			change()
			if fresh(); g.inits() != was+1 {
				t.Errorf("%s: init was skipped", name)
			}
			g.opts = before
		}
	})
}
