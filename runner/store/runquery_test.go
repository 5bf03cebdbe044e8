package store

import (
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

// TestRunsAreFoundByTheirWorkspace wants the index that leaves few rows: most runs are of no pull request.
func TestRunsAreFoundByTheirWorkspace(t *testing.T) {
	t.Parallel()
	db := openTest(t)
	for _, f := range []runner.RunFilter{
		{Workspace: "r//a", Tracked: true, Limit: 50},
		{Workspace: "r//a", Tracked: true, Purposes: []runner.Purpose{runner.PurposeApply, runner.PurposeDrift}, Limit: 1},
		{Workspace: "r//a", Purposes: []runner.Purpose{runner.PurposeApply}, After: 7, Limit: 200},
	} {
		var rows []runRow
		query := matching(db.readers.NewSelect().Model(&rows).Order(order(f)).Limit(int64(f.Limit)), f).String()
		plan := planOf(t, db, query)
		if !strings.Contains(plan, "runs_by_workspace") {
			t.Errorf("%+v: %s", f, plan)
		}
	}
}

// TestWhatWaitsIsFoundInItsIndex wants neither the runs that wait nor those that are over to be read.
func TestWhatWaitsIsFoundInItsIndex(t *testing.T) {
	t.Parallel()
	db := openTest(t)
	for _, heads := range []bool{true, false} {
		query := queue(db.readers.NewSelect(), []runner.Purpose{runner.PurposeApply, runner.PurposeDestroy}, heads).String()
		if plan := planOf(t, db, query); !strings.Contains(plan, "USING COVERING INDEX runs_queued") {
			t.Errorf("%s: %s", query, plan)
		}
	}
	query := underWay(db.readers.NewSelect().Model(&[]runRow{})).String()
	if plan := planOf(t, db, query); !strings.Contains(plan, "COVERING INDEX runs_ready") || !strings.Contains(plan, "runs_by_status (") || strings.Contains(plan, "SCAN runs AS") {
		t.Errorf("%s: %s", query, plan)
	}
}

// planOf is how the database answers a query.
func planOf(t *testing.T, db *DB, query string) string {
	t.Helper()
	rows, err := db.readers.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "\n")
}
