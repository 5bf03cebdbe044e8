package store

import (
	"runtime"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/test/killpoint"
)

// step says a step: the transaction of a function, with the kinds of events that it recorded, is about to be kept, or is kept.
func (t *tx) step(when string) {
	if killpoint.On {
		killpoint.At(when + " transaction " + strings.Join(append([]string{caller()}, slices.Compact(t.kinds)...), ", "))
	}
}

// caller is the function that asked for a transaction.
func caller() string {
	const module = "github.com/driftlessops/driftless/"
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		frame, more := frames.Next()
		name, ours := strings.CutPrefix(frame.Function, module)
		if ours && !strings.HasPrefix(name, "runner/store.") && name != "runner.(*Runner).update" {
			name, _, _ = strings.Cut(name, ".func")
			return name
		}
		if !more {
			return "unknown"
		}
	}
}
