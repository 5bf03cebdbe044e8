package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// Backup writes all that a SQLite database holds at one moment into a new file, readable by its owner alone, while others
// work on it. The file is whole and checked, or it is not there.
func Backup(ctx context.Context, path, to string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("back up %s: %w", path, err)
	}
	tmp, err := reserve(to)
	if err != nil {
		return fmt.Errorf("back up to %s: %w", to, err)
	}
	defer func() { _ = os.Remove(tmp) }()
	if err := copyInto(ctx, path, tmp); err != nil {
		return fmt.Errorf("back up %s: %w", path, err)
	}
	if err := intact(ctx, tmp); err != nil {
		return fmt.Errorf("back up %s: %w", path, err)
	}
	if err := errors.Join(syncFile(tmp), os.Link(tmp, to), syncDir(filepath.Dir(to))); err != nil {
		return fmt.Errorf("back up to %s: %w", to, err)
	}
	return nil
}

// reserve makes an empty file beside one that must not be there yet.
func reserve(to string) (string, error) {
	if _, err := os.Lstat(to); err == nil {
		return "", errors.New("it is there already: name a new file")
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	tmp, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+".*") // mode 0600
	if err != nil {
		return "", err
	}
	return tmp.Name(), tmp.Close()
}

func copyInto(ctx context.Context, path, to string) error {
	db, err := openFile(path, "busy_timeout(10000)")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", to)
	return errors.Join(err, db.Close())
}

// intact checks a database file from one end to the other.
func intact(ctx context.Context, path string) error {
	db, err := openFile(path, "query_only(on)")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var said string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&said); err != nil {
		return fmt.Errorf("%s cannot be read as a database: %w", path, err)
	}
	if said != "ok" {
		return fmt.Errorf("%s is damaged: %s", path, said)
	}
	var ours int
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name IN ('goose_db_version', 'runs', 'settings')").Scan(&ours)
	if err == nil && ours != 3 {
		err = fmt.Errorf("%s is no database of driftless", path)
	}
	return err
}

func openFile(path string, pragmas ...string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return sql.Open("sqlite", source(path, url.Values{"_pragma": pragmas}))
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Restore puts a backup in the place of the database at opts.Path, on which nobody may work, and takes note of it (see
// Restored). It refuses what is damaged, of a newer driftless or encrypted with another key. The backup stays as it is, and the
// database that was there stays beside it, at the path that is returned.
func Restore(ctx context.Context, opts Options, from, actor, aside string) (replaced string, err error) {
	if _, err := os.Stat(from); err != nil { // SQLite would make it
		return "", fmt.Errorf("restore: name the file of a backup: %w", err)
	}
	if err := intact(ctx, from); err != nil {
		return "", fmt.Errorf("restore: %w", err)
	}
	next := opts.Path + ".restoring"
	removeDatabase(next)
	defer removeDatabase(next)
	if err := copyInto(ctx, from, next); err != nil {
		return "", fmt.Errorf("restore %s: %w", from, err)
	}
	if err := os.Chmod(next, 0o600); err != nil {
		return "", err
	}
	opened := opts
	opened.Path = next
	db, err := Open(ctx, opened)
	if err != nil {
		return "", fmt.Errorf("restore %s: %w", from, err)
	}
	err = db.Restored(ctx, actor)
	if err = errors.Join(err, db.Close()); err != nil { // closed, it is one file again
		return "", fmt.Errorf("restore %s: %w", from, err)
	}
	return swap(opts.Path, next, opts.Path+"."+aside)
}

// swap puts one database in the place of another. There is one at each moment.
func swap(path, next, aside string) (replaced string, err error) {
	if err := syncFile(next); err != nil {
		return "", err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		err := os.Link(path+suffix, aside+suffix)
		switch {
		case err == nil:
			replaced = aside
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("keep the database that is there: %w", err)
		}
	}
	// What the log of the old one holds must never be taken for the new one's.
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return replaced, err
		}
	}
	return replaced, errors.Join(os.Rename(next, path), syncDir(filepath.Dir(path)))
}

func removeDatabase(path string) {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		_ = os.Remove(path + suffix)
	}
}

// Restored takes note that the database was put back as it was earlier (see runner.Restored). Numbers of runs go on far behind
// those that may have been given since, after this or another restore of the same: directories, comments and records elsewhere
// still speak of them.
func (db *DB) Restored(ctx context.Context, actor string) error {
	if db.migrator != nil {
		if err := db.whole(ctx); err != nil {
			return fmt.Errorf("database %s: %w", db.name, err)
		}
	}
	return db.Update(ctx, func(in runner.Tx) error {
		at, err := in.Clock()
		if err = errors.Join(err, runner.Restored(in, actor)); err != nil {
			return err
		}
		// Last: a sequence of PostgreSQL does not go back with its transaction.
		for statement := range strings.SplitSeq(fmt.Sprintf(db.dialect.skipRuns, runsBehind(at)), ";") {
			if _, err := in.(*tx).bun.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("leave out numbers of runs: %w", err)
			}
		}
		return nil
	})
}

// runsBehind is the number behind which the runs after a restore are counted: the tenths of a second since 2026 began. Only a clock
// knows of what is not in the backup, and nobody makes ten runs a second for long.
func runsBehind(at time.Time) int64 {
	return int64(at.Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) / (100 * time.Millisecond))
}
