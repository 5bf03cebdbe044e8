// Package tfstate is a state as the engines send it to an HTTP backend: what a request carries, and which state may follow
// which. It keeps nothing.
package tfstate

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

const (
	maxState    = 256 << 20 // bytes of a state
	maxLockInfo = 1 << 20   // bytes of what an engine says about its lock
)

// Refusal is an answer other than success.
type Refusal struct {
	Status int // HTTP
	Text   string
	Holder []byte // 423: who holds the lock, as the engine wants to read it
}

func (r *Refusal) Error() string { return r.Text }

// Refuse makes a Refusal.
func Refuse(status int, format string, args ...any) error {
	return &Refusal{Status: status, Text: fmt.Sprintf(format, args...)}
}

// Answer writes a refusal to the engine.
func (r *Refusal) Answer(w http.ResponseWriter) {
	if r.Holder == nil {
		http.Error(w, r.Text, r.Status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Holder)
}

// Sum is what the protocol wants against accidents.
func Sum(content []byte) string {
	digest := md5.Sum(content)
	return base64.StdEncoding.EncodeToString(digest[:])
}

// Answer writes a state to the engine.
func Answer(w http.ResponseWriter, content []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-MD5", Sum(content))
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	_, _ = w.Write(content)
}

// Read reads the state that a request carries, whole and undamaged.
func Read(w http.ResponseWriter, r *http.Request) ([]byte, Header, error) {
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxState))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, Header{}, Refuse(http.StatusRequestEntityTooLarge, "the state is larger than %d MiB", maxState>>20)
	} else if err != nil {
		return nil, Header{}, Refuse(http.StatusBadRequest, "read state: %v", err)
	}
	if want := r.Header.Get("Content-MD5"); want != "" && want != Sum(content) {
		return nil, Header{}, Refuse(http.StatusBadRequest, "the state was damaged on its way: its MD5 sum is %s, not %s", Sum(content), want)
	}
	header, err := Parse(content)
	if err != nil {
		return nil, Header{}, Refuse(http.StatusBadRequest, "this is no state: %v", err)
	}
	return content, header, nil
}

// Header is what a state says about itself, also when the rest is encrypted.
type Header struct {
	Serial  int64
	Lineage string
}

// Parse reads the header of a state.
func Parse(content []byte) (Header, error) {
	var h Header
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

// LeftByEngine ends such a refusal; it is true of what an engine wrote, and not of what a person pushes.
const LeftByEngine = "; the engine leaves the refused one in errored.tfstate"

// Follows refuses a state of a workspace that does not come after the newest one: it would forget what was built.
func (next Header) Follows(workspace string, newest Header) error {
	const keep = "the version that driftless has is kept" + LeftByEngine
	switch {
	case newest.Lineage != next.Lineage:
		return Refuse(http.StatusConflict, "the state of %s would change its lineage from %q to %q, as if it were another one: %s", workspace, newest.Lineage, next.Lineage, keep)
	case next.Serial < newest.Serial:
		return Refuse(http.StatusConflict, "the state of %s would go back from serial %d to %d: %s", workspace, newest.Serial, next.Serial, keep)
	case next.Serial == newest.Serial:
		return Refuse(http.StatusConflict, "the state of %s has another content with serial %d already: two writers did not know of each other; %s", workspace, next.Serial, keep)
	}
	return nil
}

// LockID reads the engine's description of a lock. It is empty when there is none, as in a forced unlock.
func LockID(w http.ResponseWriter, r *http.Request) (id string, info []byte, err error) {
	info, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxLockInfo))
	if err != nil {
		return "", nil, Refuse(http.StatusBadRequest, "read lock information: %v", err)
	}
	if len(bytes.TrimSpace(info)) == 0 {
		return "", nil, nil
	}
	var lock struct{ ID string }
	if err := json.Unmarshal(info, &lock); err != nil || lock.ID == "" {
		return "", nil, Refuse(http.StatusBadRequest, "the lock information is no JSON object with an ID")
	}
	return lock.ID, info, nil
}
