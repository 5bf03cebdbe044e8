package runner

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/workspaces"
)

// withFiles is one that knows of no other run and of no state.
type withFiles struct{ one }

func (*withFiles) Run(int64) (Run, error)                       { return Run{}, ErrNotFound }
func (*withFiles) States(workspaces.ID) ([]StateVersion, error) { return nil, nil }

// TestAStateCameBeforeItBegins: an apply does not begin when a state came to wait after its plan was judged.
func TestAStateCameBeforeItBegins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	left := filepath.Join(dir, "rescued", "9-apply")
	if err := errors.Join(os.MkdirAll(filepath.Join(left, "states"), 0o700), os.WriteFile(filepath.Join(left, "order.json"), []byte(`{"Run":9,"State":{"Workspace":"r//a"}}`), 0o600),
		os.WriteFile(filepath.Join(left, "states", "00000001"), []byte(`{"serial":3,"lineage":"l"}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	was := Workspace{TargetDigest: "d"}
	j := &job{r: &Runner{members: &membership{}, opts: Options{DataDir: dir}}, rec: was, head: "h"}
	for id, want := range map[workspaces.ID]error{"r//a": errNewDoubt, "r//b": nil} {
		tx := &withFiles{one{rec: was, repo: Repository{Head: "h"}}}
		if _, err := j.mayBegin(tx, Run{Workspace: id, InputDigest: "d"}, &planner.Plan{}); !errors.Is(err, want) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// TestRightState names the commands that work where the state is.
func TestRightState(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		managed, replaced bool
		with, without     string
	}{
		"discarded, driftless keeps it": {true, true, "`driftless state rollback r//a VERSION`", "backend"},
		"discarded, a backend keeps it": {false, true, "`driftless state push r//a FILE`), or add `import` blocks", "rollback"},
		"lost, driftless keeps it":      {true, false, "or mend the backend block", "\n"},
		"lost, a backend keeps it":      {false, false, "or mend the backend block", "rollback"},
	} {
		if got := rightState("r//a", c.managed, c.replaced); !strings.Contains(got, c.with) || strings.Contains(got, c.without) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
