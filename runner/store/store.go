// Package store keeps what the runner knows in SQLite (and later PostgreSQL): one DB type, versioned migrations.
package store

import (
	"context"
	"log/slog"

	"github.com/driftlessops/driftless/runner"
)

// Options of a DB.
type Options struct {
	Path   string // of the SQLite file; made when missing
	Keys   *Keys
	Logger *slog.Logger
}

// DB is a runner.Store.
type DB struct{}

// Open opens the database and migrates it. A database of a newer driftless is an error that says so.
func Open(ctx context.Context, opts Options) (*DB, error) { panic("todo") }

var _ runner.Store = (*DB)(nil)

// View implements runner.Store.
func (db *DB) View(ctx context.Context, f func(runner.Tx) error) error { panic("todo") }

// Update implements runner.Store.
func (db *DB) Update(ctx context.Context, f func(runner.Tx) error) error { panic("todo") }

// Close implements runner.Store.
func (db *DB) Close() error { panic("todo") }

// Keys are the installation's secrets: an age identity that encrypts states, plans and logs, and an HMAC key for digests
// of sensitive values.
type Keys struct{}

// LoadKeys reads the key file, and makes it (mode 0600) when it is missing.
func LoadKeys(path string) (*Keys, error) { panic("todo") }

// HMAC is the key for digests of sensitive values, 32 bytes.
func (k *Keys) HMAC() []byte { panic("todo") }

// Encrypt encrypts for the installation.
func (k *Keys) Encrypt(plain []byte) ([]byte, error) { panic("todo") }

// Decrypt undoes Encrypt.
func (k *Keys) Decrypt(sealed []byte) ([]byte, error) { panic("todo") }
