package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/driftlessops/driftless/runner"
)

// progress shows how long work gets on: one line that changes on a terminal, a line for each end elsewhere.
type progress struct {
	out  io.Writer
	live bool

	mu                sync.Mutex
	started, finished int
}

func (p *progress) told(e runner.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch runner.Status(e.Kind) {
	case runner.Planned:
		p.started++
	case runner.Ready, runner.Unchanged, runner.Blocked, runner.Failed:
		p.finished++
		if !p.live {
			_, _ = fmt.Fprintf(p.out, "%s: %s\n", e.Workspace, e.Kind)
		}
	}
	if p.live {
		_, _ = fmt.Fprintf(p.out, "\r\x1b[K%d planned … %s %s", p.finished, e.Workspace, e.Kind)
	}
}

// done clears the line.
func (p *progress) done() {
	if p.live {
		_, _ = fmt.Fprint(p.out, "\r\x1b[K")
	}
}
