package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	from, to  string // recipients
}

// damaged marks in place of its recipient, which follows, what cannot be read with its key: it stays as it is, and nothing waits
// for it or needs the key.
const damaged = "damaged "

// unknown marks in place of a recipient what an earlier driftless encrypted, which did not say for whom, and what none of the keys can
// read whose mark follows: its key may be put back.
const unknown = "unknown "

// name is what people call it.
func (r sealedRow) name() string {
	if r.table == "blobs" {
		return string(r.Key)
	}
	return fmt.Sprintf("version %d of the state of %s", r.Version, r.Workspace)
}

// sealedTables hold what is encrypted, each with the columns of its key.
var sealedTables = []struct {
	name string
	key  []string
}{{"blobs", []string{"key"}}, {"states", []string{"workspace", "version"}}}

// Reseal implements runner.Keyring: it reads and encrypts outside of the transaction that writes.
func (db *DB) Reseal(ctx context.Context) (did runner.Resealed, err error) {
	var batch []sealedRow
	err = db.View(ctx, func(rt runner.Tx) (err error) {
		batch, err = rt.(*tx).stale()
		return err
	})
	if err != nil || len(batch) == 0 {
		return did, err
	}
	for i := range batch {
		if err := db.sealAnew(&batch[i]); err != nil {
			return did, err
		}
		switch row := batch[i]; {
		case strings.HasPrefix(row.to, unknown):
			did.Missing++
		case strings.HasPrefix(row.to, damaged):
			db.logger.Error("a content cannot be read with the key that it was encrypted for: it stays as it is", "database", db.name, "content", row.name(), "key", row.from)
			did.Damaged = append(did.Damaged, row.name())
		}
	}
	did.Done = len(batch)
	return did, db.Update(ctx, func(rt runner.Tx) (err error) {
		for _, row := range batch {
			if err := rt.(*tx).reseal(row); err != nil {
				return err
			}
		}
		return nil
	})
}

func (db *DB) sealAnew(row *sealedRow) error {
	plain, err := db.keys.Decrypt(row.Content)
	switch {
	case errors.Is(err, errOtherKey) && unnamed(row.from):
		row.to = unknown + db.keys.mark()
		return nil
	case err != nil && db.reads(row.from):
		row.to = damaged + row.from
		return nil
	case err != nil: // somebody took the key away since
		return fmt.Errorf("encrypt %s anew: %w", row.name(), err)
	}
	if row.Content, err = Encrypt(plain, row.to); err != nil {
		return fmt.Errorf("encrypt %s anew: %w", row.name(), err)
	}
	return nil
}

// stale are some contents that are encrypted for others than the current recipient.
func (t *tx) stale() (batch []sealedRow, err error) {
	current, err := t.recipient()
	if err != nil {
		return nil, err
	}
	size := 0
	for _, table := range sealedTables {
		all, err := t.recipientsOf(table.name)
		if err != nil {
			return nil, err
		}
		for _, from := range all {
			if from == current || !t.db.reads(from) {
				continue
			}
			var keys []sealedRow
			err := t.bun.NewSelect().Table(table.name).Column(table.key...).Where("sealed_for = ?", from).Limit(resealRows).Scan(t.ctx, &keys)
			if err != nil {
				return nil, one("list", table.name, err)
			}
			for _, row := range keys {
				row.table, row.from, row.to = table.name, from, current
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

// reads reports whether what was encrypted for a recipient, or by an earlier driftless, should be readable; of the latter, as long as it
// was not tried with the keys of now.
func (db *DB) reads(recipient string) bool {
	if tried, ok := strings.CutPrefix(recipient, unknown); ok {
		return tried != db.keys.mark()
	}
	return recipient == "" || db.keys.opens(recipient)
}

// unnamed reports whether nobody knows the key of a content.
func unnamed(recipient string) bool {
	return recipient == "" || strings.HasPrefix(recipient, unknown)
}

func (t *tx) sealedContent(row *sealedRow) error {
	read := func(column string, to any) error {
		q := t.bun.NewSelect().Table(row.table).Column(column)
		if row.table == "blobs" {
			q = q.Where("key = ?", row.Key)
		} else {
			q = q.Where("workspace = ? AND version = ?", row.Workspace, row.Version)
		}
		return q.Scan(t.ctx, to)
	}
	var size int64
	err := read("size", &size)
	if err == nil {
		err = t.patiently(size, func() error { return read("content", &row.Content) })
	}
	return one("read", row.table, err)
}

// reseal writes a content, unless it was written or removed since it was read.
func (t *tx) reseal(row sealedRow) error {
	places := strings.Split(t.db.dialect.places(5), ", ")
	statement, values := "UPDATE "+row.table+" SET content = "+places[0]+", sealed_for = "+places[1]+" WHERE sealed_for = "+places[2], []any{row.Content, row.to, row.from}
	if row.table == "blobs" {
		statement, values = statement+" AND key = "+places[3], append(values, row.Key.kept())
	} else {
		statement, values = statement+" AND workspace = "+places[3]+" AND version = "+places[4], append(values, row.Workspace.kept(), row.Version)
	}
	return one("encrypt anew", row.table, t.patiently(int64(len(row.Content)), func() error {
		_, err := t.bun.Tx.ExecContext(t.ctx, statement, values...)
		return err
	}))
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

// rotation counts what a rotation has left to do.
func (t *tx) rotation() (r runner.Rotation, err error) {
	if r.Recipient, err = t.recipient(); err != nil {
		return r, err
	}
	for _, table := range sealedTables {
		counts, err := t.sealedCounts(table.name)
		if err != nil {
			return r, err
		}
		for from, n := range counts {
			switch {
			case from == r.Recipient || strings.HasPrefix(from, damaged):
			case !t.db.reads(from):
				r.Missing += n
			case !strings.HasPrefix(from, unknown): // they are tried, and are no rotation that goes on
				r.Left += n
			}
		}
	}
	return r, nil
}

// recipientsInUse are the recipients whose keys are needed for what is in the database.
func (t *tx) recipientsInUse() (needed []string, err error) {
	for _, table := range sealedTables {
		all, err := t.recipientsOf(table.name)
		if err != nil {
			return nil, err
		}
		needed = append(needed, slices.DeleteFunc(all, func(name string) bool { return unnamed(name) || strings.HasPrefix(name, damaged) })...)
	}
	return needed, nil
}

// recipientsOf are the recipients of what is in a table, found one after the other in the index.
func (t *tx) recipientsOf(table string) (all []string, err error) {
	for {
		q := t.bun.NewSelect().Table(table).Column("sealed_for").Order("sealed_for").Limit(1)
		if len(all) > 0 {
			q = q.Where("sealed_for > ?", all[len(all)-1])
		}
		var next []string
		if err := q.Scan(t.ctx, &next); err != nil && !isNotFound(one("", "", err)) {
			return nil, one("recipients of", table, err)
		}
		if len(next) == 0 {
			return all, nil
		}
		all = append(all, next[0])
	}
}
