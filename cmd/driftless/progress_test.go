package main

import (
	"bytes"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

func TestProgressElsewhereThanOnATerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&out)
	for _, e := range []runner.Event{
		{Kind: "planning", RunID: 1, Workspace: "a"},
		{Kind: "planning", RunID: 2, Workspace: "b"},
		{Kind: "planned", RunID: 1, Workspace: "a", Message: "1 to create; policy: pass"},
		{Kind: "ready", RunID: 1, Workspace: "a"}, // of an apply: it goes on
		{Kind: "superseded", RunID: 2, Workspace: "b"},
		{Kind: "apply started", RunID: 1, Workspace: "a", Message: "1 to create"},
		{Kind: "apply failed", RunID: 1, Workspace: "a", Message: "no quota\x1b[31m\nmore"},
		{Kind: "failed", RunID: 9, Workspace: "never begun"},
	} {
		p.told(e)
	}
	p.stop()
	p.stop()
	if got := out.String(); got != "a: apply failed: no quota [31m\n" {
		t.Errorf("%q", got)
	}
}
