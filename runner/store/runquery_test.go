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
		var id, parent, unused int
		var plan string
		if err := db.readers.QueryRowContext(t.Context(), "EXPLAIN QUERY PLAN "+query).Scan(&id, &parent, &unused, &plan); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan, "runs_by_workspace") {
			t.Errorf("%+v: %s", f, plan)
		}
	}
}
