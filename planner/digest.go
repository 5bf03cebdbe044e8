package planner

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"slices"
	"sync"
)

// A change digest is the HMAC, under the installation's key, of a canonical text: one line that names the change, then
// one for each place where it changes something. The whole text goes through the HMAC, sensitive values with it, so that
// no digest tells anything about a value to who does not hold the key. Left out on purpose: reasons, replace_paths,
// relevant_attributes, drift, prior state and planned values.

// digestHead names a change.
type digestHead struct {
	Version   int      `json:"version"` // of this definition; another one makes all digests differ
	Kind      string   `json:"kind"`
	Address   string   `json:"address"`
	Previous  string   `json:"previous_address,omitempty"`
	Deposed   string   `json:"deposed,omitempty"`
	Provider  string   `json:"provider,omitempty"`
	Actions   []string `json:"actions"` // in order: create before delete is not delete before create
	Importing object   `json:"importing,omitempty"`
	ID        any      `json:"id,omitempty"` // which object is deleted, replaced or forgotten
}

// digester makes digests.
type digester struct{ key []byte }

// processKey is used where there is no installation: such digests are equal only within the process.
var processKey = sync.OnceValue(func() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return key
})

// newDigester returns a digester with the installation's key.
func newDigester(key []byte) digester {
	if len(key) == 0 {
		key = processKey()
	}
	return digester{key}
}

// head begins the digest of a change.
func (d digester) head(head digestHead) (hash.Hash, *json.Encoder) {
	head.Version = 2
	mac := hmac.New(sha256.New, d.key)
	enc := json.NewEncoder(mac)
	if err := enc.Encode(head); err != nil {
		panic("planner: decoded JSON does not encode: " + err.Error())
	}
	return mac, enc
}

// plan is the digest of the set of change digests.
func (d digester) plan(changes []Change) string {
	lines := make([]string, 0, len(changes))
	for _, c := range changes {
		lines = append(lines, compact([]string{c.Key(), c.Digest}))
	}
	slices.Sort(lines)
	mac := hmac.New(sha256.New, d.key)
	for _, line := range lines {
		mac.Write([]byte(line + "\n"))
	}
	return hexSum(mac)
}

// hexSum is a digest as people and stores see it.
func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
