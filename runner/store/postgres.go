package store

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/schema"
)

var postgres = dialect{
	bun:        func() schema.Dialect { return pgdialect.New() },
	goose:      goose.DialectPostgres,
	migrations: "migrations/postgres",
	view:       sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead},
	update:     sql.TxOptions{Isolation: sql.LevelReadCommitted}, // what others wrote before its turn is seen, whatever the server's default
	places:     numbered,
	clock:      "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
	fault:      postgresFault,
	limit:      postgresLimit,
	damaged:    "stop every driftless on it and look at the server's log; pg_amcheck says what is damaged, and the last backup (pg_dump) is put back into a new database",
	skipRuns: `SELECT setval(runs, CASE WHEN given < %[1]d THEN %[1]d ELSE given + 100000 END)
		FROM (SELECT runs, nextval(runs) AS given FROM (SELECT pg_get_serial_sequence('runs', 'id')::regclass AS runs) AS sequence) AS last`,
	impatient: true,
	alone:     postgresAlone,
	beat:      postgresBeat,
	kept:      postgresKept,
}

// oldestPostgres is the first version that is supported, as server_version_num says it.
const oldestPostgres = 140000

// Waiting has an end, so that a process that hangs never keeps the others for long. Each is a setting of the session that
// the database's URL may set as well (?statement_timeout=…), in milliseconds.
var sessionLimits = map[string]string{
	"idle_in_transaction_session_timeout": "6000",  // a process that stopped in the middle of a transaction
	"lock_timeout":                        "10000", // as busy_timeout of SQLite: then the transaction is tried again
	"statement_timeout":                   "30000",
}

// silence is how long a server may say nothing while it is asked something: longer than it lets a statement run.
const silence = 40 * time.Second

// How many connections one process has at most. Transactions that write come one after the other anyway: the second one is
// there to wait for its turn. What lets leases go on waits for none of them.
const (
	maxWriters = 2
	maxReaders = 7
	maxBeats   = 1
)

// openPostgres makes a pool of connections, of which there are none yet.
func openPostgres(config *pgx.ConnConfig, password func(context.Context) (string, error), size int) *sql.DB {
	options := []stdlib.OptionOpenDB{stdlib.OptionAfterConnect(durable), stdlib.OptionResetSession(writable)}
	if password != nil {
		options = append(options, stdlib.OptionBeforeConnect(func(ctx context.Context, c *pgx.ConnConfig) (err error) {
			if c.Password, err = password(ctx); err != nil {
				return fmt.Errorf("database_password: %w", err)
			}
			return nil
		}))
	}
	db := stdlib.OpenDB(*config, options...)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(time.Hour)
	return db
}

// parsePostgres reads a URL. What it does not say comes from libpq's variables and files (PGPASSWORD, PGPASSFILE, PGSSLMODE…).
func parsePostgres(url string) (*pgx.ConnConfig, error) {
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return nil, errors.New("the database must be a URL postgres://USER@HOST:PORT/DATABASE")
	}
	config, err := pgx.ParseConfig(url)
	if err != nil { // what it says may hold the password
		return nil, errors.New("the URL of the database cannot be read: it must be postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full; " +
			"in a password, characters other than letters and digits are written as %40 for @, and its options and the files that they name must be right")
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // each statement is another one: bun writes values into them
	config.DialFunc = dial
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	if _, set := config.RuntimeParams["application_name"]; !set {
		config.RuntimeParams["application_name"] = "driftless"
	}
	config.RuntimeParams["standard_conforming_strings"] = "on"
	for name, value := range sessionLimits {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	return config, nil
}

// placeOf is where a database is, for messages: never with a password.
func placeOf(c *pgx.ConnConfig) string {
	host := c.Host
	if !strings.HasPrefix(host, "/") {
		host += ":" + strconv.Itoa(int(c.Port))
	}
	return "postgres://" + c.User + "@" + host + "/" + c.Database
}

// durable makes a commit be on the disk when it returns, whatever the server was told for others.
func durable(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'")
	return err
}

// writable lets a connection be used again unless its server only reads, as one does that a proxy still took for the primary, or
// one that is full: another connection may find another server, or that the reason is gone.
func writable(_ context.Context, conn *pgx.Conn) error {
	for _, name := range []string{"in_hot_standby", "default_transaction_read_only"} {
		if conn.PgConn().ParameterStatus(name) == "on" {
			return driver.ErrBadConn
		}
	}
	return nil
}

// checkPostgres refuses a server that cannot do what is needed.
func checkPostgres(ctx context.Context, db *sql.DB) error {
	var version int
	var name, encoding string
	var schema sql.NullString
	var recovery bool
	err := db.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_version'),
		current_setting('server_encoding'), current_schema(), pg_is_in_recovery()`).Scan(&version, &name, &encoding, &schema, &recovery)
	switch {
	case err != nil:
		return err
	case version < oldestPostgres:
		return fmt.Errorf("the server is PostgreSQL %s, and driftless needs %d or newer", name, oldestPostgres/10000)
	case encoding != "UTF8":
		return fmt.Errorf("the database has the encoding %s: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", encoding)
	case !schema.Valid:
		return errors.New("the user has no schema to work in: make one with CREATE SCHEMA driftless AUTHORIZATION the-user, and add ?search_path=driftless to the URL")
	case recovery:
		return errors.New("the server is a standby, which only reads: name the primary, or all of them with ?target_session_attrs=read-write")
	}
	return nil
}

// ours refuses a database in which nothing of driftless is.
func (db *DB) ours(ctx context.Context) error {
	var tables int
	err := db.readers.DB.QueryRowContext(ctx, "SELECT num_nonnulls(to_regclass('goose_db_version'), to_regclass('runs'), to_regclass('settings'))").Scan(&tables)
	if err == nil && tables < 3 {
		err = errors.New("there is nothing of driftless in it yet: `driftless serve` begins, or a backup is put back first; if there should be something, the URL names another database or schema (search_path)")
	}
	return err
}

// whole refuses a dump that was put back over tables that were there before it: a part of it was not loaded then, and what was is
// older than the tables. When those were made stands there without a time zone: servers differ by 26 hours at most.
func (db *DB) whole(ctx context.Context) error {
	var over bool
	err := db.readers.DB.QueryRowContext(ctx, `SELECT coalesce((SELECT min(tstamp) FROM goose_db_version) - interval '26 hours' >
		to_timestamp(least((SELECT min(at) FROM events WHERE at > 0), (SELECT min(created_at) FROM runs WHERE created_at > 0)) / 1000000), false)`).Scan(&over)
	if err == nil && over {
		err = errors.New("its tables were made after what is on record in it: the dump was put back over tables that a driftless had made there, so that a part of it is missing. " +
			"Make the database anew and empty, put the dump back with `pg_restore --exit-on-error` before any driftless is started on it, and say this again")
	}
	return err
}

// numbered are the places of values in a statement.
func numbered(n int) string {
	var places []string
	for i := range n {
		places = append(places, "$"+strconv.Itoa(i+1))
	}
	return strings.Join(places, ", ")
}

// inClear reports whether what is said to the server may be read on its way, on a network.
func inClear(c *pgx.ConnConfig) bool {
	clear := func(host string, t *tls.Config) bool {
		return t == nil && !strings.HasPrefix(host, "/") && host != "localhost" && host != "127.0.0.1" && host != "::1"
	}
	for _, f := range c.Fallbacks {
		if clear(f.Host, f.TLSConfig) {
			return true
		}
	}
	return clear(c.Host, c.TLSConfig)
}
