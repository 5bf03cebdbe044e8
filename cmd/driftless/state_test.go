package main

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/runner/server"
)

// TestState leads a state from its first version to a rollback that changes nothing by itself.
func TestState(t *testing.T) {
	t.Parallel()
	needEngine(t)
	secret := "variable \"pw\" {\n  default   = \"hunter2222\"\n  sensitive = true\n}\noutput \"pw\" {\n  value     = var.pw\n  sensitive = true\n}\noutput \"size\" {\n  value = terraform_data.thing.input\n}\n"
	r := newRepository(t, "app/main.tf", thing, "app/secret.tf", secret)
	r.do("serve", "--once").want(t, 0)
	r.do("state", "list", "app").want(t, 1, "infra//app has no state yet")
	r.do("approve", "--all").want(t, 0)
	r.do("serve", "--once").want(t, 0)

	if out := r.do("state", "list", "app").want(t, 0).out; out != "terraform_data.thing\n" {
		t.Errorf("%q", out)
	}
	if out := r.do("state", "show", "app").want(t, 0).out; out != "pw = \"(sensitive value)\"\nsize = \"small\"\n" {
		t.Errorf("%q", out)
	}
	r.do("state", "show", "app", "terraform_data.thing").want(t, 0, `terraform_data.thing {`, `"value": "small"`)
	r.do("state", "show", "app", "terraform_data.nope").want(t, 1, "`driftless state list infra//app` lists them")
	r.do("state", "show", "app", "--show-sensitive").want(t, 0, "hunter2222")
	r.do("show", "infra//app").want(t, 0, "driftless keeps it", "Synced")
	r.do("show", "app").want(t, 0, "infra//app")
	driftless(t, "__complete", "state", "show", "--config", r.hcl, "app", "").want(t, 0, "terraform_data.thing")

	t.Log("a second version, then back to the first")
	r.write("app/main.tf", strings.Replace(thing, "small", "medium", 1)+strings.Replace(thing, "thing", "second", 1))
	r.commit("More")
	r.git("push", "--quiet", "origin", "main")
	r.do("serve", "--once").want(t, 0)
	r.do("approve", "--all").want(t, 0)
	r.do("serve", "--once").want(t, 0)
	var versions []server.VersionView
	r.do("state", "list", "app", "--versions", "-o", "json").want(t, 0).decode(t, &versions)
	newest, oldest := versions[0], versions[len(versions)-1]
	if newest.Version == oldest.Version || newest.Run == 0 || newest.Lineage != oldest.Lineage {
		t.Fatalf("%+v", versions)
	}
	r.do("state", "list", "app", "--versions").want(t, 0, "VERSION  SERIAL")
	r.do("state", "rollback", "app", "1").want(t, 1, "say why with --reason")
	r.do("state", "rollback", "app", "1", "--reason", "x").want(t, 1, "add --yes")
	r.do("state", "rollback", "app", "99", "--reason", "x", "--yes").want(t, 1, "has no version 99")
	var done server.StateChange
	r.do("state", "rollback", "app", "1", "--reason", "the import went wrong", "--yes", "-o", "json").want(t, 0).decode(t, &done)
	if done.Version.Version != newest.Version+1 || done.Version.Serial != newest.Serial+1 || len(done.Runs) != 1 || done.Runs[0].Purpose != "drift" {
		t.Errorf("%+v %+v", done, done.Version)
	}
	r.do("state", "show", "app").want(t, 0, `size = "small"`)
	r.do("serve", "--once").want(t, 0, "infra//app", "rolled back by")
	var pulled struct{ Serial int64 }
	r.do("state", "pull", "app").want(t, 0, "hunter2222").decode(t, &pulled)
	if pulled.Serial != done.Version.Serial {
		t.Errorf("%+v", pulled)
	}

	t.Log("what is merged next is held too, though nothing else is wrong")
	r.write("app/main.tf", strings.Replace(thing, "small", "large", 1)+strings.Replace(thing, "thing", "second", 1))
	r.git("switch", "--quiet", "-c", "driftless/large")
	r.commit("Large")
	r.git("push", "--quiet", "origin", "driftless/large")
	r.do("serve", "--once").want(t, 0)
	r.git("push", "--quiet", "origin", "HEAD:main")
	r.do("serve", "--once").want(t, 0, "held", "rolled back by")
	r.do("approve", "--all").want(t, 0, "--all leaves out what is approved by its number") // an odd state is approved by its number
	var runs []server.RunView
	r.do("runs", "--status", "held", "--purpose", "apply", "-o", "json").want(t, 0).decode(t, &runs)
	if len(runs) != 1 || !runs[0].OddState() {
		t.Fatalf("%+v", runs)
	}
	r.do("approve", strconv.FormatInt(runs[0].ID, 10)).want(t, 0)
	r.do("serve", "--once").want(t, 0, "applied", "1 Synced")

	t.Log("a file can be pushed when it continues the state; then what it would change is held as well")
	file := filepath.Join(t.TempDir(), "state")
	writeFile(t, file, r.do("state", "pull", "app").want(t, 0).out)
	r.do("state", "push", "app", file).want(t, 1, "there is nothing to push")
	writeFile(t, file, strings.ReplaceAll(r.do("state", "pull", "app", "--version", "1").want(t, 0).out, "small", "other"))
	r.do("state", "push", "app", file).want(t, 1, "would go back from serial", "--force --reason")
	r.do("state", "push", "app", file, "--force", "--reason", "a drill").want(t, 1, "add --yes")
	r.do("state", "push", "app", file, "--force", "--reason", "a drill", "--yes").want(t, 0, "is the newest state now", "looks what a plan from it would change")
	r.do("serve", "--once").want(t, 0, "was replaced by")
	r.do("state", "rescued").want(t, 0, "No state had to be rescued.")
	r.do("state", "push", "--run", "1").want(t, 1, "run 1 left no state behind")
	r.do("state", "settle", "1").want(t, 1, "say why with --reason")
	r.do("state", "settle", "1", "--reason", "x").want(t, 1, "run 1 left no state behind")
	r.do("state", "settle", "app", "--reason", "x").want(t, 1, "is not the number of a run")
	r.do("unlock", "app", "--reason", "x").want(t, 1, "is not locked")
}

// TestStateJSON: what a script gets is what the API says, and nothing sensitive.
func TestStateJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(server.StateView{Workspace: "r//a", Version: server.VersionView{Version: 3, Serial: 7, Lineage: "l"}, State: &planner.State{Serial: 7, Lineage: "l"}})
	if err != nil || !strings.Contains(string(data), `"version":{"version":3,"serial":7,"lineage":"l"`) || !strings.Contains(string(data), `},"serial":7,"lineage":"l"`) {
		t.Errorf("%v %s", err, data)
	}
}
