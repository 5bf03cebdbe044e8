package planner

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/planner/mask"
)

const makeV1 = `
terraform {
  backend "local" {}
}
variable "pw" {
  sensitive = true
  default   = "canary-p4ssw0rd"
}
resource "terraform_data" "update" {
  input = { name = "one", pw = var.pw, path = abspath(path.module) }
}
resource "terraform_data" "replace" { triggers_replace = ["one"] }
resource "terraform_data" "old_name" { input = "moved" }
resource "terraform_data" "forgotten" { input = "forgotten" }
resource "terraform_data" "gone" { input = "gone" }
output "pw" {
  value     = upper(var.pw)
  sensitive = true
}
`

const makeV2 = `
terraform {
  backend "local" {}
}
variable "pw" {
  sensitive = true
  default   = "canary-p4ssw0rd"
}
resource "terraform_data" "update" {
  input = { name = "two", pw = "${var.pw}!", path = abspath(path.module), at = plantimestamp() }
}
resource "terraform_data" "replace" { triggers_replace = ["two"] }
moved {
  from = terraform_data.old_name
  to   = terraform_data.new_name
}
resource "terraform_data" "new_name" { input = "moved" }
removed {
  from = terraform_data.forgotten
  lifecycle {
    destroy = false
  }
}
import {
  to = terraform_data.imported
  id = "some-id"
}
resource "terraform_data" "imported" {}
resource "terraform_data" "made" { input = terraform_data.update.output }
output "pw" {
  value     = "${upper(var.pw)}!"
  sensitive = true
}
check "fails" {
  assert {
    condition     = terraform_data.new_name.output == ""
    error_message = "it is moved"
  }
}
`

// rootOf is a root module in a directory of its own, with its state at a path.
func rootOf(t *testing.T, e engine.Engine, source, state string) (*engine.Root, Request) {
	t.Helper()
	base := t.TempDir()
	dir := filepath.Join(base, "checkout", "infra")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	root, err := engine.Open(engine.RootOptions{
		Engine: e, Dir: dir, DataDir: filepath.Join(base, "data"), TempDir: filepath.Join(base, "tmp"),
		BackendConfig: map[string]string{"path": state}, Mask: &mask.Masker{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return root, Request{
		Root:    root,
		Options: engine.PlanOptions{Out: filepath.Join(base, "plan")},
		Parse:   ParseOptions{Key: []byte("k"), Checkout: filepath.Dir(dir), Engine: e.String()},
	}
}

// eachEngine runs a test with every engine on PATH.
func eachEngine(t *testing.T, test func(*testing.T, engine.Engine)) {
	t.Helper()
	for _, kind := range []engine.Kind{engine.Terraform, engine.OpenTofu} {
		if _, err := exec.LookPath(string(kind)); err != nil {
			continue
		}
		finder, err := engine.NewFinder(engine.FinderOptions{DataDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		found, err := finder.Find(t.Context(), kind, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			test(t, found)
		})
	}
}

// apply applies a saved plan.
func apply(t *testing.T, root *engine.Root, file string) {
	t.Helper()
	output, err := os.CreateTemp(t.TempDir(), "output-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = output.Close() }()
	if err := root.ApplyCommand(file).Run(t.Context(), output, output, time.Minute, nil); err != nil {
		said, _ := os.ReadFile(output.Name())
		t.Fatalf("%v\n%s", err, said)
	}
}

func made(t *testing.T, req Request) *Plan {
	t.Helper()
	plan, err := Make(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestMake(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		state := filepath.Join(t.TempDir(), "state")
		root, first := rootOf(t, e, makeV1, state)
		if got, want := made(t, first).Summary, (Summary{Create: 5, Outputs: 1}); got != want {
			t.Errorf("first: %v, want %v", got, want)
		}
		apply(t, root, first.Options.Out)
		_, one := rootOf(t, e, makeV2, state)
		root, two := rootOf(t, e, makeV2, state)
		reviewed, merged := made(t, one), made(t, two)
		want := Summary{Create: 1, Update: 1, Replace: 1, Delete: 1, Import: 1, Move: 1, Forget: 1, Outputs: 1}
		if merged.Summary != want || merged.File != two.Options.Out {
			t.Errorf("second: %v, want %v", merged.Summary, want)
		}
		// The plan at another time, from another checkout, is the same plan.
		if merged.Digest != reviewed.Digest || !maps.Equal(merged.Digests(), reviewed.Digests()) {
			t.Errorf("digests differ:\n%v\n%v", merged.Digests(), reviewed.Digests())
		}
		if len(merged.Warnings) != 1 || !strings.Contains(merged.Warnings[0], "check.fails failed: it is moved") {
			t.Errorf("warnings: %q", merged.Warnings)
		}
		for _, text := range []string{string(encode(merged)), string(merged.JSON), render(merged)} {
			for _, secret := range []string{"canary-p4ssw0rd", "CANARY-P4SSW0RD", two.Parse.Checkout} {
				if strings.Contains(text, secret) {
					t.Errorf("%q is in %s", secret, text)
				}
			}
		}
		apply(t, root, two.Options.Out)
	})
}

func TestMakeFindsDriftFromUpstream(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		dir := t.TempDir()
		upstream := filepath.Join(dir, "upstream")
		publish := func(value string) {
			state := `{"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "x", "outputs": {"v": {"value": "` + value + `", "type": "string"}}, "resources": []}`
			if err := os.WriteFile(upstream, []byte(state), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		publish("one")
		root, req := rootOf(t, e, `
terraform {
  backend "local" {}
}
data "terraform_remote_state" "up" {
  backend = "local"
  config  = { path = "`+upstream+`" }
}
locals { v = data.terraform_remote_state.up.outputs.v }
resource "terraform_data" "direct" { input = data.terraform_remote_state.up.outputs.v }
resource "terraform_data" "local" { input = local.v }
`, filepath.Join(dir, "state"))
		req.Parse.Drift = true
		made(t, req)
		apply(t, root, req.Options.Out)
		if plan := made(t, req); !plan.Summary.Empty() || len(plan.Changes) > 0 {
			t.Errorf("after the apply: %s", render(plan))
		}
		publish("two")
		plan := made(t, req)
		if plan.Summary != (Summary{Update: 2}) || plan.Changes[0].Cause != Upstream || plan.Changes[1].Cause != Upstream {
			t.Errorf("after a change upstream: %s", render(plan))
		}
	})
}

func TestMakeFails(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		_, req := rootOf(t, e, `output "x" { value = local.missing }`, filepath.Join(t.TempDir(), "state"))
		if plan, err := Make(t.Context(), req); err == nil || plan != nil {
			t.Errorf("Make = %v, %v", plan, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Make(ctx, req); err == nil {
			t.Error("a canceled Make makes a plan")
		}
	})
}
