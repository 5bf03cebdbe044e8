package store

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/audit"
)

type anchorRow struct {
	bun.BaseModel `bun:"table:event_anchor"`
	One           int64 `bun:"one,pk"`
	ID            int64 `bun:"id"`
	Hash          text  `bun:"hash"`
	Events        int64 `bun:"events"`
	At            int64 `bun:"at"`
}

// EventAnchor implements runner.Tx.
func (t *tx) EventAnchor() (runner.Anchor, error) {
	var row anchorRow
	err := t.bun.NewSelect().Model(&row).Where("one = 1").Scan(t.ctx)
	return runner.Anchor{ID: row.ID, Hash: string(row.Hash), Events: row.Events, At: moment(row.At)}, one("read", "the anchor of events", err)
}

// PruneEvents implements runner.Tx. The database lets no event be removed that is not before the anchor.
func (t *tx) PruneEvents(before time.Time, most int) (int64, error) {
	last, err := t.lastBefore(before, most)
	if err != nil || last.ID == 0 {
		return 0, err
	}
	anchor, err := t.EventAnchor()
	if err != nil {
		return 0, err
	}
	n, err := t.bun.NewSelect().Model((*eventRow)(nil)).Where("id <= ?", last.ID).Count(t.ctx)
	if err != nil {
		return 0, one("prune events before", before, err)
	}
	row := anchorRow{One: 1, ID: last.ID, Hash: last.Hash, Events: anchor.Events + int64(n), At: micros(time.Now())}
	if _, err := t.bun.NewUpdate().Model(&row).WherePK().Exec(t.ctx); err != nil {
		return 0, one("anchor events at", last.ID, err)
	}
	for table, column := range map[string]string{"events": "id", "run_changes": "event_id"} {
		if _, err := t.bun.NewDelete().Table(table).Where("? <= ?", bun.Ident(column), last.ID).Exec(t.ctx); err != nil {
			return 0, one("prune "+table+" before", before, err)
		}
	}
	message := fmt.Sprintf("%d records before %s were removed, the last was %d", n, before.UTC().Format(time.RFC3339), last.ID)
	return int64(n), t.Append(&runner.Event{
		Kind: runner.EventsPruned, Actor: runner.Self, Message: message,
		Data: runner.Facts{Pruned: &runner.Pruned{ID: row.ID, Hash: string(row.Hash)}}.JSON(),
	})
}

// lastBefore is the last event of those at the front, of so many at most, that happened before a time; its id is 0 when there is none.
// No more of them are read: others wait meanwhile.
func (t *tx) lastBefore(before time.Time, most int) (last eventRow, err error) {
	front := t.bun.NewSelect().Model((*eventRow)(nil)).Column("id", "hash", "at").Order("id").Limit(int64(most))
	stays := t.bun.NewSelect().TableExpr("front").ColumnExpr("min(id)").Where("at >= ?", micros(before))
	err = t.bun.NewSelect().With("front", front).TableExpr("front").Column("id", "hash").
		Where("id < coalesce((?), ?)", stays, int64(math.MaxInt64)).Order("id DESC").Limit(1).Scan(t.ctx, &last)
	if err = one("find", "the last event to prune", err); isNotFound(err) {
		err = nil
	}
	return last, err
}

// chainBatch is how many events are read at a time.
const chainBatch = 1000

// chain gives their hashes to events that were written before there were any, in one transaction.
func (db *DB) chain(ctx context.Context) error {
	var last eventRow
	err := one("read", "the last event", db.readers.NewSelect().Model(&last).Column("id", "hash").Order("id DESC").Limit(1).Scan(ctx))
	if isNotFound(err) || err == nil && last.Hash != "" {
		return nil
	} else if err != nil {
		return err
	}
	db.logger.Info("the history gets its hashes, once", "database", db.name, "events", last.ID)
	return db.Update(ctx, func(in runner.Tx) error {
		t, ok := in.(*tx)
		if !ok {
			return fmt.Errorf("chain events: a foreign transaction %T", in)
		}
		anchor, err := t.EventAnchor()
		if err != nil {
			return err
		}
		return t.chain(link{anchor.ID, anchor.Hash})
	})
}

func (t *tx) chain(last link) error {
	hash, id, _ := strings.Cut(t.db.dialect.places(2), ", ")
	statement, err := t.bun.PrepareContext(t.ctx, "UPDATE events SET hash = "+hash+" WHERE id = "+id)
	if err != nil {
		return one("chain", "events", err)
	}
	defer func() { _ = statement.Close() }()
	for {
		events, err := t.Events(runner.EventFilter{After: last.id, Oldest: true, Limit: chainBatch})
		if err != nil || len(events) == 0 {
			return err
		}
		for _, e := range events {
			last = link{e.ID, audit.Of(e, last.hash).Sum()}
			if _, err := statement.ExecContext(t.ctx, last.hash, last.id); err != nil {
				return one("chain event", e.ID, err)
			}
		}
	}
}
