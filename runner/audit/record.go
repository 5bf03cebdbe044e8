// Package audit proves that the history is whole. A record is an event as people outside of driftless see it; each holds the
// hash of the one before, so that whoever knows the last hash can tell whether any before it was changed, removed, added or
// moved.
package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// layout is how the time of a record is written: UTC, always with six digits of a second.
const layout = "2006-01-02T15:04:05.000000Z"

// Record is one line of an export. All fields are always written, also empty ones.
type Record struct {
	ID         int64           `json:"id"`
	At         string          `json:"at"` // see layout
	Kind       string          `json:"kind"`
	Actor      string          `json:"actor"`
	Repository string          `json:"repository"`
	Workspace  string          `json:"workspace"`
	Run        int64           `json:"run"`
	Pull       int64           `json:"pull"` // driftless's own number; the forge's is in Data
	Commit     string          `json:"commit"`
	Message    string          `json:"message"`
	Data       json.RawMessage `json:"data"`     // an object, or null
	Previous   string          `json:"previous"` // hash of the record before; "" = this is the first of all
	Hash       string          `json:"hash"`     // SHA-256 over all other fields
}

// Of is the record of an event that stands after the record with the hash previous. Bytes that are not UTF-8 are replaced.
func Of(e runner.Event, previous string) Record {
	data := e.Data
	switch {
	case len(data) == 0:
		data = json.RawMessage("null")
	case !json.Valid(data): // edited behind driftless's back: it is shown, and its hash does not fit
		data, _ = json.Marshal(string(data))
	}
	return Record{
		ID: e.ID, At: e.At.UTC().Format(layout), Kind: plain(e.Kind), Actor: plain(e.Actor), Repository: plain(e.Repository),
		Workspace: plain(string(e.Workspace)), Run: e.RunID, Pull: e.PullID, Commit: plain(e.Commit), Message: plain(e.Message),
		Data: data, Previous: previous, Hash: e.Hash,
	}
}

func plain(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Time is when it happened; zero when At is no time.
func (r Record) Time() time.Time {
	at, _ := time.Parse(layout, r.At)
	return at
}

// Sum is the hash that the record must have: SHA-256, in hexadecimal, over its canonical JSON without the hash itself.
func (r Record) Sum() string {
	sum := sha256.Sum256(r.canonical())
	return hex.EncodeToString(sum[:])
}
