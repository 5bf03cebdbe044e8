package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/workspaces"
)

// states is a Tx with nothing but one state.
type states struct {
	Tx
	version *StateVersion
	content []byte
}

func (s *states) States(workspaces.ID) ([]StateVersion, error) {
	if s.version == nil {
		return nil, nil
	}
	return []StateVersion{*s.version}, nil
}

func (s *states) PutState(v *StateVersion, content []byte) error {
	s.version, s.content = v, content
	return nil
}

// TestUnstarted: only an apply that found no room goes back into the queue.
func TestUnstarted(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]Status{syscall.ENOSPC: Queued, syscall.EDQUOT: Queued, syscall.EIO: Failed, syscall.EMFILE: Failed} {
		if o := unstarted(fmt.Errorf("start the supervisor of run 7: %w", err)); o.status != want || o.noRoom != (want == Queued) {
			t.Errorf("%v: %+v", err, o)
		}
	}
}

func TestRestoreState(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		was      *StateVersion
		errored  string
		restored bool
	}{
		"the next version":        {&StateVersion{Lineage: "a", Serial: 4}, `{"version":4,"lineage":"a","serial":5}`, true},
		"an older version":        {&StateVersion{Lineage: "a", Serial: 5}, `{"version":4,"lineage":"a","serial":5}`, false},
		"another state":           {&StateVersion{Lineage: "a", Serial: 4}, `{"version":4,"lineage":"b","serial":5}`, false},
		"no lineage, a state":     {&StateVersion{Lineage: "a", Serial: 4}, `{"version":4,"lineage":"","serial":5}`, false},
		"the very first":          {nil, `{"version":4,"lineage":"","serial":0,"resources":[]}`, true},
		"the first, with lineage": {nil, `{"version":4,"lineage":"a","serial":1}`, true},
		"not a state":             {nil, `rubbish`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tx := &states{version: c.was}
			restored, err := restoreState(tx, Run{Workspace: "r//d", ID: 7}, []byte(c.errored))
			if err != nil || restored != c.restored {
				t.Fatalf("%v %v", restored, err)
			}
			if !restored {
				return
			}
			var file struct {
				Version, Serial int64
				Lineage         string
			}
			if err := json.Unmarshal(tx.content, &file); err != nil {
				t.Fatal(err)
			}
			if file.Version != 4 || file.Lineage == "" || file.Lineage != tx.version.Lineage || file.Serial != tx.version.Serial || file.Serial == 0 {
				t.Errorf("%s as %+v", tx.content, tx.version)
			}
		})
	}
}

// shut is a Store that takes nothing.
type shut struct{ Store }

func (shut) Update(context.Context, func(Tx) error) error { return ErrUnavailable }

// TestAStateThatNothingTakes: the only copy of a state stays where it is, and its work directory with it, until somebody takes it.
func TestAStateThatNothingTakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := &job{r: &Runner{opts: Options{Store: shut{}, DataDir: dir}}, run: Run{ID: 7}, log: slog.New(slog.DiscardHandler)}
	work, left := filepath.Join(dir, "work", "w"), filepath.Join(dir, "work", "w", "app", erroredState)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	leave := func(content string) {
		t.Helper()
		must(os.MkdirAll(filepath.Dir(left), 0o700))
		must(os.WriteFile(left, []byte(content), 0o600))
	}
	leave("one")
	must(os.WriteFile(rescuedDir(dir), nil, 0o600)) // no file can be made in it
	if err := j.clearWork(t.Context(), work); err == nil || !strings.Contains(err.Error(), left) || !exists(left) {
		t.Errorf("%v; it is there: %t", err, exists(left))
	}
	must(os.Remove(rescuedDir(dir)))
	for _, content := range []string{"one", "one", "two"} { // it was killed in between, and it is tried again later
		leave(content)
		if err := j.clearWork(t.Context(), work); err != nil || exists(work) {
			t.Errorf("%v; it is there: %t", err, exists(work))
		}
	}
	for name, want := range map[string]string{"7-errored.tfstate": "one", "7-errored.tfstate.2": "two"} {
		if got, err := os.ReadFile(filepath.Join(rescuedDir(dir), name)); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if exists(filepath.Join(rescuedDir(dir), "7-errored.tfstate.3")) {
		t.Error("it is kept twice")
	}
}

// TestAnApplyUsesItsSupervisorsBackend: what the plan was given for its own is not handed on, unless the workspace has that backend.
func TestAnApplyUsesItsSupervisorsBackend(t *testing.T) {
	t.Parallel()
	for backend, want := range map[string]bool{"": false, "http": true} {
		dir := t.TempDir()
		root, err := engine.Open(engine.RootOptions{
			Engine: engine.Engine{Path: "/engine"}, Dir: dir, DataDir: filepath.Join(dir, "data"), TempDir: filepath.Join(dir, "tmp"),
			Env: map[string]string{"TF_HTTP_PASSWORD": "p", "TOKEN": "t"},
		})
		if err != nil {
			t.Fatal(err)
		}
		j := &job{root: root, dir: dir, ws: &workspaces.Workspace{}, traits: traits{Backend: backend}}
		env := j.order().Command.Env
		if slices.Contains(env, "TF_HTTP_PASSWORD=p") != want || !slices.Contains(env, "TOKEN=t") {
			t.Errorf("%q: %q", backend, env)
		}
	}
}
