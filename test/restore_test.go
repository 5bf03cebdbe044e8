package test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

// TestRestoredRecordAppliesNothingTwice applies something, puts back a database from before that, in which it was reviewed and not
// merged, and lets driftless find the merge again: what driftless keeps the state of would be made a second time.
func TestRestoredRecordAppliesNothingTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/main.tf": idle, "app/variables.tf": "variable \"made\" {\n  default = \"\"\n}\n"})
	w.configure(fmt.Sprintf("\ndefaults {\n  variables = { made = %q }\n}\n", w.path("made")))
	w.pass()
	w.propose("driftless/make", map[string]string{"app/made.tf": making, "new/main.tf": making, "new/variables.tf": "variable \"made\" {\n  default = \"\"\n}\n"})
	w.pass()
	if said := w.driftless("backup", w.path("backup.db")); !strings.Contains(said, "The key is not in it") {
		t.Errorf("backup said: %s", said)
	}
	made := func() int {
		t.Helper()
		data, err := os.ReadFile(w.path("made"))
		w.must(err)
		return strings.Count(string(data), "made")
	}
	w.merge("driftless/make")
	w.pass()
	w.newest("infra//app", runner.PurposeApply, runner.Applied)
	w.newest("infra//new", runner.PurposeApply, runner.Applied)
	if made() != 2 {
		t.Fatalf("made %d times", made())
	}

	w.driftless("restore", w.path("backup.db"))
	w.pass()
	w.pass()
	if made() != 2 {
		t.Errorf("made %d times after the restore", made())
	}
	app := w.newest("infra//app", runner.PurposeApply, runner.Held)
	if !strings.Contains(app.Reason, "put back from a backup") || app.ID < 100_000 {
		t.Errorf("run %d: %s", app.ID, app.Reason)
	}
	w.newest("infra//new", runner.PurposeApply, runner.Held)

	w.driftless("approve", fmt.Sprint(app.ID)) // somebody looked, and wants it
	w.pass()
	w.newest("infra//app", runner.PurposeApply, runner.Applied)
	if made() != 3 {
		t.Errorf("made %d times after the approval", made())
	}
}
