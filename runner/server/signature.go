package server

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
)

// signatures are where forges write the HMAC-SHA256 of a webhook's body, in hex.
var signatures = []string{"X-Hub-Signature-256", "X-Gitea-Signature", "X-Forgejo-Signature", "X-Gogs-Signature"}

var errUnsigned = errors.New("it has no signature: give the webhook the secret that driftless has")

// signable refuses what cannot be authentic whatever its body is: nobody waits for that to come.
func signable(header http.Header) error {
	for _, name := range signatures {
		mac, err := hex.DecodeString(strings.TrimPrefix(header.Get(name), "sha256="))
		if err == nil && len(mac) == sha256.Size {
			return nil
		}
	}
	return errUnsigned
}
