package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

func openTest(t *testing.T) *DB {
	t.Helper()
	dir := t.TempDir()
	keys, err := LoadKeys(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), Options{Path: filepath.Join(dir, "driftless.db"), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// busy returns what SQLite says to one who wants to write while another does, and does not wait.
func busy(t *testing.T, db *DB) (err error) {
	t.Helper()
	impatient, err := sql.Open("sqlite", db.name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = impatient.Close() }()
	ended := db.Update(t.Context(), func(tx runner.Tx) error {
		if err := tx.Append(&runner.Event{Kind: "held"}); err != nil {
			return err
		}
		_, err = impatient.Exec("INSERT INTO settings VALUES ('a', 'b')")
		return nil
	})
	if ended != nil || sqliteFault(err) != busyFault {
		t.Fatalf("%v, %v", err, ended)
	}
	return err
}

func TestRetry(t *testing.T) {
	t.Parallel()
	db := openTest(t)
	locked := busy(t, db)
	calls := 0
	err := db.Update(t.Context(), func(tx runner.Tx) error {
		calls++
		if err := tx.Append(&runner.Event{Kind: "tried"}); err != nil || calls > 2 {
			return err
		}
		return errors.Join(errors.New("somewhere"), locked)
	})
	if err != nil || calls != 3 {
		t.Errorf("%d calls, %v", calls, err)
	}
	if err := db.Update(t.Context(), func(runner.Tx) error { calls++; return locked }); !errors.Is(err, locked) || calls != 3+attempts {
		t.Errorf("%d calls, %v", calls, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = db.Update(ctx, func(runner.Tx) error { calls++; cancel(); return locked })
	if err == nil || calls != 4+attempts {
		t.Errorf("%d calls, %v", calls, err)
	}
	err = db.View(t.Context(), func(tx runner.Tx) error {
		all, err := tx.Events(runner.EventFilter{Kind: "tried"})
		if len(all) != 1 {
			t.Errorf("%d tries left something behind", len(all))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestUniqueRules goes round the questions that are asked first: the database itself must refuse.
func TestUniqueRules(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { uniqueRules(t, openTest(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { uniqueRules(t, openTestURL(t)) })
}

func uniqueRules(t *testing.T, db *DB) {
	for name, insert := range map[string]func(tx *tx) error{
		"two active runs": func(tx *tx) error {
			rows := []runRow{{Workspace: "r//a", Purpose: "apply", Status: "ready"}, {Workspace: "r//a", Purpose: "drift", Status: "planned"}}
			_, err := tx.bun.NewInsert().Model(&rows).Exec(tx.ctx)
			return err
		},
		"two open pull requests": func(tx *tx) error {
			rows := []pullRow{{Repository: "r", Key: "1", State: "open"}, {Repository: "r", Key: "1", State: "open"}}
			_, err := tx.bun.NewInsert().Model(&rows).Exec(tx.ctx)
			return err
		},
	} {
		if err := db.Update(t.Context(), func(t runner.Tx) error { return insert(t.(*tx)) }); !errors.Is(err, runner.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	db := openTest(t)
	limit := func(pages int) {
		t.Helper()
		if _, err := db.writer.Exec("PRAGMA max_page_count = ?", pages); err != nil {
			t.Fatal(err)
		}
	}
	put := func(size int) error {
		noise := make([]byte, size)
		_, _ = rand.Read(noise)
		return db.Update(t.Context(), func(tx runner.Tx) error { return tx.PutBlob("a", noise) })
	}
	limit(1) // it never gets less than it has
	if err := put(1 << 20); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("a full disk: %v", err)
	}
	limit(1 << 20)
	if err := put(1 << 20); err != nil {
		t.Errorf("after space was made: %v", err)
	}
}
