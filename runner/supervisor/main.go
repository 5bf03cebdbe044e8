package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/test/killpoint"
)

// subcommand makes a program that calls Main a supervisor: PROGRAM supervise DIR.
const subcommand = "supervise"

// lockFD is the file descriptor of the lock, which the process that starts a supervisor has taken already.
const lockFD = 3

// Is reports whether a program was started as a supervisor.
func Is(args []string) bool { return len(args) == 3 && args[1] == subcommand }

var (
	errAsked = errors.New("a cancel was asked for")
	errLimit = errors.New("it took longer than its limit")

	errHandover = errors.New("the runner ended while it handed over the engine's environment")
	errLate     = errors.New("the lease of the replica that started it ended before the engine could be started")
)

// Main is the supervisor of the order in a directory, and returns the exit code of its process.
func Main(dir string) int {
	syscall.CloseOnExec(lockFD) // the lock is this process's, and no engine's
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM)
	s := &supervisor{dir: dir, log: slog.New(slog.DiscardHandler)}
	if log, err := os.OpenFile(filepath.Join(dir, logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
		s.log = slog.New(slog.NewTextHandler(log, nil))
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		for range asked {
			s.log.Info("told to stop")
			cancel(errAsked)
		}
	}()
	s.run(ctx)
	return 0
}

// supervisor is one apply.
type supervisor struct {
	dir   string
	log   *slog.Logger
	order Order
	env   []string
	state *backend
}

func (s *supervisor) path(name string) string { return filepath.Join(s.dir, name) }

// run works through the order and writes down what came of it.
func (s *supervisor) run(ctx context.Context) {
	result := Result{Exit: -1}
	err := replace(s.path(pidFile), []byte(strconv.Itoa(os.Getpid())), unsynced)
	if err == nil {
		err = s.prepare(os.Stdin)
	}
	if err != nil {
		result.Error, result.NoRoom = "the engine was not started: "+err.Error(), Full(err)
		result.Again = result.NoRoom || errors.Is(err, errHandover)
	} else {
		result = s.apply(ctx)
	}
	result.Ended = time.Now().UTC()
	s.log.Info("ended", "exit", result.Exit, "error", result.Error)
	killpoint.At("before result of an apply")
	if s.state != nil {
		insist(s.log, "the state", func() error {
			s.state.mu.Lock()
			defer s.state.mu.Unlock()
			return s.state.keep()
		})
	}
	text, _ := json.Marshal(result) // of texts and numbers
	insist(s.log, "the result", func() error {
		return inRoom(s.dir, func() error { return writeFile(s.path(resultFile), text) })
	})
	killpoint.At("after result of an apply")
}

// prepare reads the order, and what was handed over with it.
func (s *supervisor) prepare(pipe io.Reader) error {
	if err := readJSON(s.path(orderFile), &s.order); err != nil {
		return err
	}
	var given handover
	if err := json.NewDecoder(pipe).Decode(&given); err != nil {
		return fmt.Errorf("%w: %w", errHandover, err)
	}
	s.env = given.Env
	if s.order.State == nil {
		return nil
	}
	content, err := os.ReadFile(stateFile(s.dir, 0))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var env map[string]string
	s.order.State.Content = content
	if s.state, env, err = serveState(s.dir, *s.order.State, s.log); err != nil {
		return fmt.Errorf("serve the state: %w", err)
	}
	for name, value := range env {
		s.env = append(s.env, name+"="+value)
	}
	return nil
}

// apply runs the engine.
func (s *supervisor) apply(ctx context.Context) Result {
	if s.order.Limit > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, s.order.Limit, errLimit)
		defer cancel()
		ctx = limited
	}
	result := Result{Exit: -1}
	err := s.engine(ctx, &result.Started)
	var exit *exec.ExitError
	switch {
	case err == nil:
		result.Exit = 0
	case errors.As(err, &exit):
		result.Exit, result.Signaled = exit.ExitCode(), !exit.Exited()
	}
	if err != nil {
		result.Error, result.Killed, result.NoRoom = err.Error(), errors.Is(err, engine.ErrKilled), !result.Started && Full(err)
		result.Again = result.NoRoom || errors.Is(err, errLate)
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errAsked):
		result.Interrupted = Asked
	case errors.Is(cause, errLimit):
		result.Interrupted = Limit
	}
	if s.state != nil {
		s.state.mu.Lock()
		defer s.state.mu.Unlock()
		result.Refused = s.state.refused
	}
	return result
}

// engine runs the engine with its output in files. That it is started is written down before: what comes after is unknown
// until there is a result.
func (s *supervisor) engine(ctx context.Context, started *bool) error {
	var files [2]*os.File
	for i, name := range []string{stdoutFile, stderrFile} {
		f, err := os.OpenFile(s.path(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		files[i] = f
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	killpoint.At("before begun")
	if until := s.order.Until; !until.IsZero() && time.Now().After(until) {
		return errLate
	}
	if err := writeFile(s.path(begunFile), boot()); err != nil {
		return err
	}
	killpoint.At("after begun")
	defer context.AfterFunc(ctx, func() { _ = writeFile(s.path(toldFile), nil) })() // for who ends the engine when this process is killed
	command := s.order.Command
	command.Env = s.env
	return command.Run(ctx, files[0], files[1], s.order.Wait, func(pid int) {
		*started = true
		s.log.Info("the engine was started", "pid", pid)
		killpoint.At("engine started")
	})
}
