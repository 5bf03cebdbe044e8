package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/tfstate"
)

func (b *StateBackend) lock(w http.ResponseWriter, r *http.Request, g Grant) error {
	id, info, err := tfstate.LockID(w, r)
	if err == nil && id == "" {
		err = tfstate.Refuse(http.StatusBadRequest, "the lock has no ID")
	}
	if err != nil {
		return err
	}
	return b.store.Update(r.Context(), func(tx runner.Tx) error {
		if err := g.stands(tx); err != nil {
			return err
		}
		err := tx.LockState(runner.StateLock{Workspace: g.Workspace, ID: id, Info: info, RunID: g.RunID, CreatedAt: time.Now()})
		if !errors.Is(err, runner.ErrConflict) {
			return err
		}
		holder, err := tx.StateLock(g.Workspace)
		if err != nil {
			return err
		}
		return heldBy(holder)
	})
}

// stands refuses what an earlier attempt at a run asks for: its engine may go on for a while when its replica does not answer, and
// another one plans.
func (g Grant) stands(tx runner.Tx) error {
	run, err := tx.Run(g.RunID)
	if err != nil && !errors.Is(err, runner.ErrNotFound) {
		return err
	}
	if err != nil || run.Attempt != g.Attempt || run.Status != runner.Planning {
		return tfstate.Refuse(http.StatusForbidden, "attempt %d at run %d is over: it may not lock the state of %s", g.Attempt, g.RunID, g.Workspace)
	}
	return nil
}

// heldBy refuses with the holder of the lock, whom the engine shows.
func heldBy(holder runner.StateLock) error {
	return &tfstate.Refusal{
		Status: http.StatusLocked, Holder: holder.Info,
		Text: fmt.Sprintf("the state of %s is locked by run %d since %s (lock %s)", holder.Workspace, holder.RunID, holder.CreatedAt.Format(time.RFC3339), holder.ID),
	}
}

// unlock releases the run's own lock. That it is free already is fine: an engine that lost the answer asks twice.
func (b *StateBackend) unlock(w http.ResponseWriter, r *http.Request, g Grant) error {
	id, _, err := tfstate.LockID(w, r)
	if err != nil {
		return err
	}
	return b.store.Update(context.WithoutCancel(r.Context()), func(tx runner.Tx) error {
		holder, err := tx.StateLock(g.Workspace)
		if errors.Is(err, runner.ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
		if holder.RunID != g.RunID || id != "" && id != holder.ID {
			return heldBy(holder)
		}
		return tx.UnlockState(g.Workspace)
	})
}
