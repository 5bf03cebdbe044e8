// Package server is driftless over HTTP: the state backend for the engines it starts, and the API for the CLI.
package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/tfstate"
	"github.com/driftlessops/driftless/workspaces"
)

// StateBackend is Terraform's HTTP state backend over the store, for the engines that driftless starts on this machine.
// Every run gets its own credentials, for one workspace, that end with the run.
//
// The engines show the status of an answer, but not its text. A write that is refused is therefore also an event of the run.
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
	if r.Method == http.MethodGet {
		return b.get(w, r, g)
	}
	serve := map[string]func(http.ResponseWriter, *http.Request, Grant) error{
		http.MethodPost: b.post, "LOCK": b.lock, "UNLOCK": b.unlock,
	}[r.Method]
	if serve == nil {
		// Also DELETE: every version is kept, and an empty state where there was one would build everything again.
		w.Header().Set("Allow", "GET, POST, LOCK, UNLOCK")
		return tfstate.Refuse(http.StatusMethodNotAllowed, "driftless keeps every version of a state: %s is not possible; destroy what the state holds instead", r.Method)
	}
	if !g.Write {
		return tfstate.Refuse(http.StatusForbidden, "run %d only plans: it may read the state of %s, but neither lock nor write it", g.RunID, g.Workspace)
	}
	return serve(w, r, g)
}

// statePath is where the state of a workspace is. It is compared as it is sent: identities hold "//".
func statePath(id workspaces.ID) string { return "/state/" + url.PathEscape(string(id)) }

// fail answers with an error, and keeps refused writes on record, because the engine hides why.
func (b *StateBackend) fail(w http.ResponseWriter, r *http.Request, g Grant, err error) {
	log := b.logger.With("workspace", g.Workspace, "run", g.RunID, "method", r.Method)
	var no *tfstate.Refusal
	if !errors.As(err, &no) {
		log.Error("state backend", "error", err)
		http.Error(w, "the state store failed: "+err.Error(), http.StatusInternalServerError)
		return
	}
	log.Warn("state backend refused a request", "status", no.Status, "reason", no.Text)
	if r.Method == http.MethodPost {
		b.record(r, g, no)
	}
	no.Answer(w)
}

// record appends what was refused to the history of the run.
func (b *StateBackend) record(r *http.Request, g Grant, no *tfstate.Refusal) {
	err := b.store.Update(context.WithoutCancel(r.Context()), func(tx runner.Tx) error {
		event := runner.Event{Kind: runner.StateRefused, Actor: runner.Self, Workspace: g.Workspace, RunID: g.RunID, Message: no.Text}
		event.Repository, _, _ = strings.Cut(string(g.Workspace), "//")
		return tx.Append(&event)
	})
	if err != nil {
		b.logger.Error("record refused state request", "workspace", g.Workspace, "run", g.RunID, "error", err)
	}
}
