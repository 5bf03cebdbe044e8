package store

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

var sqlite = dialect{
	bun:        func() schema.Dialect { return sqlitedialect.New() },
	goose:      goose.DialectSQLite3,
	migrations: "migrations/sqlite",
	places:     func(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") },
	fault:      sqliteFault,
	view:       sql.TxOptions{ReadOnly: true},
	skipRuns: `INSERT INTO sqlite_sequence (name, seq) SELECT 'runs', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'runs');
		UPDATE sqlite_sequence SET seq = CASE WHEN seq < %[1]d THEN %[1]d ELSE seq + 100000 END WHERE name = 'runs'`,
	damaged: "stop driftless, keep a copy of the file and of the -wal file next to it, and put back the last backup; " +
		"`sqlite3 FILE .recover` reads what can still be read",
}

// openSQLite opens a file for one writer, because SQLite has one, and for readers beside it. With a write-ahead log and
// synchronous=FULL a commit is on the disk when it returns, and readers neither wait nor are waited for.
func openSQLite(path string) (writer, readers *sql.DB, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return nil, nil, err
	}
	if err := makePrivate(path); err != nil {
		return nil, nil, err
	}
	// Reading the file elsewhere in this process would otherwise take SQLite's locks from it. Where the system has no such
	// locks, or other code chose already, ordinary ones do.
	_, _ = driver.OFDLocking(true)
	pragmas := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(wal)", "synchronous(full)", "foreign_keys(on)", "journal_size_limit(67108864)",
	}}
	if writer, err = sql.Open("sqlite", source(path, pragmas)); err != nil {
		return nil, nil, err
	}
	writer.SetMaxOpenConns(1)
	pragmas["_pragma"] = append(pragmas["_pragma"], "query_only(on)")
	if readers, err = sql.Open("sqlite", source(path, pragmas)); err != nil {
		return nil, nil, errors.Join(err, writer.Close())
	}
	readers.SetMaxOpenConns(max(8, 2*runtime.NumCPU()))
	readers.SetMaxIdleConns(4)
	return writer, readers, nil
}

// source is the URI of a file, whatever characters its name has.
func source(path string, params url.Values) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	return "file://" + (&url.URL{Path: path}).EscapedPath() + "?" + params.Encode()
}

// makePrivate makes the file, so that it and the files that SQLite puts beside it are the owner's alone.
func makePrivate(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", path)
	}
	return errors.Join(err, file.Close())
}

func sqliteFault(err error) fault {
	var e *driver.Error
	if !errors.As(err, &e) {
		return otherFault
	}
	switch e.Code() {
	case codes.SQLITE_CONSTRAINT_UNIQUE, codes.SQLITE_CONSTRAINT_PRIMARYKEY:
		return duplicateFault
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return busyFault
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return damagedFault
	case codes.SQLITE_FULL:
		return fullFault
	}
	return otherFault
}
