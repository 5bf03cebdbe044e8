// Package test holds stories: what a person does with driftless, acted out on the built program with real Git, a real
// engine and the simulated cloud. A story is a script in stories/, or a Go test where a script would not be readable.
package test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/driftlessops/driftless/examples/cloud/provider"
	"github.com/driftlessops/driftless/runner/supervisor"
)

// built is what all stories share.
var built struct {
	program string // the driftless program
	raced   string // the same, built with the race detector where these tests are: for those that let much happen at once
	mirror  string // a filesystem mirror of providers: the simulated cloud's, which is a small program
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
	if err == nil {
		err = crowd()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// crowd lets twice as many stories be played at once as there are processors, unless the command line says how many: a story
// waits for what it started a good part of its time.
func crowd() error {
	flag.Parse()
	named := false
	flag.Visit(func(f *flag.Flag) { named = named || f.Name == "test.parallel" })
	if named {
		return nil
	}
	return flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0)))
}

// build builds the programs, once for all stories.
func build(dir string) error {
	built.program = filepath.Join(dir, "bin", "driftless")
	built.mirror = filepath.Join(dir, "mirror")
	built.raced = built.program
	leaf := filepath.Join(built.mirror, filepath.FromSlash(provider.Source), provider.Version, runtime.GOOS+"_"+runtime.GOARCH)
	builds := [][]string{
		{"-tags", "killpoints", "-o", built.program, "../cmd/driftless"},
		{"-o", filepath.Join(leaf, "terraform-provider-cloud_v"+provider.Version), "./provider"},
	}
	if raced {
		built.raced += "-raced"
		builds = append(builds, []string{"-race", "-tags", "killpoints", "-o", built.raced, "../cmd/driftless"})
	}
	for _, args := range builds {
		cmd := exec.Command("go", append([]string{"build", "-ldflags", "-s -w"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", cmd, err, out)
		}
	}
	return nil
}
