package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
)

// foreignBackend is an HTTP state backend that driftless knows nothing of.
type foreignBackend struct {
	mu          sync.Mutex
	state, lock []byte
	broken      bool
}

func (b *foreignBackend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.Method == "LOCK" && b.lock != nil:
		w.WriteHeader(http.StatusLocked)
		_, _ = w.Write(b.lock)
	case r.Method == "LOCK":
		b.lock = body
	case r.Method == "UNLOCK":
		b.lock = nil
	case r.Method == http.MethodPost && b.broken:
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodPost:
		b.state = body
	case b.state == nil:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = w.Write(b.state)
	}
}

func (b *foreignBackend) do(work func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	work()
}

// TestForeignState: driftless leaves the state of a foreign backend alone, but for what a person asks for, which the engine does.
func TestForeignState(t *testing.T) {
	t.Parallel()
	needEngine(t)
	backend := &foreignBackend{}
	srv := httptest.NewServer(backend)
	t.Cleanup(srv.Close)
	block := fmt.Sprintf("terraform {\n  backend \"http\" {\n    address        = %q\n    lock_address   = %[1]q\n    unlock_address = %[1]q\n    retry_max      = 0\n  }\n}\n", srv.URL)
	r := newRepository(t, "app/main.tf", thing, "app/backend.tf", block)
	r.do("serve", "--once").want(t, 0)
	r.do("approve", "--all").want(t, 0)
	r.do("serve", "--once").want(t, 0, "applied")
	r.do("state", "list", "app").want(t, 1, `is kept by its backend "http", not by driftless`, "`terraform state list`")
	r.do("state", "pull", "app").want(t, 1, `kept by its backend "http"`)
	r.do("state", "rollback", "app", "1", "--reason", "x", "--yes").want(t, 1)
	r.do("unlock", "app", "--reason", "x").want(t, 1, "driftless knows of no lock", "--lock-id")
	r.do("show", "app").want(t, 0, `its backend "http" keeps it`)

	t.Log("a state that the backend did not take is kept, and pushed by the engine")
	backend.do(func() { backend.broken = true })
	r.write("app/main.tf", strings.Replace(thing, "small", "large", 1))
	r.commit("Large")
	r.git("push", "--quiet", "origin", "main")
	r.do("serve", "--once").want(t, 0)
	r.do("approve", "--all").want(t, 0)
	r.do("serve", "--once").want(t, 0, "failed")
	var rescued []runner.Rescued
	r.do("state", "rescued", "-o", "json").want(t, 0).decode(t, &rescued)
	if len(rescued) != 1 || !rescued[0].Waiting || rescued[0].Workspace != "infra//app" {
		t.Fatalf("%+v", rescued)
	}
	failed := strconv.FormatInt(rescued[0].RunID, 10)
	r.do("state", "rescued").want(t, 0, `its backend "http" did not take it`, "driftless state push --run "+failed)
	r.do("state", "pull", "--run", failed).want(t, 0, `"large"`)

	t.Log("nothing is applied as long as it waits")
	waits := "`driftless state push --run " + failed + "`"
	r.do("approve", failed).want(t, 1, "a rescued state waits", waits)
	r.do("show", failed).want(t, 0, "Next: a state that it left behind waits", waits)
	r.write("app/main.tf", strings.Replace(thing, "small", "huge", 1))
	r.commit("Huge")
	r.git("push", "--quiet", "origin", "main")
	r.do("serve", "--once").want(t, 0, "a rescued state waits")
	var runs []server.RunView
	newest := func() string {
		r.do("runs", "-o", "json", "--purpose", "apply", "--limit", "1").want(t, 0).decode(t, &runs)
		return strconv.FormatInt(runs[0].ID, 10)
	}
	held := newest()
	r.do("show", held).want(t, 0, "held", waits, "Next: do what is said above about the state that waits")
	r.do("workspaces").want(t, 0, "Pending", waits)
	r.do("approve", held).want(t, 1, waits)

	r.do("state", "push", "--run", failed).want(t, 0, "(push) lets the engine do it")
	r.do("serve", "--once").want(t, 0, "infra//app: failed") // the backend is still broken
	r.do("workspaces").want(t, 0, "Pending", waits)
	backend.do(func() { backend.broken = false })
	var pushes []server.RunView
	r.do("runs", "--purpose", "push", "-o", "json").want(t, 0).decode(t, &pushes)
	if len(pushes) != 1 || pushes[0].Status != "failed" {
		t.Fatalf("%+v", pushes)
	}
	r.do("approve", strconv.FormatInt(pushes[0].ID, 10)).want(t, 1, "is the push of a state: ask for it again")
	r.do("state", "push", "--run", failed).want(t, 0)
	r.do("serve", "--once").want(t, 0)
	backend.do(func() {
		if !strings.Contains(string(backend.state), `"large"`) || backend.lock != nil {
			t.Errorf("%s, locked by %s", backend.state, backend.lock)
		}
	})
	r.do("state", "rescued").want(t, 0, `pushed to its backend "http"`)
	r.do("serve", "--once").want(t, 0, "beyond what was reviewed")

	t.Log("a lock is shown with its holder, and taken away by the engine")
	backend.do(func() {
		backend.lock = []byte(`{"ID":"2d1c5f0e-1111-2222-3333-444455556666","Operation":"OperationTypeApply","Who":"ann@laptop","Created":"2026-01-02T03:04:05Z"}`)
	})
	r.do("approve", newest()).want(t, 0)
	r.do("serve", "--once").want(t, 0, "the state is locked by", "driftless unlock infra//app")
	r.do("workspaces").want(t, 0, "the state is locked by", "2d1c5f0e-1111")
	r.do("show", "infra//app").want(t, 0, "Locked by", "2d1c5f0e-1111", "Next: if the holder of the lock is gone for good")
	r.do("unlock", "app").want(t, 1, "The state of infra//app is locked by", "say why with --reason")
	r.do("unlock", "app", "--reason", "gone").want(t, 1, "does not know what became of the holder", "--force")
	r.do("unlock", "app", "--reason", "Ann went home", "--force").want(t, 1, "add --yes")
	r.do("unlock", "app", "--reason", "Ann went home", "--force", "--yes").want(t, 0, "(unlock) lets the engine do it")
	r.do("serve", "--once").want(t, 0)
	backend.do(func() {
		if backend.lock != nil {
			t.Errorf("locked by %s", backend.lock)
		}
	})
	r.do("runs", "-o", "json", "--purpose", "unlock").want(t, 0).decode(t, &runs)
	if len(runs) != 1 || runs[0].Status != "applied" || !strings.Contains(runs[0].Trigger, "Ann went home") || runs[0].Actor == "" {
		t.Errorf("%+v", runs)
	}
	r.do("runs", "-o", "json", "--purpose", "apply", "--limit", "1").want(t, 0).decode(t, &runs)
	again := fmt.Sprintf("took the lock away: `driftless approve %d` tries it again", runs[0].ID)
	if out := r.do("show", "infra//app").want(t, 0, again).out; strings.Contains(out, "ocked by") {
		t.Error(out)
	}
	r.do("workspaces").want(t, 0, again)
	r.do("runs").want(t, 0, again)

	t.Log("a state that is cut off is no lock")
	var whole []byte
	backend.do(func() { whole, backend.state = backend.state, backend.state[:100] })
	r.do("approve", newest()).want(t, 0)
	r.do("serve", "--once").want(t, 0, `the state that its backend "http" keeps is damaged: put a whole one in its place`)
	if out := r.do("show", "infra//app").want(t, 0, "is damaged").out; strings.Contains(out, "ocked by") {
		t.Error(out)
	}
	backend.do(func() { backend.state = whole })
	r.do("runs", "-o", "json", "--purpose", "apply", "--limit", "1").want(t, 0).decode(t, &runs)
	r.do("approve", strconv.FormatInt(runs[0].ID, 10)).want(t, 0)
	r.do("serve", "--once").want(t, 0, "1 Synced")
}
