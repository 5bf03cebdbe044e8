package supervisor

import (
	"context"
	"syscall"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
)

// Reap ends what is left of an apply without a supervisor, and waits for that. The engine is interrupted, once: then it stops, and
// writes down the state that it cannot send to anybody any more. It is killed when it does not end, and what it started when it
// is gone.
func (a *Apply) Reap(ctx context.Context) error {
	wait := a.Order.Wait
	if wait <= 0 {
		wait = engine.DefaultInterruptWait
	}
	timer := time.NewTicker(poll)
	defer timer.Stop()
	for begin, told := time.Now(), false; ; told = true {
		left := a.Left()
		if len(left) == 0 {
			return nil
		}
		for _, p := range left {
			switch {
			case !p.Led() || time.Since(begin) > wait:
				_ = syscall.Kill(p.PID, syscall.SIGKILL)
			case !told:
				_ = syscall.Kill(p.PID, syscall.SIGINT)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// Left are the processes of the apply: the engine, and what it started.
func (a *Apply) Left() []engine.Process {
	if a.Order.Command.TempDir == "" {
		return nil
	}
	return engine.Processes(a.Order.Command.TempDir)
}
