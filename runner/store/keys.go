package store

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"filippo.io/age"
)

// Keys are the installation's secrets: age identities that decrypt states, plans and logs, and HMAC keys for digests of
// sensitive values.
//
// The key file is a file of age identities, and all of them decrypt. Which one is encrypted for stands in the database
// (setting "recipient"), so that all who share it agree; so do the HMAC keys, encrypted: no digest changes with an identity.
type Keys struct {
	path string                 // of the key file, or where else they are kept
	read func() ([]byte, error) // what a key file holds, where it is no file of ours; else nil
	made bool                   // the file is new: nothing can be encrypted with it yet

	mu         sync.RWMutex
	identities []*age.X25519Identity
	refreshed  time.Time
	macs       macs
}

// macs are the HMAC keys.
type macs struct {
	values []byte // for digests of sensitive values
	states []byte // for contents of states
}

const macSize = 32

// newMACs makes keys that no identity leads to.
func newMACs() macs {
	both := make([]byte, 2*macSize)
	_, _ = rand.Read(both) // never fails
	return macs{both[:macSize], both[macSize:]}
}

// derivedMACs are the keys of a database that an earlier driftless made: they came from the oldest identity.
func (k *Keys) derivedMACs() (m macs, err error) {
	all := k.all()
	oldest := []byte(all[len(all)-1].String())
	if m.values, err = hkdf.Key(sha256.New, oldest, nil, "driftless: digests of sensitive values", macSize); err != nil {
		return m, err
	}
	m.states, err = hkdf.Key(sha256.New, oldest, nil, "driftless: contents of states", macSize)
	return m, err
}

func (k *Keys) setMACs(m macs) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.macs = m
}

func (k *Keys) heldMACs() macs {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.macs
}

// HMAC is the key for digests of sensitive values, 32 bytes; nil before a database was opened with the keys.
func (k *Keys) HMAC() []byte {
	return bytes.Clone(k.heldMACs().values)
}

func (k *Keys) all() []*age.X25519Identity {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.identities
}

// recipients are the public halves of the identities, in the order of the file.
func (k *Keys) recipients() (all []string) {
	for _, identity := range k.all() {
		all = append(all, identity.Recipient().String())
	}
	return all
}

// refreshPause is how old what stands in the key file may be where it is no file of ours: a command may take its time.
const refreshPause = 30 * time.Second

// refresh reads the key file again; what is not a file of ours, at times and without waiting for it.
func (k *Keys) refresh() {
	if k.read == nil {
		_ = k.reload() // what it held before is kept
		return
	}
	k.mu.Lock()
	due := time.Since(k.refreshed) > refreshPause
	if due {
		k.refreshed = time.Now()
	}
	k.mu.Unlock()
	if due {
		go func() { _ = k.reload() }()
	}
}

// mark tells one set of keys from another.
func (k *Keys) mark() string {
	all := k.recipients()
	slices.Sort(all)
	sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
	return hex.EncodeToString(sum[:8])
}

// opens reports whether the keys can decrypt what was encrypted for a recipient.
func (k *Keys) opens(recipient string) bool { return slices.Contains(k.recipients(), recipient) }

// Encrypt encrypts for a recipient.
func Encrypt(plain []byte, recipient string) ([]byte, error) {
	to, err := age.ParseX25519Recipient(recipient)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	var sealed bytes.Buffer
	sealed.Grow(len(plain) + len(plain)/4096 + 512)
	w, err := age.Encrypt(&sealed, to)
	if err == nil {
		_, err = w.Write(plain)
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return sealed.Bytes(), nil
}

// errOtherKey says that no key fits.
var errOtherKey = errors.New("this was encrypted with another key than those")

// Decrypt undoes Encrypt. When no identity fits the file is read again: another process may have added one.
func (k *Keys) Decrypt(sealed []byte) ([]byte, error) {
	plain, err := k.decrypt(sealed)
	var foreign *age.NoIdentityMatchError
	if !errors.As(err, &foreign) {
		return plain, err
	}
	failed := k.reload()
	if failed == nil {
		plain, err = k.decrypt(sealed)
	}
	if errors.As(err, &foreign) {
		return nil, errors.Join(fmt.Errorf("decrypt: %w in %s: put the original key file back", errOtherKey, k.path), failed)
	}
	return plain, err
}

func (k *Keys) decrypt(sealed []byte) ([]byte, error) {
	var all []age.Identity
	for _, identity := range k.all() {
		all = append(all, identity)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), all...)
	if err != nil {
		return nil, fmt.Errorf("decrypt: damaged: %w", err)
	}
	var plain bytes.Buffer
	plain.Grow(len(sealed))
	if _, err := io.Copy(&plain, r); err != nil {
		return nil, fmt.Errorf("decrypt: damaged: %w", err)
	}
	return plain.Bytes(), nil
}
