package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

// How often a transaction is tried that other processes keep from running, and one whose connection was lost: the next one
// may be good, and a server that is down is asked again by whoever needs it.
const (
	attempts  = 6 // each has waited for the database's own timeout before
	reconnect = 3
)

// tx is one transaction.
type tx struct {
	ctx   context.Context
	bun   bun.Tx
	db    *DB
	kinds []string // of the events that were appended; see step
	last  *link    // the end of the chain of events, once it was read

	number  string // by which the database knows it; "" where nobody asks
	sealFor string // the recipient; "" = not read yet
}

var _ runner.Tx = (*tx)(nil)

// View implements runner.Store.
func (db *DB) View(ctx context.Context, f func(runner.Tx) error) error {
	return db.retry(ctx, func() error {
		return db.transact(ctx, db.readers, db.dialect.view, nil, f)
	})
}

// Update implements runner.Store.
func (db *DB) Update(ctx context.Context, f func(runner.Tx) error) error {
	return db.retry(ctx, func() error {
		return db.transact(ctx, db.writer, db.dialect.update, db.dialect.alone, f)
	})
}

// Beat implements runner.Store.
func (db *DB) Beat(ctx context.Context, f func(runner.Tx) error) error {
	return db.retry(ctx, func() error {
		return db.transact(ctx, db.beats, db.dialect.update, db.dialect.beat, f)
	})
}

// Retries is how many transactions were tried again since the start: others were in their way, or the connection was lost.
func (db *DB) Retries() int64 { return db.retries.Load() }

// Damaged reports whether anything was met since the start that says that the database is damaged.
func (db *DB) Damaged() bool { return db.damaged.Load() }

// retry runs a transaction again while others are in its way, or when its connection was lost before it could be kept.
func (db *DB) retry(ctx context.Context, f func() error) error {
	for attempt := 1; ; attempt++ {
		err := f()
		if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", err, ctx.Err()) // it ended on its own because of that
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		switch fault := db.dialect.fault(err); {
		case fault == busyFault && attempt < attempts:
			db.logger.Warn("database is busy", "database", db.name, "attempt", attempt, "error", err)
		case fault == lostFault && attempt < reconnect:
			db.logger.Warn("the connection to the database was lost", "database", db.name, "attempt", attempt, "error", err)
		default:
			return db.explain(err)
		}
		db.retries.Add(1)
		pause := time.Duration(attempt) * (10*time.Millisecond + rand.N(40*time.Millisecond))
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// transact runs f in a transaction. alone, unless it is nil, waits in it for what others do.
func (db *DB) transact(ctx context.Context, on *bun.DB, opts sql.TxOptions, alone waiting, f func(runner.Tx) error) error {
	under, err := on.BeginTx(ctx, &opts)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	done := false
	defer func() {
		if !done { // also when f panics
			_ = under.Rollback()
		}
	}()
	t := &tx{ctx: ctx, bun: under, db: db}
	if alone != nil {
		if t.number, err = alone(ctx, under.Tx); err != nil {
			return err
		}
	}
	if err := f(t); err != nil {
		return err
	}
	if !opts.ReadOnly {
		t.step("before")
	}
	if err := under.Commit(); err != nil {
		if err = db.settle(ctx, t.number, err); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
	}
	done = true
	if !opts.ReadOnly {
		t.step("after")
	}
	return nil
}

// one turns what the database says about a single row into our errors.
func one(what string, id any, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		err = runner.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("%s %v: %w", what, id, err)
	}
	return nil
}

func isNotFound(err error) bool { return errors.Is(err, runner.ErrNotFound) }

// affected is one for a statement: no row affected is ErrNotFound.
func affected(what string, id any, result sql.Result, err error) error {
	if err == nil {
		var n int64
		if n, err = result.RowsAffected(); err == nil && n == 0 {
			err = runner.ErrNotFound
		}
	}
	return one(what, id, err)
}
