package gitea

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
)

// signatures are where Gitea and Forgejo write the HMAC-SHA256 of the body, all the same one.
var signatures = []string{"X-Gitea-Signature", "X-Forgejo-Signature", "X-Gogs-Signature", "X-Hub-Signature-256"}

// Hook implements forge.Account. Every event is a reason to look; Gitea has no re-run button of ours.
func (a *Account) Hook(header http.Header, body []byte, secret string) (forge.Hook, error) {
	if err := authentic(header, body, secret); err != nil {
		return forge.Hook{}, fmt.Errorf("read a webhook of Gitea: %w", err)
	}
	var event struct {
		Repository struct {
			FullName string `json:"full_name"`
		} `json:"repository"`
		Sender struct {
			Login string `json:"login"`
		} `json:"sender"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		return forge.Hook{}, fmt.Errorf("read a webhook of Gitea: %w: set its content type to application/json", err)
	}
	return forge.Hook{Repository: event.Repository.FullName, By: event.Sender.Login}, nil
}

// authentic checks the first signature that is there, in constant time.
func authentic(header http.Header, body []byte, secret string) error {
	for _, name := range signatures {
		value := header.Get(name)
		if value == "" {
			continue
		}
		got, malformed := hex.DecodeString(strings.TrimPrefix(value, "sha256="))
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		switch {
		case malformed != nil:
			return errors.New("the signature is not hexadecimal: it is not from Gitea, or something on the way changed it")
		case !hmac.Equal(got, mac.Sum(nil)):
			return errors.New("the signature is wrong: give the webhook and driftless the same secret")
		}
		return nil
	}
	return errors.New("it is not signed: give the webhook the secret that driftless has")
}
