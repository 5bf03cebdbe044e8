package gitrepo

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestKilledWhileFetching kills a process in the middle of its first fetch, whose git lives on for a while.
func TestKilledWhileFetching(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	id := r.commit("one", "a", "1")
	backend := r.backend()
	asked, released := make(chan struct{}, 10), make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	var hang atomic.Bool
	hang.Store(true)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost && hang.Load() {
			asked <- struct{}{}
			<-released
		}
		backend.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(release)

	dir, url := filepath.Join(t.TempDir(), "mirror"), server.URL+"/work/.git"
	child := exec.Command(os.Args[0], "-test.run=^TestFetchForKill$")
	child.Env = append(os.Environ(), "DRIFTLESS_FETCH_DIR="+dir, "DRIFTLESS_FETCH_URL="+url)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()

	hang.Store(false)
	m := openMirror(t, Options{Dir: dir, URL: url})
	if m.Has(id) {
		t.Error("has the commit before the fetch")
	}
	fetchAll(t, m)
	if !m.Has(id) {
		t.Error("the commit is missing")
	}
	release()
	if err := m.Maintain(t.Context(), 0); err != nil { // waits for the orphan
		t.Error(err)
	}
	if !m.Has(id) {
		t.Error("the commit is missing after Maintain")
	}
}

// TestFetchForKill is the process that is killed.
func TestFetchForKill(t *testing.T) {
	dir := os.Getenv("DRIFTLESS_FETCH_DIR")
	if dir == "" {
		t.Skip("runs as a child of TestKilledWhileFetching")
	}
	fetchAll(t, openMirror(t, Options{Dir: dir, URL: os.Getenv("DRIFTLESS_FETCH_URL")}))
}

func TestScrub(t *testing.T) {
	t.Parallel()
	l, err := parseLocation("https://tok%2Fen@host/a.git")
	if err != nil {
		t.Fatal(err)
	}
	failed := l.remoteError(t.Context(), &gitError{name: "fetch", code: 128,
		stderr: "fatal: tok/en tok%2Fen pass word pass+word pass%20word <html>" + strings.Repeat("x", 3000)}, Auth{Username: "ada", Password: "pass word\n"})
	if text := failed.Error(); strings.Contains(text, "tok") || strings.Contains(text, "word") || len(text) > 1000 {
		t.Error(text)
	}
	if exitCode(failed) != 128 {
		t.Error("the cause is lost")
	}
}
