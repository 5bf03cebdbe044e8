// Package supervisor runs one apply so that it outlives driftless: a small process in a session of its own, that needs
// neither the runner nor the database while the engine works.
//
// All that it is told and all that comes of it lies in one directory, in files that only its user can read. It holds the
// directory's lock for as long as it lives, so that a runner that was started anew sees whether it is still at work. What the
// engine was granted is handed over by a pipe, and is never on disk.
package supervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner/tfstate"
)

// Files of the directory.
const (
	orderFile  = "order.json"
	lockFile   = "lock"
	pidFile    = "pid"
	begunFile  = "begun" // without it no engine was started
	toldFile   = "told"  // the engine was interrupted: that is done once
	stdoutFile = "stdout"
	stderrFile = "stderr"
	logFile    = "log"
	resultFile = "result.json"
	statesDir  = "states" // 00000000 is the state before
)

// Order is what a supervisor is to do.
type Order struct {
	Run     int64
	Command engine.Command // its environment goes another way
	Wait    time.Duration  // how long the engine gets to end when it is interrupted
	Limit   time.Duration  // of the whole apply; 0 = none
	Until   time.Time      // after it no engine is started: others may have taken the run; zero = nobody can
	State   *State         // nil: the engine's own backend keeps it
}

// State is a state that is kept in the directory until the runner has it on record.
type State struct {
	Workspace string // whose it is
	Content   []byte `json:"-"` // the newest version; nil when there is none
}

// handover is what is given to a supervisor by a pipe.
type handover struct{ Env []string }

// Result is how an apply ended.
type Result struct {
	Exit        int      // the engine's exit code; -1: it ended by a signal, or could not be started
	Error       string   // "" when the exit code is 0
	Started     bool     // the engine was started
	Again       bool     // it was not, for a reason that goes away by itself: it may be tried again
	NoRoom      bool     // that reason is that the disk is full
	Interrupted string   // why the engine was interrupted: "asked" or "limit"; "" = it was not
	Killed      bool     // it did not end when it was interrupted
	Signaled    bool     // it was ended by a signal
	Refused     []string // states that were not kept, and why
	Ended       time.Time
}

// Why an engine is interrupted.
const (
	Asked = "asked"
	Limit = "limit"
)

// Sure reports whether it is known what the engine did: it ended by itself, and wrote down its state.
func (r Result) Sure() bool { return !r.Started || !r.Killed && !r.Signaled }

// Version is one version of a state that the engine wrote.
type Version struct {
	tfstate.Header
	Content []byte
}

// writeFile writes a file whole, or not at all, and for good.
func writeFile(name string, content []byte) error {
	if err := replace(name, content, (*os.File).Sync); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// replace writes a file whole, or not at all. When the machine dies it may be gone, until its directory was synced. It gets its name
// before it is synced: a file system with a journal then keeps both by one write to that, and has nothing left to do for the directory.
// A machine that dies in between may leave it empty, which is no order, no result and no state, or cut short, which nobody can read.
func replace(name string, content []byte, sync func(*os.File) error) error {
	tmp := name + ".tmp"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(content); err == nil {
		err = os.Rename(tmp, name)
	}
	if err != nil {
		return errors.Join(err, f.Close(), os.Remove(tmp))
	}
	if err := errors.Join(sync(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// unsynced is for what means nothing when the machine has died.
func unsynced(*os.File) error { return nil }

// readJSON reads a file that may be empty when the machine has died: then it is not there.
func readJSON(name string, v any) error {
	data, err := os.ReadFile(name)
	if err == nil && len(data) == 0 {
		err = &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func stateFile(dir string, n int) string {
	return filepath.Join(dir, statesDir, fmt.Sprintf("%08d", n))
}
