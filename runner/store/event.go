package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/audit"
	"github.com/driftlessops/driftless/workspaces"
)

type eventRow struct {
	bun.BaseModel `bun:"table:events"`
	ID            int64 `bun:"id,pk"`
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
	Hash          text  `bun:"hash"`
}

func (r eventRow) record() runner.Event {
	return runner.Event{
		ID: r.ID, At: moment(r.At), Kind: string(r.Kind), Actor: string(r.Actor), Repository: string(r.Repository),
		Workspace: workspaces.ID(r.Workspace), RunID: r.RunID, PullID: r.PullID, Commit: string(r.Commit), Message: string(r.Message),
		Data: raw(r.Data), Hash: string(r.Hash),
	}
}

// link is where the chain of events ends.
type link struct {
	id   int64
	hash string
}

// Append implements runner.Tx. Updates run one at a time, so the next event has the next id, and follows the last one.
func (t *tx) Append(e *runner.Event) error {
	at := e.At
	if at.IsZero() {
		at = time.Now()
	}
	if len(e.Data) > 0 && !json.Valid(e.Data) {
		return fmt.Errorf("append event %s: its data is not JSON", e.Kind)
	}
	if t.last == nil {
		last, err := t.lastEvent()
		if err != nil {
			return one("append event", e.Kind, err)
		}
		t.last = &last
	}
	row := eventRow{
		ID: t.last.id + 1, At: micros(at), Kind: text(e.Kind), Actor: text(e.Actor), Repository: text(e.Repository), Workspace: text(e.Workspace),
		RunID: e.RunID, PullID: e.PullID, Commit: text(e.Commit), Message: text(e.Message), Data: text(e.Data),
	}
	row.Hash = text(audit.Of(row.record(), t.last.hash).Sum())
	if _, err := t.bun.NewInsert().Model(&row).Exec(t.ctx); err != nil {
		return one("append event", e.Kind, err)
	}
	t.last = &link{row.ID, string(row.Hash)}
	t.kinds = append(t.kinds, e.Kind)
	e.ID, e.At, e.Hash = row.ID, moment(row.At), string(row.Hash)
	return nil
}

// lastEvent is the newest event, or the anchor where all were pruned.
func (t *tx) lastEvent() (link, error) {
	var row eventRow
	err := one("read", "the last event", t.bun.NewSelect().Model(&row).Column("id", "hash").Order("id DESC").Limit(1).Scan(t.ctx))
	if isNotFound(err) {
		anchor, err := t.EventAnchor()
		return link{anchor.ID, anchor.Hash}, err
	}
	return link{row.ID, string(row.Hash)}, err
}

// Events implements runner.Tx.
func (t *tx) Events(f runner.EventFilter) ([]runner.Event, error) {
	var rows []eventRow
	order := "id DESC"
	if f.Oldest {
		order = "id"
	}
	q := t.bun.NewSelect().Model(&rows).Order(order).Limit(int64(f.Limit))
	q = equal(q, "repository", text(f.Repository))
	q = equal(q, "workspace", text(f.Workspace))
	q = equal(q, "run_id", f.RunID)
	q = equal(q, "pull_id", f.PullID)
	q = equal(q, "kind", text(f.Kind))
	if !f.Since.IsZero() {
		q = q.Where("at >= ?", micros(f.Since))
	}
	if !f.Until.IsZero() {
		q = q.Where("at < ?", micros(f.Until))
	}
	if f.Before != 0 {
		q = q.Where("id < ?", f.Before)
	}
	if f.After != 0 {
		q = q.Where("id > ?", f.After)
	}
	err := q.Scan(t.ctx)
	return records(rows, eventRow.record), one("list", "events", err)
}
