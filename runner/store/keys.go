package store

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// Keys are the installation's secrets: an age identity that encrypts states, plans and logs, and an HMAC key for digests
// of sensitive values.
//
// The key file is a file of age identities. The first encrypts, all decrypt, and the last, which is the oldest, gives the
// HMAC keys: so a new identity can be put in front of the old ones without changing any digest.
type Keys struct {
	path       string
	identities []*age.X25519Identity
	hmac       []byte
	states     []byte // HMAC key for contents of states
}

func newKeys(path string, identities []*age.X25519Identity) (*Keys, error) {
	oldest := []byte(identities[len(identities)-1].String())
	keys := &Keys{path: path, identities: identities}
	var err error
	if keys.hmac, err = hkdf.Key(sha256.New, oldest, nil, "driftless: digests of sensitive values", 32); err != nil {
		return nil, err
	}
	keys.states, err = hkdf.Key(sha256.New, oldest, nil, "driftless: contents of states", 32)
	return keys, err
}

// HMAC is the key for digests of sensitive values, 32 bytes.
func (k *Keys) HMAC() []byte { return bytes.Clone(k.hmac) }

// Encrypt encrypts for the installation.
func (k *Keys) Encrypt(plain []byte) ([]byte, error) {
	var sealed bytes.Buffer
	sealed.Grow(len(plain) + len(plain)/4096 + 512)
	w, err := age.Encrypt(&sealed, k.identities[0].Recipient())
	if err == nil {
		_, err = w.Write(plain)
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return sealed.Bytes(), nil
}

// Decrypt undoes Encrypt.
func (k *Keys) Decrypt(sealed []byte) ([]byte, error) {
	all := make([]age.Identity, len(k.identities))
	for i, identity := range k.identities {
		all[i] = identity
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), all...)
	var foreign *age.NoIdentityMatchError
	if errors.As(err, &foreign) {
		return nil, fmt.Errorf("decrypt: this was encrypted with another key than the one in %s: put the original key file back", k.path)
	} else if err != nil {
		return nil, fmt.Errorf("decrypt: damaged: %w", err)
	}
	var plain bytes.Buffer
	plain.Grow(len(sealed))
	if _, err := io.Copy(&plain, r); err != nil {
		return nil, fmt.Errorf("decrypt: damaged: %w", err)
	}
	return plain.Bytes(), nil
}

// recipient is the public half of what encrypts.
func (k *Keys) recipient() string { return k.identities[0].Recipient().String() }

// opens reports whether the keys can decrypt what was encrypted for a recipient.
func (k *Keys) opens(recipient string) bool {
	for _, identity := range k.identities {
		if identity.Recipient().String() == recipient {
			return true
		}
	}
	return false
}
