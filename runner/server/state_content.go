package server

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/driftlessops/driftless/runner"
)

// maxState limits a state, in bytes.
const maxState = 256 << 20

// sum is what the protocol wants against accidents.
func sum(content []byte) string {
	digest := md5.Sum(content)
	return base64.StdEncoding.EncodeToString(digest[:])
}

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
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-MD5", sum(content))
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	_, _ = w.Write(content)
	return nil
}

// post keeps a new version. Once it was read whole it is kept even if the engine is gone.
func (b *StateBackend) post(w http.ResponseWriter, r *http.Request, g Grant) error {
	content, err := readState(w, r)
	if err != nil {
		return err
	}
	next, err := parseState(content)
	if err != nil {
		return refuse(http.StatusBadRequest, "this is no state: %v", err)
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
			if err := succeeds(newest, next); err != nil {
				return err
			}
		}
		version := runner.StateVersion{Workspace: g.Workspace, Serial: next.Serial, Lineage: next.Lineage, RunID: g.RunID}
		return tx.PutState(&version, content)
	})
}

func readState(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxState))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, refuse(http.StatusRequestEntityTooLarge, "the state is larger than %d MiB", maxState>>20)
	} else if err != nil {
		return nil, refuse(http.StatusBadRequest, "read state: %v", err)
	}
	if want := r.Header.Get("Content-MD5"); want != "" && want != sum(content) {
		return nil, refuse(http.StatusBadRequest, "the state was damaged on its way: its MD5 sum is %s, not %s", sum(content), want)
	}
	return content, nil
}

// header is what a state says about itself, also when the rest is encrypted.
type header struct {
	Serial  int64
	Lineage string
}

func parseState(content []byte) (header, error) {
	var h header
	if len(content) == 0 {
		return h, errors.New("it is empty")
	}
	if err := json.Unmarshal(content, &h); err != nil {
		return h, err
	}
	if h.Lineage == "" || h.Serial < 0 {
		return h, fmt.Errorf("its lineage is %q and its serial %d", h.Lineage, h.Serial)
	}
	return h, nil
}

// succeeds refuses a state that does not come after the newest one: it would forget what was built.
func succeeds(newest runner.StateVersion, next header) error {
	const keep = "the version that driftless has is kept; the engine leaves the refused one in errored.tfstate"
	switch {
	case newest.Lineage != next.Lineage:
		return refuse(http.StatusConflict, "the state of %s would change its lineage from %q to %q, as if it were another one: %s", newest.Workspace, newest.Lineage, next.Lineage, keep)
	case next.Serial < newest.Serial:
		return refuse(http.StatusConflict, "the state of %s would go back from serial %d to %d: %s", newest.Workspace, newest.Serial, next.Serial, keep)
	case next.Serial == newest.Serial:
		return refuse(http.StatusConflict, "the state of %s has another content with serial %d already: two writers did not know of each other; %s", newest.Workspace, next.Serial, keep)
	}
	return nil
}
