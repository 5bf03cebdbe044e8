package server

import (
	"context"
	"net/http"

	"github.com/driftlessops/driftless/runner/retention"
)

// Sweeper removes what is old.
type Sweeper interface {
	Sweep(ctx context.Context, dry bool) (retention.Removed, error)
}

// Sweeps lets the API remove what is old, or say what that is: POST /v1/gc?dry_run=true.
func (a *API) Sweeps(s Sweeper) {
	a.mux.HandleFunc("POST /v1/gc", func(w http.ResponseWriter, r *http.Request) {
		removed, err := s.Sweep(r.Context(), r.FormValue("dry_run") == "true")
		a.answer(w, r, removed, err)
	})
}
