package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/bradleyfalzon/ghinstallation/v2"
	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// explain says what an error of the API means: what was done, and need, the permission that it takes, go into it.
func explain(what, need string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, meaning(need, err))
}

// meaning turns an error of the libraries into one of package forge.
func meaning(need string, err error) error {
	var sent *url.Error
	if errors.As(err, &sent) {
		err = sent.Err // what net/http says before it is in the name of the operation
	}
	var later *forge.Later
	var denied *forge.Denied
	var limit *api.RateLimitError
	var abuse *api.AbuseRateLimitError
	var accepted *api.AcceptedError
	switch {
	case errors.As(err, &later):
		return later
	case errors.As(err, &denied):
		return denied
	case errors.Is(err, forge.ErrGone), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &limit):
		return &forge.Later{At: limit.Rate.Reset.Time, Reason: "the rate limit is used up"}
	case errors.As(err, &abuse):
		return &forge.Later{Reason: "the secondary rate limit was met"}
	case errors.As(err, &accepted):
		return &forge.Later{Reason: "GitHub is still working on it"}
	}
	if status, said := refusal(err); status != nil {
		return answer(need, status, said)
	}
	return &forge.Later{Reason: err.Error()} // an answer that is cut off, or none of GitHub's
}

// refusal is the answer that an error tells of, and what it says.
func refusal(err error) (resp *http.Response, said string) {
	var refused *api.ErrorResponse
	var otp *api.TwoFactorAuthError
	var install *ghinstallation.HTTPError
	switch {
	case errors.As(err, &refused) && refused.Response != nil:
		return refused.Response, message(refused)
	case errors.As(err, &otp) && otp.Response != nil:
		return otp.Response, message((*api.ErrorResponse)(otp))
	case errors.As(err, &install) && install.Response != nil:
		var body struct {
			Message string `json:"message"`
		}
		_ = json.NewDecoder(io.LimitReader(install.Response.Body, 64<<10)).Decode(&body)
		_ = install.Response.Body.Close()
		return install.Response, body.Message
	}
	return nil, ""
}

// message is what GitHub says, with the fields that it complains of.
func message(e *api.ErrorResponse) string {
	parts := []string{e.Message}
	for _, one := range e.Errors {
		text := one.Message
		if text == "" {
			text = strings.TrimSpace(one.Field + " " + one.Code)
		}
		if text != "" && !strings.Contains(e.Message, text) {
			parts = append(parts, text)
		}
	}
	return strings.Trim(strings.Join(parts, ": "), ": ")
}

// answer says what a status means that is not a success.
func answer(need string, resp *http.Response, said string) error {
	if said == "" {
		said = resp.Status
	}
	switch code := resp.StatusCode; {
	case code == http.StatusNotFound, code == http.StatusGone && !strings.Contains(said, "disabled"):
		return forge.ErrGone
	case code == http.StatusUnprocessableEntity && strings.Contains(said, "No commit found"):
		return fmt.Errorf("%w: %s", forge.ErrGone, said)
	case code == http.StatusUnauthorized:
		return &forge.Denied{Reason: "the token was not accepted (" + said + "): it is wrong, was revoked or has expired, or the private key is another App's. Replace it where it is kept; it is read again by itself"}
	case code == http.StatusForbidden:
		return &forge.Denied{Reason: said + missing(need, resp.Header)}
	case code >= 300 && code < 400:
		return &forge.Denied{Reason: "the repository was renamed or moved: give its new path in the configuration"}
	}
	return &forge.Denied{Reason: said}
}

// missing says which permission a refusal was for: GitHub's own word for it, if there is one.
func missing(need string, h http.Header) string {
	if accepts := h.Get("X-Accepted-GitHub-Permissions"); accepts != "" {
		need = strings.ReplaceAll(strings.ReplaceAll(accepts, "=", ": "), ";", " or")
	} else if scopes := h.Get("X-Accepted-OAuth-Scopes"); scopes != "" && h.Get("X-OAuth-Scopes") != "" {
		need = "one of the scopes " + scopes
	}
	if need == "" {
		return ""
	}
	return " (it takes the permission " + need + ")"
}

func isGone(err error) bool { return err != nil && errors.Is(meaning("", err), forge.ErrGone) }

// isDenied reports whether GitHub refused, and not only for now.
func isDenied(err error) bool {
	var denied *forge.Denied
	return err != nil && errors.As(meaning("", err), &denied)
}

func statusOf(err error) int {
	var refused *api.ErrorResponse
	if errors.As(err, &refused) && refused.Response != nil {
		return refused.Response.StatusCode
	}
	return 0
}
