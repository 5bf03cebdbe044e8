package gitrepo

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// serveAgent offers a key to whoever asks at SSH_AUTH_SOCK, and counts them.
func serveAgent(t *testing.T, key []byte) *atomic.Int32 {
	t.Helper()
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: must[any](t)(ssh.ParseRawPrivateKey(key))}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	t.Setenv("SSH_AUTH_SOCK", socket)
	var asked atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			asked.Add(1)
			go func() { _ = agent.ServeAgent(ring, conn); _ = conn.Close() }()
		}
	}()
	return &asked
}

func TestAModulesURLGetsNoKeyOfOurUser(t *testing.T) {
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip("ssh is not on PATH")
	}
	r := newRepo(t)
	id := r.commit("one", "a", "1")
	signer, key := newKey(t)
	addr, known := serveSSH(t, signer.PublicKey())
	asked := serveAgent(t, key)
	url := "ssh://git@" + addr + r.dir
	var failed *RemoteError
	if got, err := ResolveRef(t.Context(), url, "main", Auth{KnownHosts: known}); !errors.As(err, &failed) || failed.Kind != KindAuth {
		t.Errorf("the agent's key let us in: %s, %v", got, err)
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("the agent was asked %d times", n)
	}
	if got := must[string](t)(ResolveRef(t.Context(), url, "main", Auth{KnownHosts: known, SSHKey: key})); got != id {
		t.Errorf("with a key of its own: %s", got)
	}
}

func TestAModulesURLGetsNoPasswordOfOurUser(t *testing.T) {
	var leaked atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if _, _, ok := req.BasicAuth(); ok {
			leaked.Store(true)
		}
		if strings.HasPrefix(req.UserAgent(), "git/") {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, "what go-git cannot read") // so that git(1) is asked, which reads ~/.netrc
	}))
	t.Cleanup(server.Close)
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.WriteFile(filepath.Join(home, ".netrc"), []byte("default login ada password s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ResolveRef(t.Context(), server.URL+"/m.git", "main", Auth{}); err == nil {
		t.Error("there is nothing to find")
	}
	if leaked.Load() {
		t.Error("a server that a pull request chose got the password of ~/.netrc")
	}
}

func TestAModulesURLIsNoPathOfThisMachine(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("one", "a", "1")
	for _, url := range []string{r.dir, "file://" + r.dir, "FILE://" + r.dir, "."} {
		if id, err := ResolveRef(t.Context(), url, "main", Auth{}); !errors.Is(err, errThisMachine) {
			t.Errorf("%s: %q, %v", url, id, err)
		}
	}
}

func TestAServerThatDribblesIsGivenUp(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		_, _ = io.WriteString(w, "001e# service=git-upload-pack\n0000")
		for req.Context().Err() == nil {
			_, _ = io.WriteString(w, "f")
			w.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
	}))
	t.Cleanup(server.Close)
	l := must[location](t)(parseLocation(server.URL + "/m.git"))
	var failed *RemoteError
	if _, err := l.list(t.Context(), Auth{}, 100*time.Millisecond); !errors.As(err, &failed) || failed.Kind != KindUnreachable {
		t.Errorf("got %v", err)
	}
}
