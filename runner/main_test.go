package runner_test

import (
	"os"
	"testing"

	"github.com/driftlessops/driftless/runner/supervisor"
)

// TestMain is also the program that an apply runs under.
func TestMain(m *testing.M) {
	if supervisor.Is(os.Args) {
		os.Exit(supervisor.Main(os.Args[2]))
	}
	os.Exit(m.Run())
}
