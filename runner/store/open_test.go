package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
)

func TestReopen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "50% #1?x=y ü")
	for range 2 {
		db := open(t, dir)
		err := db.Update(t.Context(), func(tx runner.Tx) error { return tx.Append(&runner.Event{Kind: "opened"}) })
		if err = errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	err := open(t, dir).View(t.Context(), func(tx runner.Tx) error {
		all, err := tx.Events(runner.EventFilter{})
		if len(all) != 2 {
			t.Errorf("%d events", len(all))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"driftless.db", "driftless.db-wal", "driftless.db-shm", "secret.key"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// TestOpenTogether opens one new database many times at once.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() {
			k, err := store.LoadKeys(filepath.Join(dir, "secret.key"))
			if err != nil {
				t.Error(err)
				return
			}
			db, err := store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: k})
			if err != nil {
				t.Error(err)
				return
			}
			for range 5 {
				if err := db.Update(t.Context(), func(tx runner.Tx) error { return tx.Append(&runner.Event{Kind: fmt.Sprint(i)}) }); err != nil {
					t.Error(err)
				}
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	err := open(t, dir).View(t.Context(), func(tx runner.Tx) error {
		all, err := tx.Events(runner.EventFilter{})
		if len(all) != 30 {
			t.Errorf("%d events", len(all))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// raw opens the database file without the store.
func raw(t testing.TB, dir string, statements ...string) {
	t.Helper()
	rawFile(t, filepath.Join(dir, "driftless.db"), statements...)
}

func rawFile(t testing.TB, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  []string
	}{
		"a newer schema": {
			func(t *testing.T, dir string) {
				raw(t, dir, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
			},
			[]string{"version 9999", "newer driftless"},
		},
		"another key": {
			func(t *testing.T, dir string) {
				remove(t, dir, "secret.key")
				if _, err := store.LoadKeys(filepath.Join(dir, "secret.key")); err != nil {
					t.Fatal(err)
				}
			},
			[]string{"secret.key is not the one this database was encrypted with (it has age1", "put the original key file back"},
		},
		"no key": {
			func(t *testing.T, dir string) { remove(t, dir, "secret.key") },
			[]string{"there is no key file /", "secret.key, and this database was encrypted with the key age1", "put the original key file back"},
		},
		"not a database": {
			func(t *testing.T, dir string) { overwrite(t, dir, 0, bytes.Repeat([]byte("not a database\n"), 1000)) },
			[]string{"damaged or no database", "put back the last backup"},
		},
		"a damaged page": {
			func(t *testing.T, dir string) { overwrite(t, dir, 100, bytes.Repeat([]byte{0xff}, 4096)) },
			[]string{"damaged or no database", ".recover"},
		},
		"a directory in its place": {
			func(t *testing.T, dir string) {
				remove(t, dir, "driftless.db")
				if err := os.Mkdir(filepath.Join(dir, "driftless.db"), 0o700); err != nil {
					t.Fatal(err)
				}
			},
			[]string{"is a directory"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := open(t, dir).Close(); err != nil {
				t.Fatal(err)
			}
			test.spoil(t, dir)
			_, err := store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: keys(t, dir)})
			if err == nil {
				t.Fatal("it opened")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing from: %v", want, err)
				}
			}
		})
	}
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func overwrite(t *testing.T, dir string, at int64, data []byte) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(dir, "driftless.db"), os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteAt(data, at)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestEventsCannotBeChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, dir)
	if err := db.Update(t.Context(), func(tx runner.Tx) error { return tx.Append(&runner.Event{Kind: "a"}) }); err != nil {
		t.Fatal(err)
	}
	under, err := sql.Open("sqlite", filepath.Join(dir, "driftless.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = under.Close() }()
	for _, statement := range []string{"UPDATE events SET kind = 'b'", "DELETE FROM events"} {
		if _, err := under.Exec(statement); err == nil || !strings.Contains(err.Error(), "only ever appended") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func TestNothingInClear(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, dir)
	secret := []byte("correct horse battery staple")
	err := db.Update(t.Context(), func(tx runner.Tx) error {
		for i := range 3 {
			content := fmt.Appendf(nil, `{"serial":%d,"secret":"%s"}`, i, secret)
			if err := errors.Join(tx.PutBlob(fmt.Sprint("runs/1/", i), content), tx.PutState(&runner.StateVersion{Workspace: "r//a"}, content)); err != nil {
				return err
			}
		}
		return tx.DeleteBlobs("runs/1/2")
	})
	if err != nil {
		t.Fatal(err)
	}
	search(t, dir, secret) // the write-ahead log
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	search(t, dir, secret) // the database
}

func search(t *testing.T, dir string, secret []byte) {
	t.Helper()
	files := 0
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(filepath.Join(dir, name))
		if bytes.Contains(data, secret) || bytes.Contains(data, secret[:12]) {
			t.Errorf("%s holds the secret in clear", name)
		}
		return err
	})
	if err != nil || files < 2 {
		t.Fatalf("%d files, %v", files, err)
	}
}
