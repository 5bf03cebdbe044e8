package store

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

type eventRow struct {
	bun.BaseModel `bun:"table:events"`
	ID            int64 `bun:"id,pk,autoincrement"`
	At            int64 `bun:"at"`
	Kind          text  `bun:"kind"`
	Actor         text  `bun:"actor"`
	Repository    text  `bun:"repository"`
	Workspace     text  `bun:"workspace"`
	RunID         int64 `bun:"run_id"`
	PullID        int64 `bun:"pull_id"`
	Commit        text  `bun:"commit_id"`
	Message       text  `bun:"message"`
	Data          text  `bun:"data"`
}

func (r eventRow) record() runner.Event {
	return runner.Event{
		ID: r.ID, At: moment(r.At), Kind: string(r.Kind), Actor: string(r.Actor), Repository: string(r.Repository),
		Workspace: workspaces.ID(r.Workspace), RunID: r.RunID, PullID: r.PullID, Commit: string(r.Commit), Message: string(r.Message),
		Data: raw(r.Data),
	}
}

// Append implements runner.Tx.
func (t *tx) Append(e *runner.Event) error {
	at := e.At
	if at.IsZero() {
		at = exact(time.Now())
	}
	row := eventRow{
		At: micros(at), Kind: text(e.Kind), Actor: text(e.Actor), Repository: text(e.Repository), Workspace: text(e.Workspace),
		RunID: e.RunID, PullID: e.PullID, Commit: text(e.Commit), Message: text(e.Message), Data: text(e.Data),
	}
	if _, err := t.bun.NewInsert().Model(&row).Returning("id").Exec(t.ctx); err != nil {
		return one("append event", e.Kind, err)
	}
	e.ID, e.At = row.ID, at
	t.kinds = append(t.kinds, e.Kind)
	return nil
}

// Events implements runner.Tx.
func (t *tx) Events(f runner.EventFilter) ([]runner.Event, error) {
	var rows []eventRow
	q := t.bun.NewSelect().Model(&rows).Order("id DESC").Limit(int64(f.Limit))
	q = equal(q, "repository", text(f.Repository))
	q = equal(q, "workspace", text(f.Workspace))
	q = equal(q, "run_id", f.RunID)
	q = equal(q, "pull_id", f.PullID)
	q = equal(q, "kind", text(f.Kind))
	if !f.Since.IsZero() {
		q = q.Where("at >= ?", micros(f.Since))
	}
	if f.After > 0 {
		q = q.Where("id > ?", f.After)
	}
	err := q.Scan(t.ctx)
	return records(rows, eventRow.record), one("list", "events", err)
}
