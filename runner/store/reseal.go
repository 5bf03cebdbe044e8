package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

// How much is encrypted anew in one transaction, at most: others wait for no longer.
const (
	resealRows  = 100
	resealBytes = 16 << 20
)

// sealedRow is a content that was encrypted for a recipient, in one of two tables.
type sealedRow struct {
	Key       text   `bun:"key"`
	Workspace text   `bun:"workspace"`
	Version   int64  `bun:"version"`
	Content   []byte `bun:"content"`
	table     string
	from      string // recipient
}

// sealedTables hold what is encrypted, each with the columns of its key.
var sealedTables = []struct {
	name string
	key  []string
}{{"blobs", []string{"key"}}, {"states", []string{"workspace", "version"}}}

// Reseal implements runner.Keyring: it reads and encrypts outside of the transaction that writes.
func (db *DB) Reseal(ctx context.Context) (left int, err error) {
	var batch []sealedRow
	var current string
	err = db.View(ctx, func(rt runner.Tx) (err error) {
		t := rt.(*tx)
		if current, err = t.recipient(); err == nil {
			batch, err = t.stale(current)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	for i, row := range batch {
		plain, err := db.keys.Decrypt(row.Content)
		if err == nil {
			batch[i].Content, err = Encrypt(plain, current)
		}
		if err != nil {
			return 0, fmt.Errorf("encrypt %s %s%s anew: %w", row.table, row.Key, row.Workspace, err)
		}
	}
	err = db.Update(ctx, func(rt runner.Tx) (err error) {
		t := rt.(*tx)
		for _, row := range batch {
			if err := t.reseal(row, current); err != nil {
				return err
			}
		}
		left, err = t.unsealed(current)
		return err
	})
	return left, err
}

// stale are some contents that are encrypted for others than the recipient.
func (t *tx) stale(current string) (batch []sealedRow, err error) {
	size := 0
	for _, table := range sealedTables {
		counts, err := t.sealedCounts(table.name)
		if err != nil {
			return nil, err
		}
		delete(counts, current)
		for from := range counts {
			var keys []sealedRow
			err := t.bun.NewSelect().Table(table.name).Column(table.key...).Where("sealed_for = ?", from).Limit(resealRows).Scan(t.ctx, &keys)
			if err != nil {
				return nil, one("list", table.name, err)
			}
			for _, row := range keys {
				row.table, row.from = table.name, from
				if err := t.sealedContent(&row); err != nil {
					return nil, err
				}
				batch = append(batch, row)
				if size += len(row.Content); size > resealBytes || len(batch) == resealRows {
					return batch, nil
				}
			}
		}
	}
	return batch, nil
}

func (t *tx) sealedContent(row *sealedRow) error {
	q := t.bun.NewSelect().Table(row.table).Column("content")
	if row.table == "blobs" {
		q = q.Where("key = ?", row.Key)
	} else {
		q = q.Where("workspace = ? AND version = ?", row.Workspace, row.Version)
	}
	return one("read", row.table, q.Scan(t.ctx, &row.Content))
}

// reseal writes a content, unless it was written or removed since it was read.
func (t *tx) reseal(row sealedRow, current string) error {
	places := strings.Split(t.db.dialect.places(5), ", ")
	statement, values := "UPDATE "+row.table+" SET content = "+places[0]+", sealed_for = "+places[1]+" WHERE sealed_for = "+places[2], []any{row.Content, current, row.from}
	if row.table == "blobs" {
		statement, values = statement+" AND key = "+places[3], append(values, row.Key.kept())
	} else {
		statement, values = statement+" AND workspace = "+places[3]+" AND version = "+places[4], append(values, row.Workspace.kept(), row.Version)
	}
	_, err := t.bun.Tx.ExecContext(t.ctx, statement, values...)
	return one("encrypt anew", row.table, err)
}

// sealedCounts counts the contents of a table by recipient; "" stands for what an earlier driftless wrote.
func (t *tx) sealedCounts(table string) (map[string]int, error) {
	var rows []struct {
		SealedFor string `bun:"sealed_for"`
		N         int    `bun:"n"`
	}
	err := t.bun.NewSelect().Table(table).Column("sealed_for").ColumnExpr("count(*) AS n").Group("sealed_for").Scan(t.ctx, &rows)
	counts := map[string]int{}
	for _, row := range rows {
		counts[row.SealedFor] = row.N
	}
	return counts, one("count", table, err)
}

// unsealed counts what a rotation has left to do: what is encrypted for one of the earlier recipients.
func (t *tx) unsealed(current string) (left int, err error) {
	for _, table := range sealedTables {
		counts, err := t.sealedCounts(table.name)
		if err != nil {
			return 0, err
		}
		delete(counts, current)
		for _, n := range counts {
			left += n
		}
	}
	return left, nil
}

// recipientsInUse are the recipients of what is in the database, found one after the other in the index.
func (t *tx) recipientsInUse() (all []string, err error) {
	for _, table := range sealedTables {
		for last := ""; ; {
			var next []string
			err := t.bun.NewSelect().Table(table.name).ColumnExpr("min(?)", bun.Ident("sealed_for")).Where("sealed_for > ?", last).
				Having("min(sealed_for) IS NOT NULL").Scan(t.ctx, &next)
			if err != nil && !isNotFound(one("", "", err)) {
				return nil, one("recipients of", table.name, err)
			}
			if len(next) == 0 {
				break
			}
			last = next[0]
			all = append(all, last)
		}
	}
	return all, nil
}
