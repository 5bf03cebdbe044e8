package github

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
)

// event is what is read of a webhook's body.
type event struct {
	Action     string `json:"action"`
	Repository struct {
		FullName string `json:"full_name"`
	} `json:"repository"`
	Sender struct {
		Login string `json:"login"`
	} `json:"sender"`
	CheckRun   check `json:"check_run"`
	CheckSuite check `json:"check_suite"`
}

// check is a check run or suite.
type check struct {
	HeadSHA string `json:"head_sha"`
	App     struct {
		ID int64 `json:"id"`
	} `json:"app"`
}

// Hook implements forge.Account.
func (a *Account) Hook(header http.Header, body []byte, secret string) (forge.Hook, error) {
	if err := authentic(header.Get("X-Hub-Signature-256"), body, secret); err != nil {
		return forge.Hook{}, fmt.Errorf("webhook of GitHub: %w", err)
	}
	kind := header.Get("X-GitHub-Event")
	if kind == "" {
		return forge.Hook{}, errors.New("webhook of GitHub: it does not say what event it is")
	}
	var e event
	if err := json.Unmarshal(payload(header, body), &e); err != nil {
		return forge.Hook{}, fmt.Errorf("webhook of GitHub: event %s: %w", kind, err)
	}
	hook := forge.Hook{Repository: e.Repository.FullName, By: e.Sender.Login, Delivery: header.Get("X-GitHub-Delivery")}
	if e.Action == "rerequested" {
		switch kind {
		case "check_run":
			hook.Rerun = a.own(e.CheckRun)
		case "check_suite":
			hook.Rerun = a.own(e.CheckSuite)
		}
	}
	return hook, nil
}

// own is the commit of a check of ours; "" = it is another App's.
func (a *Account) own(c check) string {
	if a.opts.App != nil && c.App.ID != 0 && c.App.ID != a.opts.App.ID {
		return ""
	}
	return c.HeadSHA
}

// authentic checks the signature in constant time.
func authentic(signature string, body []byte, secret string) error {
	digest, ok := strings.CutPrefix(signature, "sha256=")
	given, err := hex.DecodeString(digest)
	switch {
	case signature == "":
		return errors.New("it is not signed: set the same secret at GitHub as here")
	case !ok || err != nil:
		return errors.New("its signature is not of the form sha256=HEX: it is not from GitHub, or something on the way changed it")
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	if secret == "" || !hmac.Equal(given, mac.Sum(nil)) {
		return errors.New("its signature is not by the secret that is configured")
	}
	return nil
}

// payload is the JSON of a body, which GitHub sends as a form if it is told so.
func payload(header http.Header, body []byte) []byte {
	if kind, _, _ := mime.ParseMediaType(header.Get("Content-Type")); kind == "application/x-www-form-urlencoded" {
		if form, err := url.ParseQuery(string(body)); err == nil {
			return []byte(form.Get("payload"))
		}
	}
	return body
}
