package server

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/driftlessops/driftless/runner/tfstate"
	"github.com/driftlessops/driftless/workspaces"
)

// Grant lets a run read one state.
type Grant struct {
	Workspace workspaces.ID // whose state
	RunID     int64
}

// grants are the credentials that are valid now, by user name.
type grants struct {
	mu    sync.RWMutex
	users map[string]credential
}

// credential is a grant with the hash of its password: a dump of the memory that has only this opens nothing.
type credential struct {
	Grant
	password [sha256.Size]byte
}

// Issue makes credentials for a grant and returns the engine's environment (TF_HTTP_ADDRESS, TF_HTTP_LOCK_ADDRESS,
// TF_HTTP_UNLOCK_ADDRESS, TF_HTTP_USERNAME, TF_HTTP_PASSWORD, …) for a backend that listens at base ("http://127.0.0.1:4711").
// revoke ends them.
func (b *StateBackend) Issue(base string, g Grant) (env map[string]string, revoke func()) {
	user, password := fmt.Sprintf("run-%d-%s", g.RunID, rand.Text()), rand.Text()
	b.grants.add(user, credential{Grant: g, password: sha256.Sum256([]byte(password))})
	return tfstate.Environment(strings.TrimSuffix(base, "/")+statePath(g.Workspace), user, password), func() { b.grants.remove(user) }
}

func (gs *grants) add(user string, c credential) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	if gs.users == nil {
		gs.users = map[string]credential{}
	}
	gs.users[user] = c
}

func (gs *grants) remove(user string) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	delete(gs.users, user)
}

// find returns the grant whose credentials a request carries. User names are no secret; passwords are compared in
// constant time.
func (gs *grants) find(r *http.Request) (Grant, bool) {
	user, password, _ := r.BasicAuth()
	gs.mu.RLock()
	known, ok := gs.users[user]
	gs.mu.RUnlock()
	sum := sha256.Sum256([]byte(password))
	same := subtle.ConstantTimeCompare(sum[:], known.password[:]) == 1
	return known.Grant, ok && same
}
