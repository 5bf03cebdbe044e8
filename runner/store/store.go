// Package store keeps what the runner knows in SQLite (and later PostgreSQL): one DB type, versioned migrations.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

// Options of a DB.
type Options struct {
	Path   string // of the SQLite file; made when missing
	Keys   *Keys
	Logger *slog.Logger
}

// DB is a runner.Store. Its methods may be called concurrently. An Update inside the function of another Update waits for
// itself: use the transaction that is there.
type DB struct {
	name    string // for messages
	dialect dialect
	writer  *bun.DB // SQLite: one connection
	readers *bun.DB
	keys    *Keys
	sealer  *sealer
	logger  *slog.Logger
}

var _ runner.Store = (*DB)(nil)

// Open opens the database and migrates it. A database of a newer driftless is an error that says so.
func Open(ctx context.Context, opts Options) (*DB, error) {
	if opts.Path == "" || opts.Keys == nil {
		return nil, errors.New("open database: Path and Keys are required")
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	sealer, err := newSealer(opts.Keys)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", opts.Path, err)
	}
	writer, readers, err := openSQLite(opts.Path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", opts.Path, err)
	}
	db := newDB(opts, sqlite, writer, readers, sealer)
	if err := db.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", opts.Path, db.explain(err)), db.Close())
	}
	return db, nil
}

func newDB(opts Options, d dialect, writer, readers *sql.DB, s *sealer) *DB {
	return &DB{
		name: opts.Path, dialect: d, keys: opts.Keys, sealer: s, logger: opts.Logger,
		writer: bun.NewDB(writer, d.bun()), readers: bun.NewDB(readers, d.bun()),
	}
}

// prepare makes an opened database ready: reachable, of our schema, encrypted with our key.
func (db *DB) prepare(ctx context.Context) error {
	if err := db.writer.PingContext(ctx); err != nil {
		return err
	}
	if err := migrate(ctx, db.dialect, db.writer.DB); err != nil {
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
	return errors.Join(db.readers.Close(), db.writer.Close())
}
