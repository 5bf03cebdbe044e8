package test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

// TestDamagedContents damages, on the disk, the plan that was reviewed of one workspace, and the state of another: the first is
// held, since nobody reviewed what cannot be read, the second fails and is not planned as if it had no state, and a third goes on.
func TestDamagedContents(t *testing.T) {
	t.Parallel()
	files := func(count string) map[string]string {
		all := map[string]string{}
		for _, dir := range []string{"fine", "plan", "state"} {
			all[dir+"/main.tf"] = strings.Replace(idle, "count = 0", "count = "+count, 1)
		}
		return all
	}
	w := newWorld(t, files("0"))
	w.propose("driftless/one", files("1"))
	w.pass()
	w.merge("driftless/one")
	w.pass()
	w.newest("infra//fine", runner.PurposeApply, runner.Applied)
	w.propose("driftless/two", files("2"))
	w.pass()

	plan := w.newest("infra//plan", runner.PurposePlan, runner.Ready)
	db, err := sql.Open("sqlite", filepath.Join(w.dataDir(), "driftless.db"))
	w.must(err)
	for _, statement := range []string{
		fmt.Sprintf("UPDATE blobs SET content = substr(content, 1, length(content) - 1) WHERE key = 'runs/%d/plan'", plan.ID),
		"UPDATE states SET content = substr(content, 1, length(content) - 1) WHERE workspace = 'infra//state'",
	} {
		result, err := db.Exec(statement)
		w.must(err)
		if n, err := result.RowsAffected(); n == 0 || err != nil {
			t.Fatalf("%s: %d rows, %v", statement, n, err)
		}
	}
	w.must(errors.Join(err, db.Close()))
	w.merge("driftless/two")
	w.pass()
	w.newest("infra//fine", runner.PurposeApply, runner.Applied)
	if run := w.newest("infra//plan", runner.PurposeApply, runner.Held); len(run.Unreviewed) != 1 {
		t.Errorf("held: %+v", run)
	}
	failed := w.newest("infra//state", runner.PurposeApply, runner.Failed)
	if !strings.Contains(failed.Reason, "is damaged") || !strings.Contains(failed.Reason, "state rollback") {
		t.Errorf("failed: %s", failed.Reason)
	}
	if says := w.driftless("workspaces"); !strings.Contains(says, "is damaged") {
		t.Errorf("workspaces says: %s", says)
	}
}
