package supervisor

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/driftlessops/driftless/runner/tfstate"
	"github.com/driftlessops/driftless/test/killpoint"
)

// backend is the HTTP state backend of one apply, out of files.
type backend struct {
	dir       string
	workspace string
	password  string
	log       *slog.Logger

	mu      sync.Mutex
	content []byte // nil: there is no state yet
	newest  tfstate.Header
	last    int  // number of the newest file
	kept    bool // the newest version is in a file
	lock    string
	info    []byte // of the lock
	refused []string
}

const backendUser = "driftless"

// serveState serves the state of an order on a loopback port, and returns the environment that leads the engine there.
func serveState(dir string, state State, log *slog.Logger) (*backend, map[string]string, error) {
	b := &backend{dir: dir, workspace: state.Workspace, password: rand.Text(), log: log, content: state.Content, kept: true}
	if state.Content != nil {
		var err error
		if b.newest, err = tfstate.Parse(state.Content); err != nil {
			return nil, nil, err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	srv := &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(listener) }()
	go b.keepTrying()
	return b, tfstate.Environment("http://"+listener.Addr().String()+"/state", backendUser, b.password), nil
}

// ServeHTTP implements http.Handler.
func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	if user != backendUser || subtle.ConstantTimeCompare([]byte(password), []byte(b.password)) != 1 {
		http.Error(w, "these are not the credentials of this run", http.StatusUnauthorized)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.serve(w, r)
	var no *tfstate.Refusal
	switch {
	case err == nil:
	case errors.As(err, &no):
		b.log.Warn("refused", "method", r.Method, "status", no.Status, "reason", no.Text)
		if r.Method == http.MethodPost {
			b.refused = append(b.refused, no.Text)
		}
		no.Answer(w)
	default:
		b.log.Error("state", "method", r.Method, "error", err)
		http.Error(w, "the state could not be kept: "+err.Error(), http.StatusInternalServerError)
	}
}

func (b *backend) serve(w http.ResponseWriter, r *http.Request) error {
	switch r.Method {
	case http.MethodGet:
		if b.content == nil {
			http.Error(w, b.workspace+" has no state yet", http.StatusNotFound) // the engine starts from nothing
			return nil
		}
		tfstate.Answer(w, b.content)
		return nil
	case http.MethodPost:
		return b.post(w, r)
	case "LOCK", "UNLOCK":
		return b.locking(w, r)
	}
	return tfstate.Refuse(http.StatusMethodNotAllowed, "driftless keeps every version of a state: %s is not possible", r.Method)
}

// post keeps a new version.
func (b *backend) post(w http.ResponseWriter, r *http.Request) error {
	content, next, err := tfstate.Read(w, r)
	switch {
	case err != nil:
		return err
	case r.URL.Query().Get("ID") != b.lock:
		return &tfstate.Refusal{Status: http.StatusLocked, Text: "the state of " + b.workspace + " is locked by another engine", Holder: b.info}
	case bytes.Equal(content, b.content):
		return nil // an engine that lost the answer sends it twice
	}
	if b.content != nil {
		if err := next.Follows(b.workspace, b.newest); err != nil {
			return err
		}
	}
	wasContent, wasNewest, wasKept := b.content, b.newest, b.kept
	b.content, b.newest, b.kept = content, next, false
	killpoint.At("before state")
	if err := b.keep(); Full(err) {
		b.log.Error("the state cannot be written yet", "error", err)
	} else if err != nil { // the engine leaves it beside the code
		b.content, b.newest, b.kept = wasContent, wasNewest, wasKept
		return err
	}
	killpoint.At("after state")
	return nil
}

// locking keeps the engine's processes apart; the runner holds the lock that keeps other runs away.
func (b *backend) locking(w http.ResponseWriter, r *http.Request) error {
	id, info, err := tfstate.LockID(w, r)
	switch {
	case err != nil:
		return err
	case r.Method == "LOCK" && id == "":
		return tfstate.Refuse(http.StatusBadRequest, "the lock has no ID")
	case b.lock != "" && id != "" && id != b.lock:
		return &tfstate.Refusal{Status: http.StatusLocked, Text: "the state of " + b.workspace + " is locked by another engine", Holder: b.info}
	case r.Method == "LOCK":
		b.lock, b.info = id, info
	default:
		b.lock, b.info = "", nil
	}
	return nil
}
