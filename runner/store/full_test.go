package store

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

// TestFull fills a database up to its limit: the transaction that does not fit is not kept, and says what to do; what is
// there can be read, what is smaller is taken, and when there is room again so is the rest.
func TestFull(t *testing.T) {
	t.Parallel()
	db := openTest(t)
	limit := func(pages int) {
		if _, err := db.writer.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	noise := make([]byte, 4<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	put := func(key string, size int) error {
		return db.Update(t.Context(), func(tx runner.Tx) error {
			return errors.Join(tx.Append(&runner.Event{Kind: key}), tx.PutBlob(key, noise[:size]))
		})
	}
	if err := put("a", 1000); err != nil {
		t.Fatal(err)
	}
	limit(400)
	err := put("b", len(noise))
	if err == nil || !strings.Contains(err.Error(), "no space left for the database") || !strings.Contains(err.Error(), "nothing was lost") {
		t.Errorf("a full disk: %v", err)
	}
	if err := put("c", 1000); err != nil {
		t.Errorf("what fits: %v", err)
	}
	limit(1 << 20)
	if err := put("b", len(noise)); err != nil {
		t.Errorf("there is room again: %v", err)
	}
	err = db.View(t.Context(), func(tx runner.Tx) error {
		events, err := tx.Events(runner.EventFilter{})
		if len(events) != 3 {
			t.Errorf("%d events", len(events))
		}
		data, failed := tx.Blob("b")
		if !bytes.Equal(data, noise) {
			t.Errorf("%d bytes", len(data))
		}
		return errors.Join(err, failed)
	})
	if err != nil {
		t.Error(err)
	}
}

// TestDamagedWhileOpen damages pages of the file of a running driftless: what reads them says what to do, and what does not goes on.
func TestDamagedWhileOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys, err := LoadKeys(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "driftless.db")
	db, err := Open(t.Context(), Options{Path: path, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = db.Update(t.Context(), func(tx runner.Tx) error {
		for i := range 300 {
			if err := tx.PutBlob(fmt.Sprintf("runs/%d/log", i), bytes.Repeat([]byte("x"), 100)); err != nil {
				return err
			}
		}
		return tx.PutRepository(runner.Repository{Name: "r"})
	})
	if err != nil {
		t.Fatal(err)
	}
	var page, size int64
	if err := db.writer.QueryRowContext(t.Context(), "SELECT rootpage FROM sqlite_schema WHERE name = 'blobs'").Scan(&page); err != nil {
		t.Fatal(err)
	}
	if err := db.writer.QueryRowContext(t.Context(), "PRAGMA page_size").Scan(&size); err != nil {
		t.Fatal(err)
	}
	if _, err := db.writer.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteAt(bytes.Repeat([]byte{0xff}, int(size)), (page-1)*size)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	db = reopened(t, path, keys) // the pages of the one before may still be in memory
	if db.Damaged() {
		t.Error("damaged, before anybody read what is")
	}
	err = db.View(t.Context(), func(tx runner.Tx) error { _, err := tx.Blob("runs/7/log"); return err })
	if err == nil || strings.Count(db.explain(err).Error(), "is damaged or no database") != 1 || !strings.Contains(err.Error(), "put back the last backup") {
		t.Errorf("damaged: %v", err)
	}
	if !db.Damaged() {
		t.Error("what was met is not known")
	}
	if err := db.View(t.Context(), func(tx runner.Tx) error { _, err := tx.Repository("r"); return err }); err != nil {
		t.Errorf("what is not damaged: %v", err)
	}
}

func reopened(t *testing.T, path string, keys *Keys) *DB {
	t.Helper()
	db, err := Open(t.Context(), Options{Path: path, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
