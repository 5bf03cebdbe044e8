package gitea

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
)

// unsent is the error of a call that got no answer, without the request that Go puts before it.
func unsent(what string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("%s: %w", what, err)
}

var errToken = &forge.Denied{Reason: "the token was not accepted: it is wrong, was revoked or has expired. Replace it where it is kept; it is read again by itself"}

// refused is the error that an answer stands for.
func refused(what string, status int, message string) error {
	message = short(message)
	switch {
	case status == http.StatusNotFound, status == http.StatusGone:
		return fmt.Errorf("%s: %w", what, forge.ErrGone)
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%s: %w", what, errToken)
	case status < 400:
		message = "the repository was renamed or moved: give its new path in the configuration"
	case message == "":
		message = fmt.Sprintf("%d %s", status, http.StatusText(status))
	}
	return fmt.Errorf("%s: %w", what, &forge.Denied{Reason: message})
}

// short is what a server said, on one line that people can read.
func short(message string) string {
	message = strings.Join(strings.Fields(strings.ToValidUTF8(message, "?")), " ")
	if r := []rune(message); len(r) > 300 {
		message = string(r[:300]) + "…"
	}
	return message
}
