package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun/schema"

	"github.com/driftlessops/driftless/runner"
)

// dialect is all that differs between databases.
type dialect struct {
	bun        func() schema.Dialect
	goose      goose.Dialect
	migrations string // folder of the migrations
	view       sql.TxOptions
	update     sql.TxOptions
	places     func(n int) string
	clock      string // query for the microseconds since 1970 by the database's clock; "" = the clock of this machine
	fault      func(error) fault
	limit      func(error) string // the setting that says how long what ended so may take; "" = none did
	damaged    string             // what to do when the database is damaged
	skipRuns   string             // statements that let the numbers of runs go on behind %d or, where that many were given, leave out 100,000
	impatient  bool               // it ends what takes long: see patiently
	// alone waits in a transaction until it is the only one that writes, beat until it is the only one that beats; kept asks
	// later what became of one that has a number. They are nil where the database sees to that by itself.
	alone, beat waiting
	kept        func(ctx context.Context, db *sql.DB, number string) (bool, error)
}

// waiting waits in a transaction for others. The number is what one asks with later what became of it; "" where nobody does.
type waiting func(ctx context.Context, tx *sql.Tx) (number string, err error)

// fault is what an error of a database means to us.
type fault int

const (
	otherFault fault = iota
	busyFault        // another process was faster: the transaction may run again
	lostFault        // the server is gone, or the connection to it: the transaction may run again
	slowFault        // it took longer than anything may
	deniedFault
	duplicateFault
	damagedFault
	fullFault
)

// errDamaged is in an error that explain explained.
var errDamaged = errors.New("is damaged or no database")

// explain adds the next step to errors that a person must act on.
func (db *DB) explain(err error) error {
	if err == nil || errors.Is(err, runner.ErrConflict) || errors.Is(err, runner.ErrNotFound) || errors.Is(err, errDamaged) {
		return err
	}
	switch db.dialect.fault(err) {
	case damagedFault:
		db.damaged.Store(true)
		return fmt.Errorf("the database %s %w (%w): %s. Do not delete it: it may hold the only copy of states", db.name, errDamaged, err, db.dialect.damaged)
	case lostFault:
		return &unreachable{cause: []error{runner.ErrUnavailable, err}, text: fmt.Sprintf("the database %s cannot be reached (%s): nothing was lost; "+
			"driftless goes on when it is back%s", db.name, oneLine(err), db.limited(err))}
	case busyFault, slowFault:
		return &unreachable{cause: []error{runner.ErrUnavailable, err}, text: fmt.Sprintf("the database %s is kept busy (%s): nothing was lost; "+
			"driftless tries again%s", db.name, oneLine(err), db.limited(err))}
	case deniedFault:
		return fmt.Errorf("the database %s refuses its user (%w): it must own its schema, as after CREATE DATABASE driftless OWNER the-user", db.name, err)
	case fullFault:
		return fmt.Errorf("%w %s: free some, nothing was lost (%w)", runner.ErrFull, db.name, err)
	case duplicateFault:
		return fmt.Errorf("%w: %w", runner.ErrConflict, err)
	}
	return err
}

// limited names the setting that ended a transaction.
func (db *DB) limited(err error) string {
	if db.dialect.limit != nil {
		if name := db.dialect.limit(err); name != "" {
			return fmt.Sprintf(". It took longer than %s lets it; \"Connections\" in docs/operations.md says more of that", name)
		}
	}
	return ""
}

// exec runs a statement with its values bound by the driver. Queries of bun hold their values as literals, which large
// ones are too large for. The placeholders are appended to the statement.
func (t *tx) exec(statement, rest string, values ...any) (sql.Result, error) {
	return t.bun.Tx.ExecContext(t.ctx, statement+" ("+t.db.dialect.places(len(values))+") "+rest, values...)
}
