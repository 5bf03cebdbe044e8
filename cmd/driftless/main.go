// Command driftless keeps cloud infrastructure true to Git.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/driftlessops/driftless/examples/cloud/provider"
	"github.com/driftlessops/driftless/runner/supervisor"
)

func main() {
	if provider.IsPlugin(os.Args[0], os.Environ()) { // an engine started us as the simulated cloud's provider
		if err := provider.Serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if supervisor.Is(os.Args) { // another driftless started us to go along with an apply
		os.Exit(supervisor.Main(os.Args[2]))
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run runs one command and returns its exit code. The first signal ends it in order, the second at once.
func run(args []string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	root := newRoot(&app{out: out, err: errOut})
	root.SetArgs(args)
	return exit(root.ExecuteContext(ctx), errOut)
}
