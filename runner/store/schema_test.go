package store

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store/pgtest"
)

// TestSchemasAreInStep compares what the last steps of both databases leave: tables with their columns, and indexes.
func TestSchemasAreInStep(t *testing.T) {
	t.Parallel()
	other := openTestURL(t)
	ours := schemaOf(t, openTest(t), `
		SELECT 'column ' || m.name || '.' || c.name, lower(c.type) FROM sqlite_schema AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'
		UNION ALL
		SELECT 'index ' || m.name, (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(m.name) ORDER BY seqno)) || CASE WHEN m.sql LIKE '% WHERE %' THEN ' of some' ELSE '' END
		FROM sqlite_schema AS m WHERE m.type = 'index' AND m.name NOT LIKE 'sqlite%'`)
	theirs := schemaOf(t, other, `
		SELECT 'column ' || table_name || '.' || column_name, replace(replace(data_type, 'bigint', 'integer'), 'bytea', 'blob') FROM information_schema.columns WHERE table_schema = current_schema()
		UNION ALL
		SELECT 'index ' || c.relname, (SELECT string_agg(pg_get_indexdef(i.indexrelid, n, true), ',' ORDER BY n) FROM generate_series(1, i.indnkeyatts) AS n)
			|| CASE WHEN i.indpred IS NULL THEN '' ELSE ' of some' END
		FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid WHERE c.relnamespace = current_schema()::regnamespace AND NOT i.indisprimary`)
	if diff := cmp.Diff(ours, theirs); diff != "" {
		t.Errorf("what SQLite has (-) and PostgreSQL has not (+); change both folders of migrations:\n%s", diff)
	}
	if len(ours) < 100 {
		t.Errorf("too little to compare: %v", slices.Sorted(maps.Keys(ours)))
	}
}

func openTestURL(t *testing.T) *DB {
	t.Helper()
	keys, err := LoadKeys(filepath.Join(t.TempDir(), "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), Options{URL: pgtest.URL(t), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestHistoryStaysInPostgres tries what the database refuses by itself.
func TestHistoryStaysInPostgres(t *testing.T) {
	t.Parallel()
	db := openTestURL(t)
	if err := db.Update(t.Context(), func(tx runner.Tx) error { return tx.Append(&runner.Event{Kind: "approved"}) }); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"UPDATE events SET message = 'x'", "DELETE FROM events", "TRUNCATE events"} {
		if _, err := db.writer.ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "only ever appended") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func schemaOf(t *testing.T, db *DB, query string) map[string]string {
	t.Helper()
	rows, err := db.readers.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	found := map[string]string{}
	for rows.Next() {
		var name, what string
		if err := rows.Scan(&name, &what); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(name, "goose") {
			found[name] = fmt.Sprint(what)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}
