package supervisor

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
)

// Reap ends what is left of an apply without a supervisor, and waits for that.
func (a *Apply) Reap(ctx context.Context) error {
	timer := time.NewTicker(poll)
	defer timer.Stop()
	for begin := time.Now(); a.End(begin); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
	return nil
}

// End ends what is left of an apply that has no supervisor since a moment, as far as that can be done now, and reports whether
// something was left. The engine is interrupted: then it stops, and writes down the state that it cannot send to anybody any more. It
// is killed when it does not end, and what it started when it is gone.
func (a *Apply) End(since time.Time) bool {
	wait := a.Order.Wait
	if wait <= 0 {
		wait = engine.DefaultInterruptWait
	}
	left := a.Left()
	if engine.End(left, since.Add(wait)) && a.first() {
		engine.Interrupt(left)
	}
	return len(left) > 0
}

// first reports true once for each apply, whichever process asks.
func (a *Apply) first() bool {
	f, err := os.OpenFile(a.path(toldFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return false
	}
	_ = f.Close()
	return true
}

// AtWork reports whether an apply goes on, or may: its supervisor is alive, or what its engine is, or left, without one.
func (a *Apply) AtWork() bool {
	return a.Alive() || a.Begun() && len(a.Left()) > 0
}

// Left are the processes of the apply: the engine, and what it started.
func (a *Apply) Left() []engine.Process {
	within := a.Order.Command.TempDir
	if within == "" {
		within = filepath.Dir(a.dir) // what it was told is damaged: it lies beside that
	}
	return engine.Processes(within)
}
