package provider_test

import (
	"encoding/json"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/driftlessops/driftless/examples"
	"github.com/driftlessops/driftless/examples/cloud"
)

// TestShop acts out what the README of the acts says of them, with the engine alone.
func TestShop(t *testing.T) {
	t.Parallel()
	e := startEngine(t, cloud.Faults{EventualReads: 1})
	root := t.TempDir()
	lay := func(name string) {
		t.Helper()
		e.must(examples.Write(root, name))
	}
	lay("shop")
	network := e.in(filepath.Join(root, "network"))
	staging := e.in(filepath.Join(root, "staging", "shop"))
	production := e.in(filepath.Join(root, "production", "shop"))
	staging.fails("apply the workspace that makes it first")
	for _, workspace := range []*engine{network, staging, production} {
		workspace.apply()
		workspace.wantPlan()
	}

	lay("acts/01-plan")
	production.wantPlan("update module.shop.cloud_server.web[0]", "create module.shop.cloud_server.web[1]")
	production.apply()
	lay("acts/02-policy")
	staging.wantPlan("update module.shop.cloud_bucket.assets")
	lay("shop")
	production.wantPlan("update module.shop.cloud_server.web[0]", "delete module.shop.cloud_server.web[1]")

	var edit struct {
		Kind, Name string
		Attributes map[string]any
	}
	data, err := fs.ReadFile(examples.FS, "acts/04-drift/edit.json")
	e.must(err)
	e.must(json.Unmarshal(data, &edit))
	_, err = e.Edit(edit.Kind, edit.Name, edit.Attributes)
	e.must(err)
	staging.wantPlan("update module.shop.cloud_server.web[0]")
	staging.apply()
	staging.wantPlan()
}

// TestTreesWithoutCloud applies the examples that need no provider.
func TestTreesWithoutCloud(t *testing.T) {
	t.Parallel()
	e := startEngine(t, cloud.Faults{})
	root := t.TempDir()
	for _, name := range []string{"minimal", "monorepo"} {
		e.must(examples.Write(filepath.Join(root, name), name))
	}
	for dir, args := range map[string][]string{
		"minimal": nil, "monorepo/platform": nil, "monorepo/apps/web": nil, "monorepo/jobs/report": nil, "monorepo/attic/old": nil,
		"monorepo/apps/api": {"-var-file=prod.tfvars"},
	} {
		there := e.in(filepath.Join(root, filepath.FromSlash(dir)))
		there.ok(append([]string{"apply", "-no-color", "-auto-approve"}, args...)...)
	}
}
