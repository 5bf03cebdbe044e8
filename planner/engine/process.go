package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/driftlessops/driftless/test/killpoint"
)

const (
	// DefaultInterruptWait is how long an engine that was interrupted may save what it did.
	DefaultInterruptWait = 5 * time.Minute
	// pipeGrace bounds the wait for output after the engine's end, when a process that it left behind holds its pipes.
	pipeGrace = 5 * time.Second
)

// process is one run of a binary in a process group of its own: interrupted when ctx ends, killed when it does not obey.
type process struct {
	path, dir      string
	args, env      []string
	stdout, stderr io.Writer
	interruptWait  time.Duration
	started        func(pid int) // may be nil
	outlives       bool          // it goes on when this process dies; otherwise it is interrupted then, on Linux
}

// ErrKilled is the end of a process that did not obey when it was interrupted.
var ErrKilled = errors.New("it did not end when it was interrupted, and was killed")

// run returns nil when the process ended with exit code 0, also when it was interrupted before.
func (p process) run(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	killpoint.At("before engine " + p.args[0])
	defer killpoint.At("after engine " + p.args[0])
	pids, done := make(chan int, 1), make(chan error, 1)
	go func() {
		// The kernel tells the engine when the thread that started it ends, so that thread must live as long as the engine.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		cmd, err := p.start()
		if err == nil {
			if p.started != nil {
				p.started(cmd.Process.Pid)
			}
			pids <- cmd.Process.Pid
			if err = cmd.Wait(); err != nil {
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // providers do not end with an engine that was killed
			}
		}
		done <- err
	}()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case pid := <-pids:
			err = p.stop(pid, done)
		case err = <-done:
		}
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}

// start tries again while the binary is "busy": one that was just installed is so for a moment when another process
// was being started while it was written.
func (p process) start() (*exec.Cmd, error) {
	for try := 1; ; try++ {
		cmd := exec.Command(p.path, p.args...)
		cmd.Dir, cmd.Env = p.dir, p.env
		cmd.Stdout, cmd.Stderr = p.stdout, p.stderr
		cmd.WaitDelay = pipeGrace
		cmd.SysProcAttr = sysProcAttr(p.outlives)
		err := cmd.Start()
		if err == nil {
			return cmd, nil
		}
		if !errors.Is(err, syscall.ETXTBSY) || try == 20 {
			return nil, fmt.Errorf("start %s: %w", p.path, err)
		}
		time.Sleep(time.Duration(try) * 10 * time.Millisecond)
	}
}

// stop interrupts the group, as Ctrl-C in a terminal does, so that the engine saves its state and releases its locks.
func (p process) stop(pid int, done <-chan error) error {
	_ = syscall.Kill(-pid, syscall.SIGINT)
	wait := p.interruptWait
	if wait <= 0 {
		wait = DefaultInterruptWait
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		return fmt.Errorf("%w (after %s): %w", ErrKilled, wait, <-done)
	}
}
