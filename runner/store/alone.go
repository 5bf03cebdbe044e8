package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// turn is what a transaction that writes asks first: to be the only one of the installation that does. Installations in
// other schemas of the database are not waited for. Its number is what one asks with later what became of it. From then on all
// others wait for it, so each of its statements has little time.
const turn = `SELECT pg_current_xact_id()::text, pg_advisory_xact_lock(hashtextextended('driftless in ' || current_schema(), 0))::text ||
	CASE WHEN extract(epoch FROM current_setting('statement_timeout')::interval) BETWEEN 0.001 AND 7 THEN '' ELSE set_config('statement_timeout', '7s', true) END`

// postgresAlone waits until no other transaction writes, and returns the number of this one.
func postgresAlone(ctx context.Context, tx *sql.Tx) (number string, err error) {
	var nothing string
	if err := tx.QueryRowContext(ctx, turn).Scan(&number, &nothing); err != nil {
		return "", fmt.Errorf("wait for a turn to write: %w", err)
	}
	return number, nil
}

// only is what a transaction that lets leases go on asks first: to be the only one of the installation that does. All it does is
// quick, so one whose process hangs is ended long before the leases of the others.
const only = `SELECT pg_advisory_xact_lock(hashtextextended('driftless leases in ' || current_schema(), 0))::text ||
	set_config('idle_in_transaction_session_timeout', '3s', true) || set_config('statement_timeout', '3s', true)`

// postgresBeat waits until no other transaction lets leases go on. One whose answer was lost is done again: it has no number.
func postgresBeat(ctx context.Context, tx *sql.Tx) (number string, err error) {
	var nothing string
	if err := tx.QueryRowContext(ctx, only).Scan(&nothing); err != nil {
		return "", fmt.Errorf("wait to renew leases: %w", err)
	}
	return "", nil
}

// postgresKept says whether a transaction was committed; errUndecided when it is still open.
func postgresKept(ctx context.Context, db *sql.DB, number string) (bool, error) {
	var status sql.NullString
	if err := db.QueryRowContext(ctx, "SELECT pg_xact_status($1::xid8)", number).Scan(&status); err != nil {
		return false, err
	}
	switch status.String {
	case "committed":
		return true, nil
	case "aborted":
		return false, nil
	case "in progress":
		return false, errUndecided
	}
	return false, fmt.Errorf("transaction %s is forgotten", number)
}

var errUndecided = errors.New("not decided yet")

const (
	settleFor  = 5 * time.Minute // a server may be away for that long before what became of a commit stays open
	settleLast = 10 * time.Second
)

// settle finds out what became of a transaction whose commit had no answer, so that it is neither lost nor done twice. It
// returns nil when it was kept, cause when it was not, and an error of its own when that cannot be found out.
func (db *DB) settle(ctx context.Context, number string, cause error) error {
	if db.dialect.kept == nil || number == "" || answered(cause) {
		return cause
	}
	db.logger.Warn("the answer to a commit was lost; asking what became of it", "database", db.name, "error", cause)
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleFor)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(settleLast, cancel) })()
	for {
		kept, err := db.dialect.kept(asking, db.readers.DB, number)
		switch {
		case err == nil && kept:
			return nil
		case err == nil:
			return cause
		case !errors.Is(err, errUndecided) && db.dialect.fault(err) != lostFault && asking.Err() == nil:
			return &unknownOutcome{cause: errors.Join(cause, err)}
		}
		select {
		case <-asking.Done():
			return &unknownOutcome{cause: cause}
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// unknownOutcome is a commit of which nobody can say whether it was kept. It must not be run again by itself; its cause is
// for people only.
type unknownOutcome struct{ cause error }

func (e *unknownOutcome) Error() string {
	return fmt.Sprintf("the answer was lost, and it is not known whether this was kept (%v)", e.cause)
}
