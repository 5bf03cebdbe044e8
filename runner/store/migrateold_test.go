package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

// sealedRows are what an earlier driftless wrote with a key: its digests came from the key itself.
func sealedRows(t *testing.T, keys *Keys) []string {
	t.Helper()
	s, err := newSealer(keys)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	recipient := keys.recipients()[0]
	sealed, err := s.seal([]byte(`{"serial":4}`), recipient)
	old, failed := keys.derivedMACs()
	if err = errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, old.states)
	mac.Write([]byte(`{"serial":4}`))
	content, digest := hex.EncodeToString(sealed), hex.EncodeToString(mac.Sum(nil))
	return []string{
		"INSERT INTO settings VALUES ('recipient', '" + recipient + "')",
		"INSERT INTO blobs VALUES ('runs/3/plan', X'" + content + "')",
		"INSERT INTO states VALUES ('r//a', 1, 4, 'l', 12, 3, 5, '" + digest + "', X'" + content + "')",
		"INSERT INTO state_locks VALUES ('r//a', 'id', '{}', 3, 6)",
	}
}

// later are rows of the tables that the second step made.
var later = []string{
	`INSERT INTO news VALUES (7, 'r', 2)`,
	`INSERT INTO posts VALUES (4, 'r', 'comment', '1', '{}', 2, 1, '["9"]', 1, 5, 'refused', 1, 2, 3)`,
	`INSERT INTO commands VALUES ('r', 11, '1', 'anna', 'driftless plan', 'done', 12)`,
}

// gone are columns that were left out later, with what they held.
var gone = map[string]bool{"runs.lease_until": true}

// TestMigrateKeepsEverything goes from each earlier step to the newest, with rows in every table.
func TestMigrateKeepsEverything(t *testing.T) {
	t.Parallel()
	for step := int64(1); step <= 2; step++ {
		t.Run(fmt.Sprint("from ", step), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "driftless.db")
			keys, err := LoadKeys(filepath.Join(dir, "secret.key"))
			if err != nil {
				t.Fatal(err)
			}
			makeOld(t, path, step, append(slices.Clone(first), sealedRows(t, keys)...)...)
			if step > 1 {
				execAll(t, path, later...)
			}
			before := allRows(t, path)
			execAll(t, path, "INSERT INTO blobs SELECT 'runs/3/errored.tfstate', content FROM blobs WHERE key = 'runs/3/plan'")
			db, err := Open(t.Context(), Options{Path: path, Keys: keys})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			compareRows(t, before, allRows(t, path))
			if err := db.Update(t.Context(), func(tx runner.Tx) error { return checkSealed(t, tx) }); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkSealed reads what was encrypted, and puts the same state again: it is known.
func checkSealed(t *testing.T, tx runner.Tx) error {
	version, content, err := tx.State("r//a", 0)
	if err != nil || string(content) != `{"serial":4}` || version.Serial != 4 {
		t.Errorf("%+v %s, %v", version, content, err)
	}
	again := runner.StateVersion{Workspace: "r//a", Serial: 4}
	if err := tx.PutState(&again, content); err != nil || again.Version != 1 {
		t.Errorf("put again it is version %d: %v", again.Version, err)
	}
	if plan, err := tx.Blob("runs/3/plan"); err != nil || string(plan) != string(content) {
		t.Errorf("%s, %v", plan, err)
	}
	if state, err := tx.Blob("rescued/3/errored.tfstate"); err != nil || string(state) != string(content) {
		t.Errorf("what a run left behind: %s, %v", state, err)
	}
	if lock, err := tx.StateLock("r//a"); err != nil || lock.ID != "id" {
		t.Errorf("%+v, %v", lock, err)
	}
	return tx.Append(&runner.Event{Kind: "migrated"})
}

func execAll(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	for _, statement := range statements {
		if err == nil {
			_, err = db.Exec(statement)
		}
	}
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// allRows are the rows of each table, each as its columns.
func allRows(t *testing.T, path string) map[string][]map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	names := column1(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'goose%'")
	all := map[string][]map[string]string{}
	for _, name := range names {
		columns := column1(t, db, "SELECT name FROM pragma_table_info('"+name+"')")
		pairs := make([]string, len(columns))
		for i, c := range columns {
			pairs[i] = "'" + c + "', " + `hex("` + c + `")`
		}
		for _, row := range column1(t, db, "SELECT json_object("+strings.Join(pairs, ", ")+") FROM "+name) {
			values := map[string]string{}
			for pair := range strings.SplitSeq(strings.Trim(row, "{}"), ",") {
				column, value, _ := strings.Cut(pair, ":")
				values[strings.Trim(column, `"`)] = value
			}
			all[name] = append(all[name], values)
		}
	}
	return all
}

func column1(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// compareRows wants each row that was there, with all that it held.
func compareRows(t *testing.T, before, after map[string][]map[string]string) {
	t.Helper()
	for table, rows := range before {
		for _, row := range rows {
			maps.DeleteFunc(row, func(column, _ string) bool { return gone[table+"."+column] })
			kept := slices.ContainsFunc(after[table], func(now map[string]string) bool {
				for column, value := range row {
					if now[column] != value {
						return false
					}
				}
				return true
			})
			if !kept {
				t.Errorf("%s lost %v; it has %v", table, row, after[table])
			}
		}
	}
	if len(before) < 11 {
		t.Errorf("rows in %v only", slices.Sorted(maps.Keys(before)))
	}
}
