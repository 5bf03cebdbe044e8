package engine

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/driftlessops/driftless/planner/mask"
)

// TestMain makes the test binary the provider that the tests install, when an engine starts it as one.
func TestMain(m *testing.M) {
	if os.Getenv("TF_PLUGIN_MAGIC_COOKIE") != "" {
		serveProvider()
		return
	}
	os.Exit(m.Run())
}

// eachEngine runs a test with every engine on PATH.
func eachEngine(t *testing.T, test func(*testing.T, Engine)) {
	t.Helper()
	found := 0
	for _, kind := range []Kind{Terraform, OpenTofu} {
		path, err := exec.LookPath(string(kind))
		if err != nil {
			continue
		}
		v, err := probe(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		found++
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			test(t, Engine{kind, v.String(), path})
		})
	}
	if found == 0 {
		t.Skip("neither terraform nor tofu is on PATH")
	}
}

// rig is one root module in a temporary directory, with what its commands said.
type rig struct {
	t    *testing.T
	opts RootOptions

	mu     sync.Mutex
	lines  []string
	events []Progress
	seen   func(Progress)
}

func newRig(t *testing.T, e Engine, files map[string]string) *rig {
	t.Helper()
	base := t.TempDir()
	g := &rig{t: t}
	g.opts = RootOptions{
		Engine: e, Dir: filepath.Join(base, "checkout"), DataDir: filepath.Join(base, "data"), TempDir: filepath.Join(base, "tmp"),
		InitKey: "key", Mask: &mask.Masker{}, Log: g.log, Progress: g.progress,
	}
	if err := os.MkdirAll(g.opts.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, g.opts.Dir, files)
	return g
}

func (g *rig) log(line string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines = append(g.lines, line)
}

func (g *rig) progress(p Progress) {
	g.mu.Lock()
	g.events = append(g.events, p)
	seen := g.seen
	g.mu.Unlock()
	if seen != nil {
		seen(p)
	}
}

func (g *rig) text() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.lines, "\n")
}

// inits is how many inits ran.
func (g *rig) inits() int { return strings.Count(g.text(), "Initializing the backend") }

func (g *rig) open() *Root {
	g.t.Helper()
	r, err := Open(g.opts)
	if err != nil {
		g.t.Fatal(err)
	}
	return r
}

func (g *rig) planFile() string { return filepath.Join(g.opts.TempDir, "plan.out") }

func (g *rig) plan(r *Root) {
	g.t.Helper()
	if err := r.Plan(g.t.Context(), PlanOptions{Out: g.planFile()}); err != nil {
		g.t.Fatal(report(err))
	}
}

// show is the JSON of the last plan.
func (g *rig) show(r *Root) string {
	g.t.Helper()
	out, err := r.Show(g.t.Context(), g.planFile())
	if err != nil {
		g.t.Fatal(report(err))
	}
	return string(out)
}

func (g *rig) apply(r *Root) {
	g.t.Helper()
	if err := g.applied(context.WithoutCancel(g.t.Context()), r); err != nil {
		g.t.Fatal(report(err))
	}
}

// applied applies the last plan as a supervisor does, and reads along.
func (g *rig) applied(ctx context.Context, r *Root) error {
	g.t.Helper()
	var files [2]*os.File
	for i := range files {
		f, err := os.CreateTemp(g.t.TempDir(), "output-")
		if err != nil {
			g.t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		files[i] = f
	}
	out, err := ReadOutput(OutputOptions{Stdout: files[0].Name(), Stderr: files[1].Name(), Mask: g.opts.Mask, Progress: g.opts.Progress, Log: g.opts.Log})
	if err != nil {
		g.t.Fatal(err)
	}
	failed := r.ApplyCommand(g.planFile()).Run(ctx, files[0], files[1], DefaultInterruptWait, nil)
	if err := out.Close(); err != nil {
		g.t.Fatal(err)
	}
	if failed == nil {
		return nil
	}
	return out.lines.failure(ctx, failed)
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// report is an error with all that the engine printed.
func report(err error) string {
	if e, ok := err.(*Error); ok {
		return e.Error() + "\n" + e.Output
	}
	return err.Error()
}

func mustFail(t *testing.T, err error) *Error {
	t.Helper()
	e, ok := err.(*Error)
	if !ok {
		t.Fatalf("want an *Error, got %v", err)
	}
	return e
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		write(t, "testdata", map[string]string{name: got})
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}
