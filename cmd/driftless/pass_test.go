package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner/server"
)

func needEngine(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("terraform is not on PATH")
	}
}

// TestPassAndPlan leads a repository from first sight to a pull request, as an operator and a developer do.
func TestPassAndPlan(t *testing.T) {
	t.Parallel()
	needEngine(t)
	r := newRepository(t, "app/main.tf", thing, "policies/size.rego", noHuge, "driftless.hcl", "policy \"rules\" {\n  path = \"policies\"\n}\n")

	t.Log("first sight is held, and the pass says what to type")
	first := r.do("serve", "--once", "--detailed-exitcode").want(t, 2, "1 Pending", "WAITING", "infra//app  held    1", "Next:", "driftless approve 1")
	if first.err != "" && !strings.HasPrefix(first.err, "infra//app: held\n") {
		t.Errorf("one line for each run on standard error:\n%s", first.err)
	}
	if n := strings.Count(first.out+first.err, "for the first time"); n != 1 {
		t.Errorf("it says %d times why the run is held:\n%s", n, first.out)
	}
	r.do("show", "1").want(t, 0, "apply of infra//app", "Beyond review  create terraform_data.thing", "Next: `driftless approve 1`")
	r.do("show", "1", "--log").want(t, 0, "terraform_data.thing")
	r.do("show", "1", "--plan-json").want(t, 0, `"resource_changes"`)
	r.do("show", "1", "--errored-state").want(t, 1, "run 1 left no state behind")
	r.do("show", "7").want(t, 1, "there is no run 7")
	r.do("show", "driftless/nope").want(t, 1, "no pull request")
	r.do("approve", "1").want(t, 0, "run 2 plans infra//app again", "as soon as `driftless serve` runs")
	r.do("approve", "1").want(t, 1, "was superseded")
	r.do("approve", "--repository", "infra").want(t, 1, "no rewritten branch")
	r.do("serve", "--once", "--detailed-exitcode").want(t, 0, "applied", "1 Synced")

	t.Log("a second pass has nothing to do")
	var p struct {
		Runs       []server.RunView       `json:"runs"`
		Workspaces []server.WorkspaceView `json:"workspaces"`
	}
	r.do("serve", "--once", "-o", "json").want(t, 0).decode(t, &p)
	if len(p.Runs) != 0 || len(p.Workspaces) != 1 || p.Workspaces[0].Sync != "Synced" {
		t.Errorf("%+v", p)
	}
	r.do("serve", "--once").want(t, 0, "Nothing was due. 1 workspace: 1 Synced.")
	r.do("workspaces").want(t, 0, "infra//app  Synced")
	r.do("approve", "--all").want(t, 0, "Nothing is held.")
	r.do("drift").want(t, 0, "Nothing drifted")
	r.do("drift", "--check", "app").want(t, 0, "1 drift check is queued")
	r.do("drift", "nope").want(t, 1, "`driftless workspaces` lists them")
	r.do("serve", "--once").want(t, 0, "drift")
	r.do("runs", "-w", "app", "--purpose", "drift").want(t, 0, "unchanged")
	r.do("runs", "--status", "failed").want(t, 0, "There are no such runs.")
	driftless(t, "__complete", "runs", "--config", r.hcl, "-w", "").want(t, 0, "infra//app\tSynced")
	r.do("runs", "--repository", "nope").want(t, 1, `there is no repository "nope": there is infra`)
	driftless(t, "__complete", "show", "--config", r.hcl, "").want(t, 0, "1\tapply of infra//app: superseded")

	t.Log("the work tree is planned with what is not committed, against the state that driftless keeps")
	r.do("plan", "--repo", r.dir, "--detailed-exitcode").want(t, 0, "No workspace")
	r.write("app/main.tf", strings.Replace(thing, "small", "medium", 1))
	planned := r.do("plan", "--repo", r.dir, "--detailed-exitcode").want(t, 2, `! input  = "small" -> "medium"`, "ready")
	if planned.err != "infra//app: ready: 1 to update; policy: pass\n" {
		t.Errorf("one line for each workspace on standard error:\n%s", planned.err)
	}
	if strings.Contains(planned.out, "<!--") || strings.Contains(planned.out, "driftless show") {
		t.Errorf("the foot is for forges:\n%s", planned.out)
	}
	var view struct {
		Repository, Branch string
		Workspaces         []struct {
			Workspace, Status string
			Plan              struct{ Summary struct{ Update int } }
		}
	}
	r.do("plan", "--repo", r.dir, "-o", "json").want(t, 0).decode(t, &view)
	if view.Repository != "infra" || view.Branch != "origin/main" || len(view.Workspaces) != 1 || view.Workspaces[0].Status != "ready" || view.Workspaces[0].Plan.Summary.Update != 1 {
		t.Errorf("%+v", view)
	}
	r.do("plan", "--repo", r.bare).want(t, 1, "this repository is bare")
	r.do("plan", filepath.Join(r.dir, "app"), "--repo", r.dir).want(t, 0, "app", "` with uncommitted changes merged with")
	r.do("plan", "nope", "--repo", r.dir).want(t, 1, `there is no workspace "nope" here`)

	t.Log("the policies are those of the tracked branch, whatever the work tree says")
	r.write("app/main.tf", strings.Replace(thing, "small", "huge", 1), "policies/size.rego", "package size\n\ndeny contains 1 if false\n")
	r.do("plan", "--repo", r.dir, "--detailed-exitcode").want(t, 1, "huge is not allowed", "blocked")

	t.Log("without a data directory there is no state to read, and the report says so")
	driftless(t, "plan", "--repo", r.dir, "app").want(t, 1, "as if nothing existed yet: clone//app")

	t.Log("a pull request is reported")
	r.write("policies/size.rego", noHuge)
	r.git("switch", "--quiet", "-c", "driftless/huge")
	r.commit("Make it huge")
	r.git("push", "--quiet", "origin", "driftless/huge")
	r.do("serve", "--once").want(t, 0, "blocked")
	r.do("show", "driftless/huge").want(t, 0, "huge is not allowed", "```diff")
	driftless(t, "__complete", "show", "--config", r.hcl, "").want(t, 0, "driftless/huge\tMake it huge")
	var pull server.PullView
	r.do("show", "driftless/huge", "-o", "json").want(t, 0).decode(t, &pull)
	if len(pull.Report) != 1 || pull.Title != "Make it huge" {
		t.Errorf("%+v", pull)
	}
}

// TestWaiting: a pass lists what waits, whether it was its work or not.
func TestWaiting(t *testing.T) {
	t.Parallel()
	needEngine(t)
	r := newRepository(t, "a/main.tf", strings.Replace(thing, "input", "inptu", 1), "b/main.tf", strings.Replace(thing, "small", "huge", 1), "c/main.tf", thing,
		"policies/size.rego", noHuge, "driftless.hcl", "policy \"rules\" {\n  path = \"policies\"\n}\nworkspace \"c\" {\n  depends_on = [\"a\"]\n}\n")
	for range 2 {
		r.do("serve", "--once").want(t, 0, "infra//a  failed", "infra//b  blocked", "infra//c  queued", "waits for infra//a", "huge is not allowed",
			"driftless show 1 --log", "driftless show 2 ")
	}
	if c := driftless(t, "__complete", "approve", "--config", r.hcl, "").want(t, 0, "1\tapply of infra//a: failed"); strings.Contains(c.out, "infra//b") {
		t.Error(c.out)
	}
}

func TestPlanOfAFailure(t *testing.T) {
	t.Parallel()
	needEngine(t)
	r := newRepository(t, "app/main.tf", thing)
	r.write("app/main.tf", "resource \"terraform_data\" \"thing\" {\n  inptu = 1\n}\n")
	r.do("plan", "--repo", r.dir).want(t, 1, "failed", "Unsupported argument", "inptu")
	r.write("driftless.hcl", "workspace \"app\" {\n  var_files = [\"x.tfvars\", \"y.tfvars\"]\n}\n")
	r.do("plan", "--repo", r.dir).want(t, 1, "variable file x.tfvars does not exist", "variable file y.tfvars does not exist")
	r.write("driftless.hcl", "workspac \"a\" {\n}\n")
	r.do("plan", "--repo", r.dir).want(t, 1, "driftless.hcl line 1")
}

// TestUnreachableRepository: what cannot be looked at makes the pass fail, with the reason.
func TestUnreachableRepository(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.hcl")
	writeFile(t, file, "data_dir = \""+dir+"/data\"\nrepository \"infra\" {\n  url = \""+dir+"/gone.git\"\n}\n")
	r := driftless(t, "serve", "--once", "--config", file).want(t, 1, "repository infra", "repository not found")
	if !strings.HasPrefix(r.err, "driftless: repository infra: ") {
		t.Error(r.err)
	}
	driftless(t, "workspaces", "--config", file).want(t, 0, "repository infra: ", "There are no workspaces yet")
}
