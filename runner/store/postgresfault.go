package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Codes of errors: https://www.postgresql.org/docs/current/errcodes-appendix.html
func postgresFault(err error) fault {
	var unknown *unknownOutcome
	if err == nil || errors.As(err, &unknown) {
		return otherFault
	}
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		if lost(err) {
			return lostFault
		}
		return otherFault
	}
	switch said.Code {
	case "40001", "40P01", "55P03": // not serializable, a deadlock, a lock that did not come
		return busyFault
	case "23505":
		return duplicateFault
	case "53100":
		return fullFault
	case "42501":
		return deniedFault
	case "57P01", "57P02", "57P03", "57P05", "25P03", "53300": // it ends, starts, ended a session that was idle, or has no place
		return lostFault
	case "25006", "55000": // it only reads: another one is the primary by now, or will be
		return lostFault
	case "57014": // statement_timeout
		return slowFault
	}
	switch said.Code[:min(2, len(said.Code))] {
	case "08":
		return lostFault
	case "XX":
		if said.Code == "XX001" || said.Code == "XX002" {
			return damagedFault
		}
	}
	return otherFault
}

// postgresLimit is the setting that ended a statement or a session.
func postgresLimit(err error) string {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return ""
	}
	switch {
	case said.Code == "25P03":
		return "idle_in_transaction_session_timeout"
	case said.Code == "55P03":
		return "lock_timeout"
	case said.Code == "57014" && !strings.Contains(said.Message, "user request"):
		return "statement_timeout"
	}
	return ""
}

// lost reports whether an error is the end of a connection.
func lost(err error) bool {
	var network net.Error
	var connect *pgconn.ConnectError
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, driver.ErrBadConn, sql.ErrConnDone, pgconn.ErrConnClosed} {
		if errors.Is(err, end) {
			return true
		}
	}
	return errors.As(err, &network) || errors.As(err, &connect)
}

// answered reports whether the server itself refused a commit: then nothing was kept.
func answered(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && postgresFault(err) != lostFault
}

// unreachable is an error of a server that cannot be asked.
type unreachable struct {
	text  string
	cause []error
}

func (e *unreachable) Error() string   { return e.text }
func (e *unreachable) Unwrap() []error { return e.cause }

// oneLine is what a driver says about several attempts, in one line.
func oneLine(err error) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", "; ")), " ")
}
