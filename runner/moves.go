package runner

import (
	"context"
	"errors"
)

// move is a step of a run to its next status that comes on record with the one after it, in one transaction: between the two there is
// nothing that anybody could decide, and each transaction waits for the disk.
type move struct {
	was, run Run // before it, and as it becomes
	kind     string
	message  string
	also     func(tx Tx) error // may be nil
}

// later moves the run to its next status. Should this process end before that is on record, the run is where it was.
func (j *job) later(next Run, kind, message string, also func(tx Tx) error) {
	j.moves = append(j.moves, move{j.run, next, kind, message, also})
	j.run = next
}

// writeMoves puts on record what moved the run since its last transaction.
func (j *job) writeMoves(tx Tx, jr *journal) error {
	for _, m := range j.moves {
		if err := tx.UpdateRun(m.run, m.was.Status); err != nil {
			return err
		}
		if m.also != nil {
			if err := m.also(tx); err != nil {
				return err
			}
		}
		if err := jr.run(m.kind, m.run, m.message); err != nil {
			return err
		}
	}
	return nil
}

// settleMoves puts them on record by themselves. Where that cannot be, they are given up, and the run is where it was: what comes
// next must not fail for their sake.
func (j *job) settleMoves(ctx context.Context) error {
	if len(j.moves) == 0 {
		return nil
	}
	err := j.r.update(ctx, j.writeMoves)
	if errors.Is(err, ErrConflict) {
		return err
	} else if err != nil {
		j.log.Error("a plan is not on record", "error", err)
		j.run = j.moves[0].was
	}
	j.moves = nil
	return nil
}
