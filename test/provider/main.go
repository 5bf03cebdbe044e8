// Command provider is the simulated cloud's provider by itself. An engine hashes its providers each time that it starts: with
// the whole of driftless as provider, most of what stories cost would go into that.
package main

import (
	"fmt"
	"os"

	"github.com/driftlessops/driftless/examples/cloud/provider"
)

func main() {
	if err := provider.Serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
