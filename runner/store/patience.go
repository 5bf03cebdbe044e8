package store

import "fmt"

// What is large needs more time to come and go than a process gets that may have hung: so many bytes are written and read with
// the patience for it.
const (
	large    = 1 << 20
	patience = 60      // seconds, for any of them
	slowest  = 1 << 19 // bytes a second that come at least: twice as many on the wire
)

// postgresPatience lets statements of a transaction take so many seconds, unless they may already, and says how long they might.
// The server counts the time in which a value comes as that of its statement, or as that in which nobody says anything.
const postgresPatience = `SELECT was.said, was.idle,
	set_config('statement_timeout', CASE WHEN extract(epoch FROM was.said::interval) BETWEEN 0.001 AND %[1]d THEN '%[1]ds' ELSE was.said END, true),
	set_config('idle_in_transaction_session_timeout', CASE WHEN extract(epoch FROM was.idle::interval) BETWEEN 0.001 AND %[1]d THEN '%[1]ds' ELSE was.idle END, true)
	FROM (SELECT current_setting('statement_timeout') AS said, current_setting('idle_in_transaction_session_timeout') AS idle OFFSET 0) AS was`

const postgresImpatience = "SELECT set_config('statement_timeout', '%s', true), set_config('idle_in_transaction_session_timeout', '%s', true)"

// patiently writes or reads a value of a size. Afterwards the limits are again what they were: others may wait for this transaction.
func (t *tx) patiently(size int64, do func() error) error {
	if !t.db.dialect.impatient || size < large {
		return do()
	}
	var said, idle, nothing string
	ask := fmt.Sprintf(postgresPatience, patience+size/slowest)
	if err := t.bun.Tx.QueryRowContext(t.ctx, ask).Scan(&said, &idle, &nothing, &nothing); err != nil {
		return fmt.Errorf("wait for %d bytes: %w", size, err)
	}
	if err := do(); err != nil {
		return err
	}
	_, err := t.bun.Tx.ExecContext(t.ctx, fmt.Sprintf(postgresImpatience, said, idle))
	return err
}
