package store_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/audit"
	"github.com/driftlessops/driftless/runner/store"
)

// TestTampering edits the history behind driftless's back: the database refuses, and where its rules were taken away first, the
// chain names the record.
func TestTampering(t *testing.T) {
	t.Parallel()
	const free = "DROP TRIGGER events_stay; DROP TRIGGER events_remain; "
	for name, test := range map[string]struct {
		statement string
		want      []string
	}{
		"nothing":        {"SELECT 1", nil},
		"a message":      {free + "UPDATE events SET message = 'nothing happened' WHERE id = 3", []string{"record 3 was changed"}},
		"an actor":       {free + "UPDATE events SET actor = 'eve' WHERE id = 4", []string{"record 4 was changed"}},
		"data":           {free + `UPDATE events SET data = '{"verdict": "pass"}' WHERE id = 2`, []string{"record 2 was changed"}},
		"data, no JSON":  {free + `UPDATE events SET data = '{' WHERE id = 2`, []string{"record 2 was changed"}},
		"a time":         {free + "UPDATE events SET at = at + 1 WHERE id = 1", []string{"record 1 was changed"}},
		"a hash":         {free + "UPDATE events SET hash = 'x' WHERE id = 3", []string{"record 3 was changed", "record 4 was changed"}},
		"one removed":    {free + "DELETE FROM events WHERE id = 3", []string{"record 3 is missing"}},
		"two removed":    {free + "DELETE FROM events WHERE id IN (2, 3)", []string{"records 2 to 3 are missing"}},
		"first removed":  {free + "DELETE FROM events WHERE id = 1", []string{"record 1 is missing"}},
		"last removed":   {free + "DELETE FROM events WHERE id = 5", []string{"no record has the hash"}},
		"two exchanged":  {free + "UPDATE events SET id = 9 WHERE id = 2; UPDATE events SET id = 2 WHERE id = 3; UPDATE events SET id = 3 WHERE id = 9", []string{"record 2 was changed", "record 3 was changed", "record 4 was changed"}},
		"pruned by hand": {"UPDATE event_anchor SET id = 2; DELETE FROM events WHERE id <= 2", []string{"record 3 was changed", "the records up to 2 are gone, and no record says"}},
		"pruned well":    {"UPDATE event_anchor SET id = 2, events = 2, hash = (SELECT hash FROM events WHERE id = 2); DELETE FROM events WHERE id <= 2", []string{"the records up to 2 are gone, and no record says"}},
		"all pruned":     {"UPDATE event_anchor SET id = 5, events = 5, hash = (SELECT hash FROM events WHERE id = 5); DELETE FROM events", []string{"the records up to 5 are gone, and no record says"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			db := open(t, dir)
			var last runner.Event
			for range 5 {
				if err := db.Update(t.Context(), func(tx runner.Tx) error { last = runner.Event{Kind: "approved", Actor: "ada"}; return tx.Append(&last) }); err != nil {
					t.Fatal(err)
				}
			}
			raw(t, dir, strings.Split(test.statement, "; ")...)
			chain := audit.Chain{Head: last.Hash, HeadID: last.ID}
			if name == "all pruned" {
				chain.Head = ""
			}
			check(t, db, &chain)
			problems := chain.Done()
			if len(problems) != len(test.want) {
				t.Fatalf("found %q, not %q", problems, test.want)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(problems[i], want) {
					t.Errorf("found %q, not %q", problems[i], want)
				}
			}
		})
	}
}

func check(t *testing.T, db *store.DB, chain *audit.Chain) {
	t.Helper()
	err := db.View(t.Context(), func(tx runner.Tx) error {
		anchor, err := tx.EventAnchor()
		if err != nil {
			return err
		}
		chain.Log = &anchor
		records, err := audit.Page(tx, 0, 0, 0)
		for _, r := range records {
			chain.Add(r)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRulesOfHistory tries what the database refuses by itself.
func TestRulesOfHistory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, dir)
	err := db.Update(t.Context(), func(tx runner.Tx) error { return tx.Append(&runner.Event{Kind: "approved"}) })
	if err != nil {
		t.Fatal(err)
	}
	file, err := sql.Open("sqlite", filepath.Join(dir, "driftless.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"UPDATE events SET message = 'x'", "UPDATE events SET hash = 'x'", "DELETE FROM events"} {
		if _, err := file.Exec(statement); err == nil || !strings.Contains(err.Error(), "only ever appended") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}
