package server

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/runner/store/pgtest"
	"github.com/driftlessops/driftless/runner/tfstate"
	"github.com/driftlessops/driftless/workspaces"
)

const web = workspaces.ID("shop//prod/wéb@eu west")

// newStore makes a database, and returns how a replica opens it.
func newStore(t *testing.T, postgres bool) (replica func() *store.DB) {
	t.Helper()
	dir := t.TempDir()
	keys, err := store.LoadKeys(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	opts := store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: keys}
	if postgres {
		opts.Path, opts.URL = "", pgtest.URL(t)
	}
	defer func() {
		t.Helper()
		err := replica().Update(t.Context(), func(tx runner.Tx) (err error) {
			for range 7 { // 1 to 7, at work
				err = errors.Join(err, tx.InsertRun(&runner.Run{Workspace: web, Purpose: runner.PurposePlan, Status: runner.Planning, Attempt: 1}))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}()
	return func() *store.DB {
		t.Helper()
		db, err := store.Open(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
}

// eachStore tests on both databases.
func eachStore(t *testing.T, test func(t *testing.T, replica func() *store.DB)) {
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newStore(t, name == "postgres"))
		})
	}
}

// session is a run that talks to the backend as an engine does.
type session struct {
	t   *testing.T
	env map[string]string
}

func (s session) do(method, query, body string, headers ...string) (status int, answer string, header http.Header) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.env["TF_HTTP_ADDRESS"]+query, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.SetBasicAuth(s.env["TF_HTTP_USERNAME"], s.env["TF_HTTP_PASSWORD"])
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(data), res.Header
}

func (s session) expect(status int, text, method, query, body string, headers ...string) {
	s.t.Helper()
	got, answer, _ := s.do(method, query, body, headers...)
	if got != status || !strings.Contains(answer, text) {
		s.t.Errorf("%s %s: %d %q, want %d %q", method, query, got, answer, status, text)
	}
}

func state(serial int, lineage, more string) string {
	return fmt.Sprintf(`{"version":4,"serial":%d,"lineage":%q,"outputs":{},"resources":[]%s}`, serial, lineage, more)
}

func backend(t *testing.T, db *store.DB) func(Grant) (session, func()) {
	b := NewStateBackend(db, slog.New(slog.DiscardHandler))
	srv := httptest.NewServer(b)
	t.Cleanup(srv.Close)
	return func(g Grant) (session, func()) {
		env, revoke := b.Issue(srv.URL, g)
		return session{t, env}, revoke
	}
}

func TestStateProtocol(t *testing.T) {
	t.Parallel()
	eachStore(t, stateProtocol)
}

// keep makes a state the newest one, as an apply does.
func keep(t *testing.T, db runner.Store, serial int) {
	t.Helper()
	err := db.Update(t.Context(), func(tx runner.Tx) error {
		return tx.PutState(&runner.StateVersion{Workspace: web, Serial: int64(serial), Lineage: "l"}, []byte(state(serial, "l", "")))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func stateProtocol(t *testing.T, replica func() *store.DB) {
	db := replica()
	issue := backend(t, db)
	run, revoke := issue(Grant{Workspace: web, RunID: 7})
	run.expect(404, "no state yet", "GET", "", "")
	keep(t, db, 1)
	keep(t, db, 4)
	for _, method := range []string{"POST", "PUT", "DELETE", "LOCK", "UNLOCK"} {
		run.expect(405, "neither change nor lock the state", method, "?ID=a", state(5, "l", ""))
	}
	status, body, header := run.do("GET", "", "")
	if status != 200 || body != state(4, "l", "") || header.Get("Content-MD5") != tfstate.Sum([]byte(body)) {
		t.Errorf("GET: %d %s %v", status, body, header)
	}
	if all := versions(t, db); len(all) != 2 {
		t.Errorf("versions: %+v", all)
	}
	revoke()
	run.expect(401, "not the credentials of a run that is under way", "GET", "", "")
}

func TestStateGrants(t *testing.T) {
	t.Parallel()
	db := newStore(t, false)()
	keep(t, db, 1)
	issue := backend(t, db)
	one, _ := issue(Grant{Workspace: web, RunID: 1})
	other, _ := issue(Grant{Workspace: web, RunID: 2})
	other.expect(200, `"serial":1`, "GET", "", "")
	elsewhere, _ := issue(Grant{Workspace: "shop//prod", RunID: 4})
	elsewhere.env["TF_HTTP_ADDRESS"] = one.env["TF_HTTP_ADDRESS"]
	elsewhere.expect(403, "the state of shop//prod only", "GET", "", "")
	elsewhere.env["TF_HTTP_ADDRESS"] = strings.TrimSuffix(one.env["TF_HTTP_ADDRESS"], statePath(web)) + "/"
	elsewhere.expect(403, "only", "GET", "", "")

	for _, wrong := range []map[string]string{
		{"TF_HTTP_PASSWORD": ""}, {"TF_HTTP_PASSWORD": other.env["TF_HTTP_PASSWORD"]}, {"TF_HTTP_USERNAME": ""}, {"TF_HTTP_USERNAME": "run-1"},
	} {
		stranger := session{t, map[string]string{}}
		for k, v := range one.env {
			stranger.env[k] = v
		}
		for k, v := range wrong {
			stranger.env[k] = v
		}
		stranger.expect(401, "", "GET", "", "")
	}
}

// TestStateOfReplicas: two replicas serve one state, each with credentials of its own.
func TestStateOfReplicas(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, replica func() *store.DB) {
		one, _ := backend(t, replica())(Grant{Workspace: web, RunID: 1})
		db := replica()
		two, _ := backend(t, db)(Grant{Workspace: web, RunID: 2})
		keep(t, db, 1)
		one.expect(200, `"serial":1`, "GET", "", "")
		keep(t, db, 2)
		one.expect(200, `"serial":2`, "GET", "", "")
		two.expect(200, `"serial":2`, "GET", "", "")
	})
}
