// Package test holds stories: what a person does with driftless, acted out on the built program with real Git, a real
// engine and the simulated cloud. A story is a script in stories/, or a Go test where a script would not be readable.
package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/driftlessops/driftless/examples/cloud/provider"
	"github.com/driftlessops/driftless/runner/supervisor"
)

// built is what all stories share.
var built struct {
	program string // the driftless program
	raced   string // the same, built with the race detector where these tests are: for those that let much happen at once
	mirror  string // a filesystem mirror of providers: the program again, as the simulated cloud's
}

func TestMain(m *testing.M) {
	if supervisor.Is(os.Args) { // a daemon of a test has an apply
		os.Exit(supervisor.Main(os.Args[2]))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "driftless-test-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// build builds the program, once for all stories.
func build(dir string) error {
	built.program = filepath.Join(dir, "bin", "driftless")
	built.mirror = filepath.Join(dir, "mirror")
	built.raced = built.program
	builds := map[string][]string{built.program: nil}
	if raced {
		built.raced += "-raced"
		builds[built.raced] = []string{"-race"}
	}
	for program, flags := range builds {
		cmd := exec.Command("go", append(append([]string{"build", "-tags", "killpoints", "-o", program}, flags...), "../cmd/driftless")...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", cmd, err, out)
		}
	}
	leaf := filepath.Join(built.mirror, filepath.FromSlash(provider.Source), provider.Version, runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(leaf, 0o755); err != nil {
		return err
	}
	return os.Link(built.program, filepath.Join(leaf, "terraform-provider-cloud_v"+provider.Version))
}
