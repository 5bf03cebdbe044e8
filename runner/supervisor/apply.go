package supervisor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/driftlessops/driftless/runner/tfstate"
	"github.com/driftlessops/driftless/test/killpoint"
)

// Apply is an apply that has, or had, a supervisor.
type Apply struct {
	Order Order
	dir   string
	gone  chan struct{} // closed when the supervisor that this process started has ended; nil: another one did
}

// poll is how often it is looked at least whether a supervisor is still at work.
const poll = 50 * time.Millisecond

// Start starts a supervisor in a directory that is empty, or does not exist yet.
func Start(dir string, order Order) (*Apply, error) {
	a := &Apply{Order: order, dir: dir}
	if err := a.write(); err != nil {
		return nil, fmt.Errorf("start the supervisor of run %d: %w", order.Run, err)
	}
	lock, err := a.lock(syscall.LOCK_EX)
	for range 100 { // whoever asks whether it is at work holds the lock for a moment
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			break
		}
		time.Sleep(10 * time.Millisecond)
		lock, err = a.lock(syscall.LOCK_EX)
	}
	if err == nil {
		err = errors.Join(a.start(lock), lock.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("start the supervisor of run %d: %w", order.Run, err)
	}
	return a, nil
}

// write lays down all files that a supervisor begins with.
func (a *Apply) write() error {
	if err := errors.Join(os.MkdirAll(a.dir, 0o700), os.Mkdir(a.path(statesDir), 0o700)); err != nil {
		return err
	}
	if state := a.Order.State; state != nil && state.Content != nil {
		if err := writeFile(stateFile(a.dir, 0), state.Content); err != nil {
			return err
		}
	}
	for _, name := range []string{lockFile, stdoutFile, stderrFile} {
		if err := os.WriteFile(a.path(name), nil, 0o600); err != nil {
			return err
		}
	}
	if err := a.reserve(allocate); err != nil {
		return err
	}
	order, err := json.Marshal(a.Order)
	if err != nil {
		return err
	}
	// The directory itself is synced with what says that the engine is about to be started.
	return errors.Join(replace(a.path(orderFile), order, (*os.File).Sync), syncDir(filepath.Dir(a.dir)), syncDir(filepath.Dir(filepath.Dir(a.dir))))
}

// start starts the process. It has the lock from its first moment, so that nobody takes it for one that ended.
func (a *Apply) start(lock *os.File) error {
	given, err := json.Marshal(handover{Env: a.Order.Command.Env})
	if err != nil {
		return err
	}
	cmd := exec.Command(self(), subcommand, a.dir)
	cmd.Args[0] = "driftless"
	cmd.Dir = a.dir
	// Garbage would be collected once while the program begins, which takes a tenth of that time; so does Go's use of more than one processor.
	cmd.Env = append(killpoint.Environ(), "GOGC=400", "GOMAXPROCS=1", "PATH="+os.Getenv("PATH"), "HOME="+a.dir, "TMPDIR="+os.TempDir()) // and nothing of what this process may know
	cmd.ExtraFiles = []*os.File{lock}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	killpoint.At("before supervisor")
	if err := cmd.Start(); err != nil {
		return err
	}
	a.gone = make(chan struct{})
	go func() {
		defer close(a.gone)
		_ = cmd.Wait()
	}()
	killpoint.At("after supervisor")
	_, _ = pipe.Write(given)
	_ = pipe.Close() // one that does not get it says so as its result
	return nil
}

// Find is the apply of a directory, whoever started it. fs.ErrNotExist: no supervisor was ever started there. With another error it
// cannot be read what it was to do; whether it is at work, and whether its engine had begun, is told all the same.
func Find(dir string) (*Apply, error) {
	a := &Apply{dir: dir}
	return a, readJSON(a.path(orderFile), &a.Order)
}

func (a *Apply) path(name string) string { return filepath.Join(a.dir, name) }

// Output are the files with what the engine prints.
func (a *Apply) Output() (stdout, stderr string) { return a.path(stdoutFile), a.path(stderrFile) }

// lock opens the directory's lock and takes it, as far as nobody holds it.
func (a *Apply) lock(how int) (*os.File, error) {
	f, err := os.OpenFile(a.path(lockFile), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		} else if err != syscall.EINTR {
			return nil, errors.Join(err, f.Close())
		}
	}
}

// Alive reports whether the supervisor is at work.
func (a *Apply) Alive() bool {
	f, err := a.lock(syscall.LOCK_SH)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) // held, or there is no telling now
	}
	_ = f.Close()
	return false
}

// Begun reports whether an engine may have been started.
func (a *Apply) Begun() bool {
	_, err := os.Lstat(a.path(begunFile))
	return !errors.Is(err, fs.ErrNotExist)
}

// Rebooted reports whether the machine was started anew since the engine may have been: what that said last was not written then.
func (a *Apply) Rebooted() bool {
	then, err := os.ReadFile(a.path(begunFile))
	is := boot()
	return err == nil && len(then) > 0 && len(is) > 0 && !bytes.Equal(then, is)
}

// boot tells one start of the machine from another; empty where it cannot be told.
func boot() []byte {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return id
}

// Interrupt tells the supervisor to interrupt the engine, and to kill it when it does not end. It reports false while there is
// nobody to be told.
func (a *Apply) Interrupt() bool {
	pid := a.pid()
	if pid == 0 {
		return false
	}
	held, err := os.FindProcess(pid) // before the lock is asked: the number of one that ended comes again
	if err != nil {
		return false
	}
	defer func() { _ = held.Release() }()
	return a.Alive() && held.Signal(os.Interrupt) == nil
}

func (a *Apply) pid() int {
	text, err := os.ReadFile(a.path(pidFile))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return 0
	}
	return pid
}

// Wait waits until the supervisor has ended. tick is called every now and then.
func (a *Apply) Wait(ctx context.Context, tick func()) error {
	gone := a.gone
	for begin := time.Now(); a.Alive(); {
		pause := poll
		if gone == nil {
			pause = min(poll, 2*time.Millisecond+time.Since(begin)/16) // a short apply is not made long by it
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-gone:
			gone = nil
		case <-time.After(pause):
			tick()
		}
	}
	return nil
}

// Result is how the apply ended; fs.ErrNotExist when its supervisor died before it could say.
func (a *Apply) Result() (result Result, err error) {
	return result, readJSON(a.path(resultFile), &result)
}

// Versions are the states that the engine wrote after the first n, in that order. Those before one that cannot be read are there
// beside the error.
func (a *Apply) Versions(n int) (all []Version, err error) {
	for {
		n++
		content, err := os.ReadFile(stateFile(a.dir, n))
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(content) == 0 {
			return all, nil
		} else if err != nil {
			return all, err
		}
		header, err := tfstate.Parse(content)
		if err != nil {
			return all, fmt.Errorf("state %d of run %d: %w", n, a.Order.Run, err)
		}
		all = append(all, Version{header, content})
	}
}

// NewestState is the file of the newest state that the engine of an apply wrote, whose directory is given; "" when it wrote none.
func NewestState(dir string) (name string) {
	for n := 1; ; n++ {
		next := stateFile(dir, n)
		if info, err := os.Lstat(next); err != nil || info.Size() == 0 {
			return name
		}
		name = next
	}
}

// Before is what the state that the engine began with says about itself; nil when there was none.
func (a *Apply) Before() (*tfstate.Header, error) {
	content, err := os.ReadFile(stateFile(a.dir, 0))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	header, err := tfstate.Parse(content)
	return &header, err
}
