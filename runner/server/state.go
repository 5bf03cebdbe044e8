// Package server is driftless over HTTP: the state backend for the engines it starts, and the API for the CLI.
package server

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/tfstate"
	"github.com/driftlessops/driftless/workspaces"
)

// StateBackend is Terraform's HTTP state backend over the store, for the engines that plan on this machine. Every run gets its own
// credentials, for one workspace, that end with the run. Nothing is written or locked through it: an apply works on a copy, which its
// supervisor serves (package supervisor), and the lock of the state is on record from its beginning to its end.
type StateBackend struct {
	store  runner.Store
	logger *slog.Logger
	grants grants
}

// NewStateBackend returns a backend; it is an http.Handler for a loopback listener.
func NewStateBackend(store runner.Store, logger *slog.Logger) *StateBackend {
	if logger == nil {
		logger = slog.Default()
	}
	return &StateBackend{store: store, logger: logger}
}

// ServeHTTP implements http.Handler.
func (b *StateBackend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	grant, ok := b.grants.find(r)
	if !ok {
		w.Header().Set("WWW-Authenticate", `Basic realm="driftless state"`)
		http.Error(w, "these are not the credentials of a run that is under way", http.StatusUnauthorized)
		return
	}
	if err := b.serve(w, r, grant); err != nil {
		b.fail(w, r, grant, err)
	}
}

func (b *StateBackend) serve(w http.ResponseWriter, r *http.Request, g Grant) error {
	if r.URL.EscapedPath() != statePath(g.Workspace) {
		return tfstate.Refuse(http.StatusForbidden, "run %d may use the state of %s only", g.RunID, g.Workspace)
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET")
		return tfstate.Refuse(http.StatusMethodNotAllowed, "run %d only plans: %s is not possible, it may neither change nor lock the state of %s", g.RunID, r.Method, g.Workspace)
	}
	return b.get(w, r, g)
}

// statePath is where the state of a workspace is. It is compared as it is sent: identities hold "//".
func statePath(id workspaces.ID) string { return "/state/" + url.PathEscape(string(id)) }

// fail answers with an error.
func (b *StateBackend) fail(w http.ResponseWriter, r *http.Request, g Grant, err error) {
	log := b.logger.With("workspace", g.Workspace, "run", g.RunID, "method", r.Method)
	var no *tfstate.Refusal
	if !errors.As(err, &no) {
		log.Error("state backend", "error", err)
		http.Error(w, "the state store failed: "+err.Error(), http.StatusInternalServerError)
		return
	}
	log.Warn("state backend refused a request", "status", no.Status, "reason", no.Text)
	no.Answer(w)
}
