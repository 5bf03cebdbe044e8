package supervisor

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// Left are the processes of the apply: the engine, and what it started. Where there is no /proc it finds none.
func (a *Apply) Left() (pids []int) {
	if a.Order.Command.TempDir == "" || a.Order.Command.Dir == "" {
		return nil
	}
	home := []byte("\x00HOME=" + a.Order.Command.TempDir + "\x00")
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		cwd, err := os.Readlink(filepath.Join(dir, "cwd"))
		if err != nil {
			continue // it ended, or is another user's
		}
		env, _ := os.ReadFile(filepath.Join(dir, "environ"))
		in := cwd == a.Order.Command.Dir || strings.HasPrefix(cwd, a.Order.Command.Dir+string(filepath.Separator))
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil && (in || bytes.Contains(append([]byte{0}, env...), home)) {
			pids = append(pids, pid)
		}
	}
	return pids
}
