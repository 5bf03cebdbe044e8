package forgetest

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/driftlessops/driftless/test/forges"
)

// World is what a Fixture begins with: the organisation acme with the repository acme/infra and its first commit. ada and
// bob may write to it, carol may read, dave administers it, and mallory is a stranger. ada is in the team platform.
type World struct {
	*forges.World
	Repo   *forges.Repo
	server *httptest.Server

	ahead  atomic.Int64 // of the real clock
	before atomic.Pointer[func(*http.Request)]
}

// NewWorld returns a World that nobody serves yet.
func NewWorld(t *testing.T) *World {
	t.Helper()
	w := &World{}
	var err error
	w.World, err = forges.New(forges.Options{Dir: t.TempDir(), Now: func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	w.AddOrg("acme", "ada", "bob", "carol", "dave")
	w.AddTeam("acme", "platform", "ada")
	w.AddUser("mallory")
	if w.Repo, err = w.AddRepo("acme/infra"); err != nil {
		t.Fatal(err)
	}
	for login, p := range map[string]forges.Permission{"ada": forges.Write, "bob": forges.Write, "carol": forges.Read, "dave": forges.Admin} {
		w.Repo.Grant(login, p)
	}
	if _, err := w.Repo.Commit("ada", "main", "first", map[string]string{"main.tf": "one\n"}); err != nil {
		t.Fatal(err)
	}
	return w
}

// Serve serves the world by a face and returns its URL.
func (w *World) Serve(t *testing.T, face http.Handler) string {
	t.Helper()
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if f := w.before.Load(); f != nil {
			(*f)(req)
		}
		face.ServeHTTP(rw, req)
	}))
	t.Cleanup(w.server.Close)
	return w.server.URL
}

// Pass lets time pass in the world: what is done next is newer. It must stay below what a sign-in lasts.
func (w *World) Pass(d time.Duration) { w.ahead.Add(int64(d)) }

// Before calls f before each request that is served; nil = nothing.
func (w *World) Before(f func(*http.Request)) {
	if f == nil {
		w.before.Store(nil)
		return
	}
	w.before.Store(&f)
}
