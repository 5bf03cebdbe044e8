package daemon

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/workspaces"
)

// Place is where an installation keeps what it knows.
type Place struct {
	DataDir  string
	URL      string             // of a PostgreSQL database; "" = SQLite in the data directory
	Password *workspaces.Secret // of the database; nil = in the URL, or where libpq looks for it
	Key      *workspaces.Secret // that encrypts; nil = secret.key in the data directory
}

// PlaceOf is the place that the operator's file names.
func PlaceOf(config *workspaces.Config) Place {
	return Place{DataDir: config.DataDir, URL: config.Database, Password: config.DatabasePassword, Key: config.EncryptionKey}
}

// Path is where the SQLite database is.
func (p Place) Path() string { return filepath.Join(p.DataDir, "driftless.db") }

// Look is nil where there is a database that this user may open, as far as its files tell.
func (p Place) Look() error {
	name := p.Path()
	switch {
	case p.URL == "":
	case p.Key != nil:
		return nil
	default:
		name = p.keyFile()
	}
	if p.DataDir == "" {
		return fmt.Errorf("no data directory: %w", fs.ErrNotExist)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return f.Close()
}

// Resolved is the place with the path of its data directory as the kernel knows it: processes are told by where they work.
func (p Place) Resolved() (Place, error) {
	var err error
	p.DataDir, err = resolved(p.DataDir)
	return p, err
}

// resolved is the absolute path of a directory that is there, with all symbolic links followed.
func resolved(dir string) (string, error) {
	path, err := filepath.Abs(dir)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	return path, err
}

func (p Place) keyFile() string { return filepath.Join(p.DataDir, "secret.key") }

// OpenStore opens the database of a place, and makes it when it is missing.
func OpenStore(ctx context.Context, p Place, logger *slog.Logger) (*store.DB, *store.Keys, error) {
	return p.open(ctx, store.Options{Logger: logger})
}

// OpenExisting opens the database of a place for who only looks: where there is none, it is an error, and none is made.
func OpenExisting(ctx context.Context, p Place, logger *slog.Logger) (*store.DB, error) {
	db, _, err := p.open(ctx, store.Options{Logger: logger, Existing: true})
	return db, err
}

func (p Place) open(ctx context.Context, opts store.Options) (*store.DB, *store.Keys, error) {
	keys, err := p.keys(ctx)
	if err != nil {
		return nil, nil, err
	}
	opts.Path, opts.Keys = p.Path(), keys
	if p.URL != "" {
		opts.Path, opts.URL = "", p.URL
	}
	if p.Password != nil {
		opts.Password = func(ctx context.Context) (string, error) { return runner.Secret(ctx, *p.Password) }
	}
	db, err := store.Open(ctx, opts)
	return db, keys, err
}

func (p Place) keys(ctx context.Context) (*store.Keys, error) {
	if p.Key == nil {
		return store.LoadKeys(p.keyFile())
	}
	keys, err := store.KeysFrom(p.Key.From(), func() ([]byte, error) {
		value, err := runner.Secret(context.WithoutCancel(ctx), *p.Key)
		return []byte(value), err
	})
	if err != nil {
		return nil, fmt.Errorf("encryption_key: %w", err)
	}
	return keys, nil
}
