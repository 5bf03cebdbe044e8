package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
)

// configuration needs no provider but the built-in one, and no registry.
const configuration = `
terraform {
  backend "http" {}
}
variable "n" {
  type = number
}
resource "terraform_data" "a" {
  count = var.n
  input = "value ${count.index}"
}
output "n" {
  value = var.n
}
`

// root is a directory in which an engine runs with a run's environment.
type root struct {
	t      *testing.T
	engine string
	dir    string
}

// each tests with every engine that is installed.
func each(t *testing.T, test func(t *testing.T, newRoot func(t *testing.T) root)) {
	found := false
	for _, name := range []string{"terraform", "tofu"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		found = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, func(t *testing.T) root {
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(configuration), 0o600); err != nil {
					t.Fatal(err)
				}
				return root{t, path, dir}
			})
		})
	}
	if !found {
		t.Skip("neither terraform nor tofu is on PATH")
	}
}

// run starts the engine in an environment that holds nothing else.
func (r root) run(env map[string]string, args ...string) (output string, err error) {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), r.engine, args...)
	cmd.Dir = r.dir
	cmd.Env = []string{"HOME=" + r.dir, "PATH=" + os.Getenv("PATH"), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0"}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	return strings.Join(strings.Fields(strings.ReplaceAll(string(out), "│", " ")), " "), err // unwrapped
}

func (r root) must(env map[string]string, args ...string) string {
	r.t.Helper()
	out, err := r.run(env, args...)
	if err != nil {
		r.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

func (r root) fails(want string, env map[string]string, args ...string) {
	r.t.Helper()
	out, err := r.run(env, args...)
	if err == nil || !strings.Contains(out, want) {
		r.t.Fatalf("%v: %v, want %q in\n%s", args, err, want, out)
	}
}

func apply(n int) []string {
	return []string{"apply", "-no-color", "-auto-approve", fmt.Sprintf("-var=n=%d", n)}
}

func versions(t *testing.T, db runner.Store) (all []runner.StateVersion) {
	t.Helper()
	err := db.View(t.Context(), func(tx runner.Tx) (err error) {
		all, err = tx.States(web)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEngineUsesState(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, newRoot func(*testing.T) root) {
		db := newStore(t, true)()
		issue := backend(t, db)
		r := newRoot(t)
		planner, _ := issue(Grant{Workspace: web, RunID: 1})
		r.must(planner.env, "init", "-no-color")
		plan := []string{"plan", "-no-color", "-lock=false", "-var=n=2"}
		if out := r.must(planner.env, plan...); !strings.Contains(out, "2 to add") {
			t.Errorf("plan from nothing: %s", out)
		}
		r.fails("Error acquiring the state lock", planner.env, plan[0], plan[1], plan[3]) // it may not lock
		r.fails("", planner.env, apply(2)...)

		applier, revoke := issue(Grant{Workspace: web, RunID: 2, Write: true})
		r.must(applier.env, apply(2)...)
		r.must(applier.env, apply(3)...)
		grown := versions(t, db)
		if len(grown) < 2 || grown[0].RunID != 2 || grown[0].Serial <= grown[len(grown)-1].Serial || grown[0].Lineage == "" {
			t.Errorf("versions: %+v", grown)
		}
		if out := r.must(planner.env, "plan", "-no-color", "-lock=false", "-var=n=3"); !strings.Contains(out, "No changes") {
			t.Errorf("plan after apply: %s", out)
		}
		unlocked(t, db)
		revoke()
		r.fails("requires auth", applier.env, apply(4)...)
		if again := versions(t, db); len(again) != len(grown) {
			t.Errorf("a finished run wrote a state: %+v", again)
		}
		left(t, r.dir)
	})
}

// unlocked expects the state to be free.
func unlocked(t *testing.T, db runner.Store) {
	t.Helper()
	err := db.View(t.Context(), func(tx runner.Tx) error {
		_, err := tx.StateLock(web)
		return err
	})
	if !errors.Is(err, runner.ErrNotFound) {
		t.Errorf("the state is still locked: %v", err)
	}
}

// left expects no copy of the state on the disk.
func left(t *testing.T, dir string) {
	t.Helper()
	if files, err := filepath.Glob(filepath.Join(dir, "*.tfstate*")); err != nil || len(files) > 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

// before serves a backend, calling f before each write.
func before(t *testing.T, db *store.DB, f func()) (issue func(Grant) map[string]string) {
	b := NewStateBackend(db, slog.New(slog.DiscardHandler))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			f()
		}
		b.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return func(g Grant) map[string]string {
		env, _ := b.Issue(srv.URL, g)
		return env
	}
}

func TestEnginesExcludeEachOther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, newRoot func(*testing.T) root) {
		replica := newStore(t, true)
		db := replica()
		writing, proceed := make(chan struct{}), make(chan struct{})
		var once sync.Once
		issue, there := before(t, replica(), func() {
			once.Do(func() {
				close(writing)
				<-proceed
			})
		}), before(t, replica(), func() {}) // two replicas
		first, second := newRoot(t), newRoot(t)
		one, two := issue(Grant{Workspace: web, RunID: 1, Write: true}), there(Grant{Workspace: web, RunID: 2, Write: true})
		first.must(one, "init", "-no-color")
		second.must(two, "init", "-no-color")
		done := make(chan error)
		go func() {
			_, err := first.run(one, apply(1)...)
			done <- err
		}()
		<-writing // it holds the lock
		var lock runner.StateLock
		if err := db.View(t.Context(), func(tx runner.Tx) (err error) { lock, err = tx.StateLock(web); return err }); err != nil || lock.RunID != 1 {
			t.Errorf("lock: %+v, %v", lock, err)
		}
		second.fails("already locked: ID="+lock.ID, two, apply(2)...)
		close(proceed)
		if err := <-done; err != nil {
			t.Errorf("the first apply: %v", err)
		}
		second.must(two, apply(2)...)
		unlocked(t, db)
	})
}

func TestEngineKeepsStateWhenStoreIsGone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, newRoot func(*testing.T) root) {
		db := newStore(t, false)()
		issue := before(t, db, func() { _ = db.Close() })
		r := newRoot(t)
		env := issue(Grant{Workspace: web, RunID: 1, Write: true})
		env["TF_HTTP_RETRY_MAX"] = "0"
		r.must(env, "init", "-no-color")
		r.fails("errored.tfstate", env, apply(1)...)
		content, err := os.ReadFile(filepath.Join(r.dir, "errored.tfstate"))
		if err != nil || !strings.Contains(string(content), "value 0") {
			t.Errorf("errored.tfstate: %s, %v", content, err)
		}
	})
}

// TestEngineCannotForget pushes the state of another root over the one that is there.
func TestEngineCannotForget(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, newRoot func(*testing.T) root) {
		db := newStore(t, false)()
		issue := backend(t, db)
		r := newRoot(t)
		run, _ := issue(Grant{Workspace: web, RunID: 1, Write: true})
		r.must(run.env, "init", "-no-color")
		r.must(run.env, apply(1)...)
		kept := versions(t, db)
		if err := os.WriteFile(filepath.Join(r.dir, "other.tfstate"), []byte(state(99, "another", `,"terraform_version":"1.0.0"`)), 0o600); err != nil {
			t.Fatal(err)
		}
		r.fails("HTTP error: 409", run.env, "state", "push", "-force", "other.tfstate")
		if now := versions(t, db); len(now) != len(kept) {
			t.Errorf("versions: %+v", now)
		}
		err := db.View(t.Context(), func(tx runner.Tx) error {
			events, err := tx.Events(runner.EventFilter{Workspace: web, Kind: runner.StateRefused})
			if len(events) != 1 || !strings.Contains(events[0].Message, "change its lineage") {
				t.Errorf("events: %+v", events)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		unlocked(t, db)
	})
}
