package server

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/tfstate"
)

// get answers the newest version, or 404.
func (b *StateBackend) get(w http.ResponseWriter, r *http.Request, g Grant) error {
	var content []byte
	err := b.store.View(r.Context(), func(tx runner.Tx) (err error) {
		_, content, err = tx.State(g.Workspace, 0)
		return err
	})
	if errors.Is(err, runner.ErrNotFound) {
		http.Error(w, fmt.Sprintf("%s has no state yet", g.Workspace), http.StatusNotFound) // the engine starts from nothing
		return nil
	} else if err != nil {
		return err
	}
	tfstate.Answer(w, content)
	return nil
}
