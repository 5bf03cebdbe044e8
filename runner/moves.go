package runner

import (
	"context"
	"errors"
)

// move is a step of a run to its next status that comes on record with the one after it, in one transaction: nobody could do anything
// about the run between the two that may not be done before, and each transaction waits for the disk.
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

// settleMoves puts them on record by themselves, or gives them up: what comes next must not fail for their sake.
func (j *job) settleMoves(ctx context.Context) error {
	if len(j.moves) == 0 {
		return nil
	}
	err := j.r.update(ctx, j.writeMoves)
	switch {
	case err == nil:
		j.moves = nil
	case !errors.Is(err, ErrConflict):
		j.log.Error("a plan is not on record", "error", err)
		j.giveUpMoves()
		err = nil
	}
	return err
}

// giveUpMoves lets the run be where it is on record.
func (j *job) giveUpMoves() {
	if len(j.moves) > 0 {
		j.run, j.moves = j.moves[0].was, nil
	}
}
