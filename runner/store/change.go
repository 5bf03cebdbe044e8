package store

import (
	"slices"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

type changeRow struct {
	bun.BaseModel `bun:"table:run_changes,alias:c"`
	EventID       int64 `bun:"event_id"`
	RunID         int64 `bun:"run_id"`
	Workspace     text  `bun:"workspace"`
	Address       text  `bun:"address"`
	Action        text  `bun:"action"`
	Previous      text  `bun:"previous"`
}

func (r changeRow) record() runner.RunChange {
	return runner.RunChange{
		EventID: r.EventID, RunID: r.RunID, Workspace: workspaces.ID(r.Workspace), Address: string(r.Address), Action: string(r.Action),
		Previous: string(r.Previous),
	}
}

// changeBatch is how many changes are written at a time.
const changeBatch = 500

// PutRunChanges implements runner.Tx.
func (t *tx) PutRunChanges(all []runner.RunChange) error {
	for batch := range slices.Chunk(all, changeBatch) {
		rows := records(batch, func(c runner.RunChange) changeRow {
			return changeRow{
				EventID: c.EventID, RunID: c.RunID, Workspace: text(c.Workspace), Address: text(c.Address), Action: text(c.Action), Previous: text(c.Previous),
			}
		})
		if _, err := t.bun.NewInsert().Model(&rows).Exec(t.ctx); err != nil {
			return one("put changes of run", batch[0].RunID, err)
		}
	}
	return nil
}

// RunChanges implements runner.Tx.
func (t *tx) RunChanges(f runner.ChangeFilter) ([]runner.RunChange, error) {
	var rows []changeRow
	q := t.bun.NewSelect().Model(&rows).Order("c.event_id DESC", "c.address").Limit(int64(f.Limit))
	q = equal(q, "c.run_id", f.RunID)
	q = equal(q, "c.workspace", text(f.Workspace))
	if f.After != 0 {
		q = q.Where("c.event_id > ?", f.After)
	}
	if f.Before != 0 {
		q = q.Where("c.event_id < ?", f.Before)
	}
	if f.Address != "" {
		q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			return under(under(q, "c.address", f.Address), "c.previous", f.Address)
		})
	}
	if !f.Since.IsZero() || !f.Until.IsZero() {
		q = q.Join("JOIN events AS e ON e.id = c.event_id")
	}
	if !f.Since.IsZero() {
		q = q.Where("e.at >= ?", micros(f.Since))
	}
	if !f.Until.IsZero() {
		q = q.Where("e.at < ?", micros(f.Until))
	}
	err := q.Scan(t.ctx)
	return records(rows, changeRow.record), one("list", "changes of runs", err)
}

// under selects an address, and what lies below it: instances and, of a module, resources.
func under(q *bun.SelectQuery, column, address string) *bun.SelectQuery {
	name := bun.Safe(column)
	q = q.WhereOr("? = ?", name, text(address))
	for _, below := range []string{".", "["} {
		from, to := span(address + below)
		q = q.WhereOr("? >= ? AND ? < ?", name, from, name, to)
	}
	return q
}
