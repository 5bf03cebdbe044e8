package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/command"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/workspaces"
)

func TestMistakesNameTheNextStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"plann", 1, "there is no command \"plann\". Did you mean `driftless plan`?"},
		{"policy tset", 1, "Did you mean `driftless policy test`?"},
		{"nonsense", 1, "`driftless --help` lists them"},
		{"runs --outptu json", 1, "Did you mean --output?"},
		{"runs x", 1, "driftless runs takes no arguments"},
		{"runs --data-dir / --status hold", 1, `--status "hold" is not known`},
		{"runs -o yaml", 1, `--output "yaml" is not known: it is table or json`},
		{"runs --config /nowhere.hcl", 1, "there is no configuration at /nowhere.hcl"},
		{"runs --data-dir /nowhere", 1, "`driftless serve` fills it"},
		{"serve --config /nowhere.hcl", 1, "--config"},
		{"serve --detailed-exitcode --config testdata/operator.hcl", 1, "needs --once"},
		{"show", 1, "driftless show needs a run's number, a pull request or a workspace"},
		{"approve", 1, "`driftless runs --status held`"},
		{"approve x", 1, `"x" is not the number of a run`},
		{"approve 1 --all", 1, "not both"},
		{"approve -l env=dev", 1, "add --all"},
		{"workspaces --base main", 1, "--base and --head need --repo"},
		{"workspaces --repo /", 1, "not a git repository"},
		{"plan --repo /", 1, "not a git repository"},
		{"validate /nowhere", 1, "does not exist"},
		{"policy eval", 2, "needs --policy DIR and --plan FILE"},
		{"policy eval --polcy x", 2, "Did you mean --policy?"},
		{"policy eval --policy testdata --plan /nowhere.json", 2, "read the plan"},
		{"policy eval -o yaml", 2, "it is table or json"},
		{"policy eval x", 2, "takes no arguments"},
		{"policy eval --policy /nowhere --plan testdata/operator.hcl", 2, "read the policies"},
		{"policy test", 1, "needs the directory"},
		{"policy test /nowhere", 1, "test policies"},
		{"show 1 --log --plan-json", 1, "give one of --log, --plan-json, --errored-state"},
		{"state lits", 1, "Did you mean `driftless state list`?"},
		{"state list x --versions --version 3", 1, "give one of --versions, --version"},
		{"state pull", 1, "needs a workspace, or --run"},
		{"state pull x --run 3", 1, "give no workspace"},
		{"state push x", 1, "`driftless state rescued` lists what there is"},
		{"state push x y --run 3", 1, "give nothing else"},
		{"state push --run 3 --force", 1, "say why with --reason"},
		{"state rollback x", 1, "needs a workspace and a version"},
		{"state rollback x y", 1, `"y" is not the number of a version`},
		{"unlock", 1, "driftless unlock needs a workspace"},
		{"drift --check --detailed-exitcode", 1, "give one of --check, --detailed-exitcode"},
		{"runs --limit 0", 1, "--limit 0 is not a number from 1 to 1000"},
		{"runs --limit 1001", 1, "from 1 to 1000"},
		{"runs --limit many", 1, `--limit "many" is not a whole number`},
		{"serve --once=maybe", 1, `--once "maybe" is not true or false`},
		{"approve --all -l env", 1, "key=value"},
		{"completion foo", 1, "there is no command \"foo\""},
		{"help foo", 1, "there is no command \"foo\""},
		{"help policy tset", 1, "Did you mean `driftless policy test`?"},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			r := driftless(t, strings.Fields(c.args)...).want(t, c.code, c.want)
			if r.out != "" || strings.Count(strings.TrimSpace(r.err), "\n") > 0 {
				t.Errorf("an error is one line on standard error:\n%s%s", r.out, r.err)
			}
		})
	}
}

// TestHelp holds every command to a help with an example.
func TestHelp(t *testing.T) {
	t.Parallel()
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if !cmd.IsAvailableCommand() || cmd.Name() == "help" || cmd.Name() == "completion" {
			return
		}
		if cmd.HasParent() && (cmd.Short == "" || cmd.Long == "" || cmd.Example == "" || strings.HasSuffix(cmd.Short, ".")) {
			t.Errorf("%s: a command has a short text without a full stop, a long one and an example", cmd.CommandPath())
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s has no text", cmd.CommandPath(), f.Name)
			}
		})
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(&app{}))
}

// TestCommentsKnowTheCommands writes each command of the program in a comment: one that is none there is told so.
func TestCommentsKnowTheCommands(t *testing.T) {
	t.Parallel()
	for _, c := range newRoot(&app{}).Commands() {
		_, _, problem := command.Parse("driftless " + c.Name())
		if problem == nil || c.Hidden { // it is one of comments as well
			continue
		}
		if !strings.Contains(problem.Text, "a command of the machine") {
			t.Errorf("driftless %s: %+v", c.Name(), problem)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	driftless(t, "version").want(t, 0, "driftless dev (")
	driftless(t, "--version").want(t, 0, "driftless dev (")
	var b build
	driftless(t, "version", "-o", "json").want(t, 0).decode(t, &b)
	if b.Version != "dev" || b.Go == "" {
		t.Errorf("%+v", b)
	}
}

// TestPrecedence: flag > environment > file > default.
func TestPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.hcl")
	writeFile(t, file, "data_dir = \"/from/file\"\n")
	bare := filepath.Join(t.TempDir(), "config.hcl")
	writeFile(t, bare, "")
	in := func(dir string) string { return "data directory " + dir + " yet" }

	driftless(t, "runs", "--config", bare).want(t, 1, in(defaultDataDir))
	driftless(t, "runs", "--config", file).want(t, 1, in("/from/file"))
	t.Setenv("DRIFTLESS_CONFIG", file)
	driftless(t, "runs").want(t, 1, in("/from/file"))
	t.Setenv("DRIFTLESS_DATA_DIR", "/from/environment")
	driftless(t, "runs").want(t, 1, in("/from/environment"))
	driftless(t, "runs", "--data-dir", "/from/flag").want(t, 1, in("/from/flag"))
	t.Setenv("DRIFTLESS_DATA_DIR", "")
	driftless(t, "runs").want(t, 1, in("/from/file"))

	t.Setenv("DRIFTLESS_OUTPUT", "json")
	driftless(t, "version").want(t, 0, `"version"`)
	driftless(t, "version", "-o", "table").want(t, 0, "driftless dev (")
	t.Setenv("DRIFTLESS_OUTPUT", "yaml")
	driftless(t, "version").want(t, 1, "it is table or json")
	t.Setenv("DRIFTLESS_OUTPUT", "")
	t.Setenv("DRIFTLESS_LIMIT", "many")
	driftless(t, "runs").want(t, 1, "DRIFTLESS_LIMIT: --limit \"many\" is not a whole number")
}

// TestApprovalIsNeverInTheEnvironment: a variable left over in a shell approves nothing.
func TestApprovalIsNeverInTheEnvironment(t *testing.T) {
	t.Setenv("DRIFTLESS_ALL", "true")
	t.Setenv("DRIFTLESS_REPOSITORY", "infra")
	driftless(t, "approve").want(t, 1, "needs the numbers of runs")
}

func TestValidate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.hcl"), filepath.Join(dir, "bad.hcl")
	writeFile(t, good, "repository \"infra\" {\n  url = \"/srv/infra.git\"\n}\n")
	writeFile(t, bad, "repository \"infra\" {\n  url = \"/srv\"\n  brunch = \"main\"\n}\nconcurrency = \"x\"\n")
	driftless(t, "validate", good).want(t, 0, "good.hcl: valid")
	driftless(t, "validate", "--config", good).want(t, 0, "valid")
	driftless(t, "validate", bad).want(t, 1, "bad.hcl line 3", "brunch", "bad.hcl line 5")
	var v validity
	driftless(t, "validate", bad, "-o", "json").want(t, 1).decode(t, &v)
	if v.Valid || len(v.Problems) != 2 || v.Problems[0].Line == 0 {
		t.Errorf("%+v", v)
	}
	if driftless(t, "validate", dir).want(t, 1, "is in no Git repository and has no driftless.hcl").out != "" {
		t.Error("messages belong to standard error")
	}
	writeFile(t, filepath.Join(dir, "driftless.hcl"), "workspace \"a\" {\n  aply = \"manual\"\n}\n")
	driftless(t, "validate", dir).want(t, 1, "aply", "apply")
	writeFile(t, filepath.Join(dir, "driftless.hcl"), "workspace \"a\" {\n}\n")
	driftless(t, "validate", dir).want(t, 0, "valid", "its workspaces were not checked")
}

// TestValidateDoubts: what may be a file half written is a warning.
func TestValidateDoubts(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.hcl")
	writeFile(t, file, "")
	driftless(t, "validate", file).want(t, 0, "No repository", "valid")
	writeFile(t, file, "repository \"a\" {\n  url = \"/a\"\n  policy \"x\" {\n    dir = \"/nowhere\"\n  }\n}\n")
	driftless(t, "validate", file).want(t, 0, "line 3", "/nowhere is no directory", "valid")
	key := filepath.Join(t.TempDir(), "driftless-key")
	writeFile(t, file, fmt.Sprintf("repository \"a\" {\n  url = \"/a\"\n}\nencryption_key {\n  file = %q\n}\n", key))
	driftless(t, "validate", file).want(t, 0, key+", from which a secret is read, is not there", "valid")
	driftless(t, "serve", "--once", "--config", file, "--data-dir", t.TempDir()).want(t, 1, "encryption_key: file "+key+": ", "`driftless keys new FILE` makes it")
	driftless(t, "keys", "new", key).want(t, 0, key+" holds the key age1")
	driftless(t, "keys", "new", key).want(t, 1, "it is there already")
	if said := driftless(t, "validate", file).want(t, 0, "valid").err; strings.Contains(said, key) {
		t.Error(said)
	}
	writeFile(t, file, `github "g" {
  url         = "http://127.0.0.1:1"
  write_pause = "0s"
  token { command = ["echo", "t"] }
}
repository "acme" {
  url = "http://127.0.0.1:1/acme/infra-*"
}
identity "aws" {
  labels = { env = "prod" }
  plan {
    env "A" { env = "A" }
  }
}
`)
	driftless(t, "validate", file).want(t, 0, "line 9", "Identity for repositories that are not made yet", "valid")
	driftless(t, "serve", "--once", "--config", file, "--data-dir", t.TempDir()).want(t, 1, "level=WARN", "Identity for repositories that are not made yet")
}

// TestReservedVariables: what validate refuses and what an engine refuses is the same.
func TestReservedVariables(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../../planner/engine/env.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var engines []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "reserved" {
			return true
		}
		for _, e := range spec.Values[0].(*ast.CompositeLit).Elts {
			name, _ := strconv.Unquote(e.(*ast.BasicLit).Value)
			engines = append(engines, name)
		}
		return false
	})
	ours := slices.Clone(workspaces.ReservedVariables)
	slices.Sort(ours)
	slices.Sort(engines)
	if !slices.Equal(ours, engines) {
		t.Errorf("workspaces: %v\nplanner/engine: %v", ours, engines)
	}
}

func TestValidateRepository(t *testing.T) {
	t.Parallel()
	r := newRepository(t, "a/main.tf", thing, "b/main.tf", thing)
	driftless(t, "validate", r.dir).want(t, 0, "2 workspaces", "valid")
	r.write("driftless.hcl", "workspace \"a\" {\n  depends_on = [\"b\"]\n}\nworkspace \"b\" {\n  depends_on = [\"a\"]\n}\n")
	driftless(t, "validate", r.dir).want(t, 1, "depends_on is a cycle", "line 1")
	r.write("driftless.hcl", "", "inner/driftless.hcl", "workspace \"gone\" {\n}\n", "inner/x/main.tf", thing)
	driftless(t, "validate", filepath.Join(r.dir, "inner")).want(t, 1, "there is no directory gone")
	driftless(t, "validate", filepath.Join(r.dir, "a")).want(t, 0, "3 workspaces in "+r.dir+", the repository of "+filepath.Join(r.dir, "a"))
}

// TestValidateSaysItOnce: a problem of a workspace that a diagnostic shows is not repeated, and all of them look alike.
func TestValidateSaysItOnce(t *testing.T) {
	t.Parallel()
	r := newRepository(t, "a/main.tf", thing, "b/main.tf", thing+"module \"m\" {\n  source = \"../nope\"\n}\n",
		"driftless.hcl", "workspace \"a\" {\n  depends_on = [\"b\"]\n}\nworkspace \"b\" {\n  depends_on = [\"a\"]\n  var_files  = [\"x.tfvars\"]\n}\nworkspace \"gone\" {\n}\n")
	text := r.do("validate", r.dir).want(t, 1, "on b/main.tf line 4", "infra//b: module \"m\"", "infra//b: variable file x.tfvars").err
	for said, times := range map[string]int{"infra//a → infra//b → infra//a.": 2, "infra//gone: there is no directory gone": 1, "Error: ": 5} {
		if strings.Count(text, said) != times {
			t.Errorf("%q is said %d times:\n%s", said, strings.Count(text, said), text)
		}
	}
	var v validity
	r.do("validate", r.dir, "-o", "json").want(t, 1).decode(t, &v)
	for _, p := range v.Problems {
		if p.Workspace == "" || p.Detail == "" {
			t.Errorf("%+v", p)
		}
	}
}

func TestWorkspacesOfARepository(t *testing.T) {
	t.Parallel()
	r := newRepository(t,
		"app/main.tf", "module \"m\" {\n  source = \"../modules/m\"\n}\n", "modules/m/main.tf", thing, "other/main.tf", thing)
	r.write("modules/m/main.tf", strings.Replace(thing, "small", "large", 1))
	r.do("workspaces", "--repo", r.dir).want(t, 0, "infra//app", "NOT A WORKSPACE", "modules/m")
	var rows []map[string]any
	r.do("workspaces", "--repo", r.dir, "--base", "main", "-o", "json").want(t, 0).decode(t, &rows)
	if len(rows) != 2 || rows[0]["id"] != "infra//app" || rows[0]["affected"] != true || rows[1]["affected"] != false {
		t.Errorf("%v", rows)
	}
	for _, key := range []string{"id", "dir", "name", "engine", "depends_on", "affected", "reason"} {
		if _, ok := rows[0][key]; !ok {
			t.Errorf("no %q in %v", key, rows[0])
		}
	}
	driftless(t, "workspaces", "--repo", r.dir).want(t, 0, "clone//app")
	driftless(t, "workspaces", "--repo", r.dir, "--name", "x").want(t, 0, "x//app")
	r.do("workspaces", "--repo", r.dir, "--base", "nope").want(t, 1, `--base "nope"`)
	r.do("workspaces", "--repo", r.dir, "--head", "nope").want(t, 1, `no revision "nope"`)
	r.write("driftless.hcl", "workspac \"a\" {\n}\n")
	r.do("workspaces", "--repo", r.dir).want(t, 1, "driftless.hcl line 1")
}

func TestPolicyEval(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	policies, plan := filepath.Join(dir, "policies"), filepath.Join(dir, "plan.json")
	writeFile(t, filepath.Join(policies, "size.rego"), noHuge)
	for _, c := range []struct {
		name, plan string
		code       int
		status     string
	}{
		{"deny", `{"format_version":"1.2","resource_changes":[{"address":"a.b","change":{"actions":["create"],"after":{"input":"huge"}}}]}`, 1, "deny"},
		{"pass", `{"format_version":"1.2","resource_changes":[]}`, 0, "pass"},
		{"error", `{"values":{}}`, 2, "error"},
	} {
		writeFile(t, plan, c.plan)
		var got judged
		driftless(t, "policy", "eval", "--policy", policies, "--plan", plan, "-o", "json").want(t, c.code).decode(t, &got)
		if string(got.Status) != c.status {
			t.Errorf("%s: %+v", c.name, got)
		}
		driftless(t, "policy", "eval", "--policy", policies, "--plan", plan).want(t, c.code, c.status+": ")
	}
	writeFile(t, plan, "PK\x03\x04...")
	driftless(t, "policy", "eval", "--policy", policies, "--plan", plan).want(t, 2, plan+" is a binary plan: terraform show -json "+plan)
	writeFile(t, plan, `{"format_version":"1.2","resource_changes":[]}`)
	writeFile(t, filepath.Join(policies, "lines.rego"), "package lines\n\nwarn contains \"one\\ntwo\" if true\n")
	driftless(t, "policy", "eval", "--policy", policies, "--plan", plan).want(t, 0, "warn   one      ", "\n       two\n")
	writeFile(t, filepath.Join(policies, "broken.rego"), "package x\n\ndeny contains msg if {")
	driftless(t, "policy", "eval", "--policy", policies, "--plan", plan).want(t, 2, "broken.rego")
}

func TestTellStopped(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	a := &app{err: &said}
	a.tellStopped(t.Context(), &connection{running: true}, true)
	a.tellStopped(t.Context(), &connection{}, false)
	if said.Len() > 0 {
		t.Error(said.String())
	}
	if a.tellStopped(t.Context(), &connection{}, true); !strings.HasPrefix(said.String(), "driftless serve is not running here: what is shown") {
		t.Error(said.String())
	}
	dir := t.TempDir()
	lock := filepath.Join(dir, "runs", "7", "apply", "lock") // as the supervisor of an apply holds it
	writeFile(t, lock, "")
	held, err := os.Open(lock)
	if err == nil {
		err = syscall.Flock(int(held.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }()
	said.Reset()
	if a.tellStopped(t.Context(), &connection{dataDir: dir}, true); !strings.Contains(said.String(), "The apply of run 7 goes on without it") {
		t.Error(said.String())
	}
}

// TestTellWhatIsOver: with nobody there to record it, the end of an apply is not waited for in vain.
func TestTellWhatIsOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, _, err := daemon.OpenStore(t.Context(), daemon.Place{DataDir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	run := runner.Run{Repository: "infra", Workspace: "infra//app", Purpose: runner.PurposeApply, Status: runner.Queued, CreatedAt: time.Now()}
	err = db.Update(t.Context(), func(tx runner.Tx) error {
		err := tx.InsertRun(&run)
		for _, next := range []runner.Status{runner.Planning, runner.Planned, runner.Ready, runner.Applying} {
			from := run.Status
			run.Status = next
			err = errors.Join(err, tx.UpdateRun(run, from))
		}
		return errors.Join(err, tx.PutBlob(runner.BlobKey(run.ID, "apply"), []byte("{}")))
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"order.json": fmt.Sprintf(`{"Run":%d}`, run.ID), "begun": "", "lock": "", "result.json": "{}"} {
		writeFile(t, filepath.Join(dir, "runs", strconv.FormatInt(run.ID, 10), "apply", name), content)
	}
	var said bytes.Buffer
	a := &app{err: &said}
	if a.tellStopped(t.Context(), &connection{dataDir: dir, store: db}, true); !strings.Contains(said.String(), fmt.Sprintf("The apply of run %d is over", run.ID)) {
		t.Error(said.String())
	}
}

func TestPolicyTest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "size.rego"), noHuge)
	driftless(t, "policy", "test", dir).want(t, 0, "has no tests")
	writeFile(t, filepath.Join(dir, "size_test.rego"), "package size_test\n\nimport data.size\n\ntest_none if { count(size.deny) == 0 with input as {} }\n")
	driftless(t, "policy", "test", dir).want(t, 0, "1 passed, 0 failed")
	writeFile(t, filepath.Join(dir, "size_test.rego"), "package size_test\n\nimport data.size\n\ntest_some if { count(size.deny) == 1 with input as {} }\n")
	var got tested
	driftless(t, "policy", "test", dir, "-o", "json").want(t, 1).decode(t, &got)
	if got.Failed != 1 || len(got.Cases) != 1 || got.Cases[0].Name != "test_some" {
		t.Errorf("%+v", got)
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		driftless(t, "completion", shell).want(t, 0, "driftless")
	}
	driftless(t, "completion").want(t, 0, "driftless completion [command]")
	driftless(t, "help", "runs").want(t, 0, "runs lists what driftless planned")
	driftless(t, "__complete", "runs", "--output", "").want(t, 0, "table\njson\n")
	driftless(t, "__complete", "runs", "--status", "").want(t, 0, "interrupted\n")
	driftless(t, "__complete", "show", "--config", "/nowhere", "").want(t, 0, ":4")
}

func TestSameRepository(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("/usr", link); err != nil {
		t.Fatal(err)
	}
	same := [][]string{
		{"https://git.example.com/team/infra.git", "https://Git.example.com/team/infra", "git@git.example.com:team/infra.git", "ssh://git@git.example.com:2222/team/infra.git/", "https://user:secret@git.example.com/team/infra.git"},
		{"/usr", link, "file:///usr", "/usr/"},
		{"https://git.example.com/team/other"},
	}
	for i, a := range same {
		for j, b := range same {
			for _, x := range a {
				for _, y := range b {
					if sameRepository(x, y) != (i == j) {
						t.Errorf("sameRepository(%q, %q) = %t", x, y, i != j)
					}
				}
			}
		}
	}
}

func FuzzSameRepository(f *testing.F) {
	f.Add("https://git.example.com/team/infra.git", "git@git.example.com:team/infra")
	f.Add("/srv/infra.git", "file:///srv/infra.git")
	f.Add("", "://@:")
	f.Fuzz(func(t *testing.T, a, b string) {
		if sameRepository(a, b) != sameRepository(b, a) || a != "" && !sameRepository(a, a) {
			t.Errorf("sameRepository(%q, %q)", a, b)
		}
	})
}
