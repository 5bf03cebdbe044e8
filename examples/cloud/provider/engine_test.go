package provider_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/examples/cloud"
	"github.com/driftlessops/driftless/examples/cloud/provider"
)

// mirror is where the test binary is installed as the provider.
var mirror string

func TestMain(m *testing.M) {
	if provider.IsPlugin(os.Args[0], os.Environ()) {
		if err := provider.Serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	root, err := os.MkdirTemp("", "driftless-mirror-")
	if err == nil {
		defer func() { _ = os.RemoveAll(root) }()
		var hash string
		if hash, err = provider.Hash(); err == nil {
			mirror = filepath.Join(root, hash)
			err = provider.Install(mirror)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

const header = `
terraform {
  required_providers {
    cloud = { source = "driftless.local/driftless/cloud" }
  }
}
`

// engine is a real engine on a module of its own, with a cloud of its own.
type engine struct {
	*cloud.Server
	t        *testing.T
	bin, dir string
	env      []string
}

// newEngine starts a cloud, and initialises a module.
func newEngine(t *testing.T, module string, faults cloud.Faults) *engine {
	t.Helper()
	e := startEngine(t, faults)
	e.write(module)
	e.ok("init", "-no-color")
	return e
}

// startEngine starts a cloud, for an engine in an empty directory.
func startEngine(t *testing.T, faults cloud.Faults) *engine {
	t.Helper()
	bin, err := exec.LookPath("terraform")
	if err != nil {
		if bin, err = exec.LookPath("tofu"); err != nil {
			t.Skip("neither terraform nor tofu is on PATH")
		}
	}
	c, err := cloud.Start(t.Context(), cloud.Options{Path: filepath.Join(t.TempDir(), "cloud.json"), Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	e := &engine{Server: c, t: t, bin: bin, dir: t.TempDir()}
	config := filepath.Join(t.TempDir(), "cli.tfrc")
	e.must(os.WriteFile(config, fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror { path = %q }\n}\n", mirror), 0o600))
	e.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + e.dir, "TF_CLI_CONFIG_FILE=" + config, "TF_IN_AUTOMATION=1", "TF_INPUT=0",
		"CHECKPOINT_DISABLE=1", "CLOUD_ENDPOINT=" + c.URL(), "CLOUD_RUN=run-1",
		"GORACE=atexit_sleep_ms=0", // else every provider takes a second to end when tests run with -race
	}
	return e
}

// in is the engine in another directory, initialised.
func (e *engine) in(dir string) *engine {
	e.t.Helper()
	there := *e
	there.dir = dir
	there.ok("init", "-no-color")
	return &there
}

func (e *engine) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e *engine) write(module string) {
	e.t.Helper()
	e.must(os.WriteFile(filepath.Join(e.dir, "main.tf"), []byte(header+module), 0o600))
}

// do runs the engine and returns what it says and its exit code.
func (e *engine) do(args ...string) (string, int) {
	e.t.Helper()
	cmd := exec.CommandContext(e.t.Context(), e.bin, args...)
	cmd.Dir, cmd.Env = e.dir, e.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		e.t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

func (e *engine) ok(args ...string) string {
	e.t.Helper()
	out, code := e.do(args...)
	if code != 0 {
		e.t.Fatalf("%s: exit %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

func (e *engine) apply() {
	e.t.Helper()
	e.ok("apply", "-no-color", "-auto-approve")
}

// fails applies, and wants an error that says something.
func (e *engine) fails(says string) {
	e.t.Helper()
	out, code := e.do("apply", "-no-color", "-auto-approve")
	if flat := strings.Join(strings.Fields(out), " "); code == 0 || !strings.Contains(strings.ReplaceAll(flat, "│ ", ""), says) {
		e.t.Fatalf("apply: exit %d, want an error with %q\n%s", code, says, out)
	}
}

// change is what a plan proposes for one resource.
type change struct {
	Address string
	Change  struct{ Actions []string }
}

// plan returns the proposed changes as "action address", and the addresses of resource_drift.
func (e *engine) plan() (changes, drift []string) {
	e.t.Helper()
	e.ok("plan", "-no-color", "-out=plan")
	var plan struct {
		Changes []change `json:"resource_changes"`
		Drift   []change `json:"resource_drift"`
	}
	e.must(json.Unmarshal([]byte(e.ok("show", "-json", "plan")), &plan))
	for _, c := range plan.Changes {
		if actions := strings.Join(c.Change.Actions, "+"); actions != "no-op" && actions != "read" {
			changes = append(changes, actions+" "+c.Address)
		}
	}
	for _, c := range plan.Drift {
		drift = append(drift, c.Address)
	}
	return changes, drift
}

func (e *engine) wantPlan(changes ...string) {
	e.t.Helper()
	if got, _ := e.plan(); strings.Join(got, ", ") != strings.Join(changes, ", ") {
		e.t.Fatalf("planned %q, want %q", got, changes)
	}
}

// journal is what was done, as "op kind".
func (e *engine) journal() []string {
	var done []string
	for _, entry := range e.Journal() {
		done = append(done, entry.Op+" "+entry.Kind)
	}
	return done
}

// object returns the only object of a kind.
func (e *engine) object(kind string) cloud.Object {
	e.t.Helper()
	var found []cloud.Object
	for _, o := range e.Objects() {
		if o.Kind == kind {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		e.t.Fatalf("there are %d objects of kind %s, want one: %v", len(found), kind, found)
	}
	return found[0]
}
