package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to date. Nothing else is written meanwhile where the database allows to see to that.
func (db *DB) migrate(ctx context.Context) error {
	if db.migrator == nil {
		return migrate(ctx, db.dialect, db.writer.DB)
	}
	if err := checkPostgres(ctx, db.readers.DB); err != nil {
		return err
	}
	under := db.migrator()
	defer func() { _ = under.Close() }()
	turn, err := under.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = turn.Rollback() }()
	if _, err := db.dialect.alone(ctx, turn); err != nil {
		return err
	}
	return migrate(ctx, db.dialect, under)
}

// migrate makes the steps that are missing, each in a transaction. Two processes may do it at once.
func migrate(ctx context.Context, d dialect, db *sql.DB) error {
	steps, err := fs.Sub(migrations, d.migrations)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(d.goose, db, steps, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	for have < want {
		_, failed := provider.Up(ctx)
		before := have
		if have, _, err = provider.GetVersions(ctx); err != nil {
			return fmt.Errorf("read schema version: %w", err)
		}
		if failed != nil && have == before { // else another process made the same step, and was faster
			return fmt.Errorf("migrate schema %d to %d: %w", before, want, failed)
		}
	}
	if have > want {
		return fmt.Errorf("its schema is version %d, and this driftless knows only %d: it was written by a newer driftless. Start that one, or a newer one; nothing was changed", have, want)
	}
	return nil
}
