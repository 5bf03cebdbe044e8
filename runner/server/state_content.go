package server

import (
	"bytes"
	"context"
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

// post keeps a new version. Once it was read whole it is kept even if the engine is gone.
func (b *StateBackend) post(w http.ResponseWriter, r *http.Request, g Grant) error {
	content, next, err := tfstate.Read(w, r)
	if err != nil {
		return err
	}
	return b.store.Update(context.WithoutCancel(r.Context()), func(tx runner.Tx) error {
		if err := checkLock(tx, g, r.URL.Query().Get("ID")); err != nil {
			return err
		}
		newest, old, err := tx.State(g.Workspace, 0)
		switch {
		case errors.Is(err, runner.ErrNotFound):
		case err != nil:
			return err
		case bytes.Equal(old, content):
			return nil // an engine that lost the answer sends it twice
		default:
			if err := next.Follows(string(g.Workspace), tfstate.Header{Serial: newest.Serial, Lineage: newest.Lineage}); err != nil {
				return err
			}
		}
		version := runner.StateVersion{Workspace: g.Workspace, Serial: next.Serial, Lineage: next.Lineage, RunID: g.RunID}
		return tx.PutState(&version, content)
	})
}
