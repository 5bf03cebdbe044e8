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
	Unknown   bool   `json:"unknown"` // recipient is "", and no key of the file reads them: they stay as they are
	Damaged   bool   `json:"damaged"` // cannot be read with this key: they stay as they are
	Artifacts int    `json:"artifacts"`
	States    int    `json:"states"`
}

// RotationView is how far a rotation is.
type RotationView struct {
	Recipient string   `json:"recipient,omitempty"`
	Left      int      `json:"left"`              // to be encrypted anew
	Missing   int      `json:"missing,omitempty"` // encrypted for keys that the key file lacks; after /reseal, those just met of which nobody knows the key
	Done      int      `json:"done"`              // just now; 0 = all is
	Damaged   []string `json:"damaged,omitempty"` // just met, and not readable
	Retired   []string `json:"retired,omitempty"`
}

// serveKeys serves the keys of a store, which may be changed while it is in use.
func (a *API) serveKeys(ring runner.Keyring) {
	a.mux.HandleFunc("GET /v1/keys", func(w http.ResponseWriter, r *http.Request) {
		all, err := ring.Keys(r.Context())
		a.answer(w, r, views(all, func(k runner.Key) KeyView { return KeyView(k) }), err)
	})
	rotation := func(do func(r *http.Request, self string) (RotationView, error)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var view RotationView
			self, err := a.do.Self()
			if err == nil {
				view, err = do(r, self)
			}
			a.answer(w, r, view, err)
		}
	}
	a.mux.HandleFunc("POST /v1/keys/rotate", rotation(func(r *http.Request, self string) (v RotationView, err error) {
		did, err := ring.Rotate(r.Context(), actor(r), self)
		return RotationView{Recipient: did.Recipient, Left: did.Left, Missing: did.Missing}, err
	}))
	a.mux.HandleFunc("POST /v1/keys/reseal", rotation(func(r *http.Request, _ string) (v RotationView, err error) {
		did, err := ring.Reseal(r.Context())
		return RotationView{Done: did.Done, Missing: did.Missing, Damaged: did.Damaged}, err
	}))
	a.mux.HandleFunc("POST /v1/keys/retire", rotation(func(r *http.Request, self string) (v RotationView, err error) {
		v.Retired, err = ring.Retire(r.Context(), actor(r), self)
		return v, err
	}))
}
