// Package store keeps what the runner knows in SQLite or PostgreSQL: one DB type, versioned migrations.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

// Options of a DB.
type Options struct {
	Path string // of the SQLite file; made when missing
	URL  string // of a PostgreSQL database, instead of a file: postgres://USER@HOST:PORT/DATABASE
	// Password of the database, asked for at each new connection; nil: it is in the URL, or where libpq looks for it.
	Password func(ctx context.Context) (string, error)
	Keys     *Keys
	Logger   *slog.Logger
	Existing bool // who only looks makes no database: where there is none, that is an error
}

// DB is a runner.Store. Its methods may be called concurrently. An Update inside the function of another Update waits for
// itself: use the transaction that is there.
type DB struct {
	name    string // for messages
	dialect dialect
	writer  *bun.DB // SQLite: one connection
	readers *bun.DB
	beats   *bun.DB // SQLite: the writer
	keys    *Keys
	sealer  *sealer
	logger  *slog.Logger
	retries atomic.Int64
	damaged atomic.Bool
	// migrator opens the database for steps of the schema, which may take long; nil: the writer does them.
	migrator func() *sql.DB
}

var _ runner.Store = (*DB)(nil)

// Open opens the database and migrates it. A database of a newer driftless is an error that says so.
func Open(ctx context.Context, opts Options) (*DB, error) {
	if (opts.Path == "") == (opts.URL == "") || opts.Keys == nil {
		return nil, errors.New("open database: either Path or URL, and Keys are required")
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	sealer, err := newSealer(opts.Keys)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := &DB{keys: opts.Keys, sealer: sealer, logger: opts.Logger}
	if opts.URL != "" {
		err = db.usePostgres(opts)
	} else {
		err = db.useSQLite(opts)
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := db.prepare(ctx, opts.Existing); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", db.name, db.explain(err)), db.Close())
	}
	return db, nil
}

func (db *DB) useSQLite(opts Options) error {
	if opts.Existing {
		if _, err := os.Stat(opts.Path); err != nil {
			return err
		}
	}
	writer, readers, err := openSQLite(opts.Path)
	if err == nil {
		db.use(opts.Path, sqlite, writer, readers, writer)
	}
	return err
}

func (db *DB) usePostgres(opts Options) error {
	config, err := parsePostgres(opts.URL)
	if err != nil {
		return err
	}
	pool := func(config *pgx.ConnConfig, size int) *sql.DB { return openPostgres(config, opts.Password, size) }
	db.use(placeOf(config), postgres, pool(config, maxWriters), pool(config, maxReaders), pool(config, maxBeats))
	if inClear(config) {
		db.logger.Warn("what is said to the database may be read on its way: add ?sslmode=verify-full to its URL", "database", db.name)
	}
	patient := config.Copy()
	for name := range sessionLimits {
		patient.RuntimeParams[name] = "0"
	}
	db.migrator = func() *sql.DB { return pool(patient, 0) }
	return nil
}

func (db *DB) use(name string, d dialect, writer, readers, beats *sql.DB) {
	db.name, db.dialect, db.writer, db.readers, db.beats = name, d, bun.NewDB(writer, d.bun()), bun.NewDB(readers, d.bun()), bun.NewDB(beats, d.bun())
}

// prepare makes an opened database ready: reachable, of our schema, encrypted with our key.
func (db *DB) prepare(ctx context.Context, existing bool) error {
	if err := db.writer.PingContext(ctx); err != nil {
		return err
	}
	if existing && db.migrator != nil {
		if err := db.ours(ctx); err != nil {
			return err
		}
	}
	if err := db.migrate(ctx); err != nil {
		return err
	}
	if err := db.checkKey(ctx); err != nil {
		return err
	}
	return db.chain(ctx)
}

// Close implements runner.Store. Transactions that are under way fail.
func (db *DB) Close() error {
	defer db.sealer.close()
	return errors.Join(db.readers.Close(), db.writer.Close(), db.beats.Close())
}
