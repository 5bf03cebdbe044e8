package store

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/audit"
	"github.com/driftlessops/driftless/workspaces"
)

// first is what the first release of the schema held.
var first = []string{
	`INSERT INTO repositories VALUES ('r', 'https://h/r.git', 'main', 'c2', 'c1', '', 'unreachable', 1700000000000001)`,
	`INSERT INTO pulls VALUES (7, 'r', 'driftless/x', 'Title', 'anna', 'h', 'c1', 't', '["main.tf"]', '', '["n"]', 'null', '["r//a"]', '[]', 'open', '', 1, 2)`,
	`INSERT INTO reports VALUES (7, 'h', '{"r//a":3}', 5, '["page"]')`,
	`INSERT INTO runs VALUES (3, 'r', 'r//a', 'plan', 'ready', 7, 'h', 't', 'c1', 'd', 'pull request driftless/x', 0, '', '', 'tofu 1.9.0', '{}', 'p', 'null', '', 'null', 'null', 1, 'me', 0, 1, 1, 1, 0, 1)`,
	`INSERT INTO workspaces VALUES ('r//a', 'r', 'Synced', '', '{"env":"prod"}', 'team', 'null', 'd', 'c2', '', 'd', 'c2', 't', 9, 2, '{}', 10, 0, 1, 11, '')`,
	`INSERT INTO workspace_labels VALUES ('r//a', 'env', 'prod')`,
	`INSERT INTO events VALUES (1, 1, 'planned', '', 'r', 'r//a', 3, 7, 'h', 'message', '')`,
	`INSERT INTO events VALUES (2, 1, 'planned', '', 'r', 'r//a', 3, 7, 'h', 'message', '')`,
}

// TestMigrateFirst opens a database that the first release made, with what it wrote.
func TestMigrateFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "driftless.db")
	makeFirst(t, path)
	keys, err := LoadKeys(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // again: there is nothing to do
		db, err := Open(t.Context(), Options{Path: path, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Update(t.Context(), func(tx runner.Tx) error { return checkFirst(t, tx) }); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func makeFirst(t *testing.T, path string) { makeOld(t, path, 1, first...) }

// makeOld makes a database as it was after a step, with rows that were written after the first one.
func makeOld(t *testing.T, path string, step int64, statements ...string) {
	t.Helper()
	writer, readers, err := openSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := fs.Sub(migrations, sqlite.migrations)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(sqlite.goose, writer, steps, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := writer.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := provider.UpTo(t.Context(), step); err != nil {
		t.Fatal(err)
	}
	if err := readers.Close(); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
}

// checkFirst reads what is there, and writes it back with what is new.
func checkFirst(t *testing.T, tx runner.Tx) error {
	repository, err := tx.Repository("r")
	if err != nil {
		return err
	}
	want := runner.Repository{
		Name: "r", URL: "https://h/r.git", Branch: "main", Head: "c2", PrevHead: "c1", Error: "unreachable", PolledAt: moment(1700000000000001),
	}
	if diff := cmp.Diff(want, repository); diff != "" {
		t.Errorf("repository (-want +got):\n%s", diff)
	}
	pull, err := tx.Pull(7)
	if err != nil {
		return err
	}
	wantPull := runner.Pull{
		ID: 7, Repository: "r", Key: "driftless/x", Title: "Title", Author: "anna", Head: "h", Base: "c1", Tree: "t", Conflicts: []string{"main.tf"},
		Notices: []string{"n"}, Affected: []workspaces.ID{"r//a"}, Manual: []workspaces.ID{}, State: runner.Open, CreatedAt: moment(1), UpdatedAt: moment(2),
	}
	if diff := cmp.Diff(wantPull, pull); diff != "" {
		t.Errorf("pull request (-want +got):\n%s", diff)
	}
	found, err := tx.Workspaces(runner.WorkspaceFilter{Labels: map[string]string{"env": "prod"}})
	if err != nil || len(found) != 1 || found[0].AppliedCommit != "c2" || !found[0].Orphan || found[0].Reserved != 0 {
		t.Errorf("workspaces: %+v, %v", found, err)
	}
	if report, err := tx.Report(7); err != nil || report.Runs["r//a"] != 3 {
		t.Errorf("report: %+v, %v", report, err)
	}
	if runs, err := tx.Runs(runner.RunFilter{PullID: 7}); err != nil || len(runs) != 1 || runs[0].Engine != "tofu 1.9.0" {
		t.Errorf("runs: %+v, %v", runs, err)
	}
	if waiting, err := tx.Posts(runner.PostFilter{Waiting: true}); err != nil || len(waiting) != 0 {
		t.Errorf("posts: %+v, %v", waiting, err)
	}
	events, err := tx.Events(runner.EventFilter{})
	if err != nil || len(events) != 2 || events[1].Hash != audit.Of(events[1], "").Sum() || events[0].Hash != audit.Of(events[0], events[1].Hash).Sum() {
		t.Errorf("events: %+v, %v", events, err)
	}
	return tx.PutPull(&pull)
}

// TestWaitingIsFound asks SQLite how it looks for what waits: not by reading all that was ever shown.
func TestWaitingIsFound(t *testing.T) {
	t.Parallel()
	db := openTest(t)
	for _, query := range []string{
		"SELECT * FROM posts WHERE shown < version ORDER BY id",
		"SELECT * FROM posts WHERE repository = 'r' AND shown < version ORDER BY id",
	} {
		var id, parent, unused int
		var how string
		if err := db.readers.QueryRowContext(t.Context(), "EXPLAIN QUERY PLAN "+query).Scan(&id, &parent, &unused, &how); err != nil {
			t.Fatal(err)
		}
		if want := "posts_waiting"; !strings.Contains(how, want) {
			t.Errorf("%s: %s", query, how)
		}
	}
}
