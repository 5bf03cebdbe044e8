package engine

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// stateServer is an HTTP state backend.
type stateServer struct {
	*httptest.Server
	mu     sync.Mutex
	state  []byte
	lock   []byte
	locks  int
	broken bool // refuses to take a state

	unlocked chan<- struct{} // may be nil: told of each unlock
}

func newStateServer(t *testing.T) *stateServer {
	s := &stateServer{}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *stateServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if user, password, _ := r.BasicAuth(); user != "run" || password != "hunter22" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.Method == "LOCK" && s.lock != nil:
		w.WriteHeader(http.StatusLocked)
		_, _ = w.Write(s.lock)
	case r.Method == "LOCK":
		s.lock = body
		s.locks++
	case r.Method == "UNLOCK":
		s.lock = nil
		if s.unlocked != nil {
			s.unlocked <- struct{}{}
		}
	case r.Method == http.MethodPost && s.broken:
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodPost:
		s.state = body
	case s.state == nil:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = w.Write(s.state)
	}
}

// do works on the server between requests.
func (s *stateServer) do(work func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	work()
}

func (s *stateServer) env() map[string]string {
	return map[string]string{
		"TF_HTTP_ADDRESS": s.URL, "TF_HTTP_LOCK_ADDRESS": s.URL, "TF_HTTP_UNLOCK_ADDRESS": s.URL,
		"TF_HTTP_USERNAME": "run", "TF_HTTP_PASSWORD": "hunter22",
	}
}

func (s *stateServer) rig(t *testing.T, e Engine, body string) *rig {
	g := newRig(t, e, map[string]string{"main.tf": "terraform {\n backend \"http\" {}\n}\n" + body})
	g.opts.Env = s.env()
	return g
}

func TestHTTPStateThroughTheEnvironment(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		s := newStateServer(t)
		g := s.rig(t, e, `resource "terraform_data" "x" { input = 1 }`)
		r := g.open()
		g.plan(r)
		s.do(func() {
			if s.locks != 0 {
				t.Error("a plan without lock took it")
			}
		})
		g.apply(r)
		s.do(func() {
			if s.locks != 1 || s.lock != nil || !strings.Contains(string(s.state), "terraform_data") {
				t.Errorf("%d locks, held %s, state %s", s.locks, s.lock, s.state)
			}
			s.lock = []byte(`{"ID":"42","Operation":"OperationTypeApply","Who":"ann@laptop","Created":"2026-01-02T03:04:05Z"}`)
		})
		failed := mustFail(t, r.Plan(t.Context(), PlanOptions{Out: g.planFile(), Lock: true}))
		want := "ann@laptop for OperationTypeApply since 2026-01-02 03:04:05 +0000 UTC, lock ID 42"
		if e.Kind == Terraform { // it shows the lock that it wanted
			want = "an unknown holder, lock ID 42"
		}
		if failed.Lock == nil || failed.Lock.String() != want {
			t.Errorf("locked by %v: %s", failed.Lock, report(failed))
		}
	})
}

func TestCancelOfAnApplyReleasesTheLock(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		s := newStateServer(t)
		g := s.rig(t, e, `
resource "terraform_data" "first" {}
resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "echo the-sleep-began; sleep 1000"
  }
}`)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		g.seen = func(p Progress) {
			if p.Type == "provision_progress" && strings.HasSuffix(p.Message, "the-sleep-began") && !strings.Contains(p.Message, "Executing") {
				cancel()
			}
		}
		r := g.open()
		g.plan(r)
		failed := mustFail(t, g.applied(ctx, r))
		if !failed.Canceled {
			t.Errorf("not canceled: %s", report(failed))
		}
		s.do(func() {
			if s.locks != 1 || s.lock != nil {
				t.Errorf("%d locks, still held: %s", s.locks, s.lock)
			}
			if !strings.Contains(string(s.state), `"first"`) {
				t.Errorf("what was applied before is not in the state: %s", s.state)
			}
		})
	})
}

func TestErroredState(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		s := newStateServer(t)
		g := s.rig(t, e, `resource "terraform_data" "x" {}`)
		r := g.open()
		g.plan(r)
		s.do(func() { s.broken = true })
		failed := mustFail(t, g.applied(t.Context(), r))
		state, err := os.ReadFile(filepath.Join(g.opts.Dir, "errored.tfstate"))
		if err != nil || !strings.Contains(string(state), "terraform_data") {
			t.Errorf("%v %s\n%s", err, state, report(failed))
		}
	})
}

func TestStateWork(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		s := newStateServer(t)
		g := s.rig(t, e, `resource "terraform_data" "x" { input = uuid() }`)
		r := g.open()
		g.plan(r)
		g.apply(r)
		g.plan(r)
		s.do(func() { s.broken = true })
		_ = mustFail(t, g.applied(t.Context(), r))
		rescued := filepath.Join(g.opts.Dir, "errored.tfstate")
		s.do(func() { s.broken = false })
		if err := r.ForceUnlock(t.Context(), "42"); err != nil { // whatever was left behind
			t.Fatal(report(err))
		}
		if err := r.PushState(t.Context(), rescued, false); err != nil {
			t.Fatal(report(err))
		}
		s.do(func() {
			if s.lock != nil || !strings.Contains(string(s.state), "terraform_data") {
				t.Errorf("held %s, state %s", s.lock, s.state)
			}
			s.state = []byte(`{"version":4,"serial":9,"lineage":"another","outputs":{"o":{"value":"x","type":"string"}},"resources":[]}`)
			s.lock = []byte(`{"ID":"42","Operation":"OperationTypeApply","Who":"ann@laptop","Created":"2026-01-02T03:04:05Z"}`)
		})
		if failed := mustFail(t, r.PushState(t.Context(), rescued, false)); failed.Lock == nil || failed.Lock.ID != "42" {
			t.Errorf("%s", report(failed))
		}
		if err := r.ForceUnlock(t.Context(), "42"); err != nil {
			t.Fatal(report(err))
		}
		s.do(func() {
			if s.lock != nil {
				t.Errorf("held %s", s.lock)
			}
		})
		if failed := mustFail(t, r.PushState(t.Context(), rescued, false)); !strings.Contains(report(failed), "lineage") {
			t.Errorf("%s", report(failed))
		}
		if err := r.PushState(t.Context(), rescued, true); err != nil {
			t.Fatal(report(err))
		}
	})
}
