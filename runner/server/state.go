// Package server is driftless over HTTP: the state backend for the engines it starts, and the API for the CLI.
package server

import (
	"log/slog"
	"net/http"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// StateBackend is Terraform's HTTP state backend over the store, for the engines that driftless starts on this machine.
// Every run gets its own credentials, for one workspace, that end with the run.
type StateBackend struct{}

// NewStateBackend returns a backend; it is an http.Handler for a loopback listener.
func NewStateBackend(store runner.Store, logger *slog.Logger) *StateBackend { panic("todo") }

// ServeHTTP implements http.Handler.
func (b *StateBackend) ServeHTTP(w http.ResponseWriter, r *http.Request) { panic("todo") }

// Grant is what a run may do with one state.
type Grant struct {
	Workspace workspaces.ID // whose state
	RunID     int64
	Write     bool // an apply; a plan only reads, and cannot lock
}

// Issue makes credentials for a grant and returns the engine's environment (TF_HTTP_ADDRESS, TF_HTTP_LOCK_ADDRESS,
// TF_HTTP_UNLOCK_ADDRESS, TF_HTTP_USERNAME, TF_HTTP_PASSWORD, …) for a backend that listens at base ("http://127.0.0.1:4711").
// revoke ends them.
func (b *StateBackend) Issue(base string, g Grant) (env map[string]string, revoke func()) {
	panic("todo")
}
