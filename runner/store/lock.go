package store

import (
	"fmt"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

type lockRow struct {
	bun.BaseModel `bun:"table:state_locks"`
	Workspace     text  `bun:"workspace,pk"`
	LockID        text  `bun:"lock_id"`
	Info          text  `bun:"info"`
	RunID         int64 `bun:"run_id"`
	CreatedAt     int64 `bun:"created_at"`
}

func (r lockRow) record() runner.StateLock {
	return runner.StateLock{
		Workspace: workspaces.ID(r.Workspace), ID: string(r.LockID), Info: raw(r.Info), RunID: r.RunID, CreatedAt: moment(r.CreatedAt),
	}
}

// StateLock implements runner.Tx.
func (t *tx) StateLock(id workspaces.ID) (runner.StateLock, error) {
	var row lockRow
	err := t.bun.NewSelect().Model(&row).Where("workspace = ?", text(id)).Scan(t.ctx)
	return row.record(), one("state lock of", id, err)
}

// StateLocks implements runner.Tx.
func (t *tx) StateLocks() ([]runner.StateLock, error) {
	var rows []lockRow
	err := t.bun.NewSelect().Model(&rows).Order("workspace").Scan(t.ctx)
	return records(rows, lockRow.record), one("list", "state locks", err)
}

// LockState implements runner.Tx. Taking a lock again with the same ID and run changes nothing: an engine that lost the
// answer asks twice.
func (t *tx) LockState(l runner.StateLock) error {
	row := lockRow{Workspace: text(l.Workspace), LockID: text(l.ID), Info: text(l.Info), RunID: l.RunID, CreatedAt: micros(l.CreatedAt)}
	result, err := t.bun.NewInsert().Model(&row).On("CONFLICT (workspace) DO NOTHING").Exec(t.ctx)
	if err = affected("lock state of", l.Workspace, result, err); !isNotFound(err) {
		return err
	}
	holder, err := t.StateLock(l.Workspace)
	if err != nil {
		return fmt.Errorf("lock state: %w", err)
	}
	if holder.ID == l.ID && holder.RunID == l.RunID {
		return nil
	}
	return fmt.Errorf("lock state of %s: held by run %d with lock %s: %w", l.Workspace, holder.RunID, holder.ID, runner.ErrConflict)
}

// UnlockState implements runner.Tx.
func (t *tx) UnlockState(id workspaces.ID) error {
	result, err := t.bun.NewDelete().Model((*lockRow)(nil)).Where("workspace = ?", text(id)).Exec(t.ctx)
	return affected("unlock state of", id, result, err)
}
