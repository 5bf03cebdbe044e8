package server

import (
	"net/http"

	"github.com/driftlessops/driftless/runner"
)

// KeyView is a key of the key file or of the database.
type KeyView struct {
	Recipient string `json:"recipient"` // "" = what an earlier driftless encrypted, which did not write down for whom
	Current   bool   `json:"current"`
	InFile    bool   `json:"in_file"`
	Earlier   bool   `json:"earlier"`
	Artifacts int    `json:"artifacts"`
	States    int    `json:"states"`
}

// RotationView is how far a rotation is.
type RotationView struct {
	Recipient string   `json:"recipient,omitempty"`
	Left      int      `json:"left"`
	Retired   []string `json:"retired,omitempty"`
}

// serveKeys serves the keys of a store, which may be changed while it is in use.
func (a *API) serveKeys(ring runner.Keyring) {
	a.mux.HandleFunc("GET /v1/keys", func(w http.ResponseWriter, r *http.Request) {
		all, err := ring.Keys(r.Context())
		a.answer(w, r, views(all, func(k runner.Key) KeyView { return KeyView(k) }), err)
	})
	rotation := func(do func(r *http.Request) (RotationView, error)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			view, err := do(r)
			a.answer(w, r, view, err)
		}
	}
	a.mux.HandleFunc("POST /v1/keys/rotate", rotation(func(r *http.Request) (v RotationView, err error) {
		v.Recipient, err = ring.Rotate(r.Context(), actor(r))
		return v, err
	}))
	a.mux.HandleFunc("POST /v1/keys/reseal", rotation(func(r *http.Request) (v RotationView, err error) {
		v.Left, err = ring.Reseal(r.Context())
		return v, err
	}))
	a.mux.HandleFunc("POST /v1/keys/retire", rotation(func(r *http.Request) (v RotationView, err error) {
		v.Retired, err = ring.Retire(r.Context(), actor(r))
		return v, err
	}))
}
