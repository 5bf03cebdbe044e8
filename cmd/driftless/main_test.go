package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner/supervisor"
)

// TestMain keeps the tests from the configuration and the cache of whoever runs them.
func TestMain(m *testing.M) {
	if supervisor.Is(os.Args) {
		os.Exit(supervisor.Main(os.Args[2]))
	}
	cache, err := os.MkdirTemp("", "driftless-cli-test-")
	if err != nil {
		panic(err)
	}
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "DRIFTLESS_") {
			_ = os.Unsetenv(name)
		}
	}
	_ = os.Setenv("XDG_CACHE_HOME", cache)
	_ = os.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	_ = os.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	code := m.Run()
	_ = os.RemoveAll(cache)
	os.Exit(code)
}

// result is how one command ended.
type result struct {
	code     int
	out, err string
}

func driftless(t *testing.T, args ...string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	code := run(args, &out, &errOut)
	return result{code, out.String(), errOut.String()}
}

// want checks the exit code, and that texts are in the output or the messages.
func (r result) want(t *testing.T, code int, texts ...string) result {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, not %d", r.code, code)
	}
	for _, text := range texts {
		if !strings.Contains(r.out+r.err, text) {
			t.Errorf("%q is missing", text)
		}
	}
	if t.Failed() {
		t.Fatalf("standard output:\n%s\nstandard error:\n%s", r.out, r.err)
	}
	return r
}

func (r result) decode(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.out), into); err != nil {
		t.Fatalf("%v in:\n%s\n%s", err, r.out, r.err)
	}
}

// repository is a clone with a bare origin, and an operator's file that watches it.
type repository struct {
	t                    *testing.T
	dir, bare, data, hcl string
}

// newRepository makes a repository with the given files, by path and content in turn, as the first commit of main.
func newRepository(t *testing.T, files ...string) *repository {
	t.Helper()
	top := t.TempDir()
	r := &repository{t: t, dir: filepath.Join(top, "clone"), bare: filepath.Join(top, "infra.git"), data: filepath.Join(top, "data"), hcl: filepath.Join(top, "config.hcl")}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "--quiet", "--bare", "--initial-branch=main", r.bare)
	r.git("init", "--quiet", "--initial-branch=main")
	r.git("remote", "add", "origin", r.bare)
	r.write(files...)
	r.commit("Start")
	r.git("push", "--quiet", "-u", "origin", "main")
	writeFile(t, r.hcl, "data_dir = \""+r.data+"\"\n\nrepository \"infra\" {\n  url = \""+r.bare+"\"\n}\n")
	return r
}

func (r *repository) git(args ...string) {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", r.dir, "-c", "user.name=Ada", "-c", "user.email=ada@example.com"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (r *repository) write(files ...string) {
	r.t.Helper()
	for i := 0; i < len(files); i += 2 {
		writeFile(r.t, filepath.Join(r.dir, files[i]), files[i+1])
	}
}

func (r *repository) commit(message string) {
	r.t.Helper()
	r.git("add", "--all")
	r.git("commit", "--quiet", "-m", message)
}

// do runs a command with the operator's file.
func (r *repository) do(args ...string) result {
	r.t.Helper()
	return driftless(r.t, append(args, "--config", r.hcl)...)
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

const (
	thing = `resource "terraform_data" "thing" {
  input = "small"
}
`
	noHuge = `package size

deny contains msg if {
	some c in input.resource_changes
	c.change.after.input == "huge"
	msg := sprintf("%s: huge is not allowed", [c.address])
}
`
)
