package runner

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner/supervisor"
)

// Leftover is what is to become of the directory of a run on which no job of this process works.
type Leftover int

// What becomes of it.
const (
	Remove   Leftover = iota
	Leave             // somebody works in it, or it says what became of an apply
	Keep              // its apply has begun, and not all of it is on record: KeepApply, then remove it
	toFollow          // its apply has begun, and its end is not on record
)

// LeftIn finds out what is to become of the directory of a run, and returns that, unless it is not on record. The one of a supervisor that is alive stays, whatever is on record.
func LeftIn(tx Tx, dir string) (run Run, what Leftover, err error) {
	apply, failed := supervisor.Find(filepath.Join(dir, applySubdir))
	_, missing := os.Lstat(filepath.Join(dir, applySubdir))
	there := !errors.Is(missing, fs.ErrNotExist)
	alive := apply.Alive()
	begun := alive || failed == nil && apply.Begun()
	id, _ := strconv.ParseInt(filepath.Base(dir), 10, 64)
	run, err = tx.Run(id)
	known := err == nil
	if ignoreMissing(err) != nil {
		return run, Leave, err
	}
	open := known && (run.Status == Applying || run.Status == Interrupted)
	unreadable := failed != nil && apply.Begun() // else nothing came of it
	if errors.Is(failed, fs.ErrNotExist) && known && !open && ended(tx, run) {
		unreadable = false // its end is on record, and this was being removed
	}
	switch {
	case begun && known && !unreadable && !ended(tx, run):
		return run, toFollow, nil
	case alive, open && unreadable, known && run.Status == Applying, open && there && !ended(tx, run), len(engine.Processes(dir)) > 0:
		return run, Leave, nil
	case unreadable, begun && !known, begun && run.Status == Interrupted && unrecorded(tx, run, apply):
		return run, Keep, nil
	}
	return run, Remove, nil
}

// unrecorded reports whether an apply left a state that is newer than those on record.
func unrecorded(tx Tx, run Run, apply *supervisor.Apply) bool {
	wrote, err := apply.Versions(0)
	if err != nil || len(wrote) == 0 {
		return err != nil
	}
	last := wrote[len(wrote)-1]
	newest, err := newestHeader(tx, run.Workspace)
	return err != nil || newest == nil || last.Lineage != newest.Lineage || last.Serial > newest.Serial
}

// ended reports whether the end of an apply that began is on record: what is needed to record it is gone then.
func ended(tx Tx, run Run) bool {
	_, err := traitsOf(tx, run)
	return errors.Is(err, ErrNotFound)
}
