package supervisor

import (
	"context"
	"syscall"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
)

// Reap waits until no process of an apply without a supervisor is left: the kernel interrupted the engine when its supervisor
// died. One that does not end is interrupted, and killed, as the supervisor would have done.
func (a *Apply) Reap(ctx context.Context) error {
	wait := a.Order.Wait
	if wait <= 0 {
		wait = engine.DefaultInterruptWait
	}
	timer := time.NewTicker(poll)
	defer timer.Stop()
	for begin, told := time.Now(), false; ; {
		left := a.Left()
		if len(left) == 0 {
			return nil
		}
		if !told || time.Since(begin) > wait {
			signal := syscall.SIGINT
			if told {
				signal = syscall.SIGKILL
			}
			for _, pid := range left {
				_ = syscall.Kill(pid, signal)
			}
			told = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// Left are the processes of the apply: the engine, and what it started.
func (a *Apply) Left() (pids []int) {
	if a.Order.Command.TempDir == "" {
		return nil
	}
	for _, p := range engine.Processes(a.Order.Command.TempDir) {
		pids = append(pids, p.PID)
	}
	return pids
}
