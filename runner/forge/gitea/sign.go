package gitea

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

// tokenAge is how long a token is used before it is asked for again.
const tokenAge = 3 * time.Second

// signer puts the token on requests to the server, and on no others.
type signer struct {
	base http.RoundTripper
	to   *url.URL
	ask  func(ctx context.Context) (string, error)

	mu    sync.Mutex
	value string
	asked time.Time
}

// token returns the token as of now.
func (s *signer) token(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value != "" && time.Since(s.asked) < tokenAge {
		return s.value, nil
	}
	value, err := s.ask(ctx)
	if err != nil {
		return "", err
	}
	if value = strings.TrimSpace(value); value == "" {
		return "", &forge.Denied{Reason: "the token is empty"}
	}
	s.value, s.asked = value, time.Now()
	return value, nil
}

// RoundTrip implements http.RoundTripper.
func (s *signer) RoundTrip(req *http.Request) (*http.Response, error) {
	base := s.base
	if base == nil {
		base = http.DefaultTransport
	}
	if req.URL.Scheme != s.to.Scheme || req.URL.Host != s.to.Host {
		return base.RoundTrip(req)
	}
	token, err := s.token(req.Context())
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	signed := req.Clone(req.Context())
	signed.Header.Set("Authorization", "token "+token)
	return base.RoundTrip(signed)
}

// follow goes where a renamed repository is now. Gitea answers 301 to whatever was asked, after which HTTP clients ask with
// GET: a comment would be lost without a word, so what was asked is asked again as it was.
func follow(to *url.URL) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		first := via[0]
		switch {
		case len(via) > 3:
			return errors.New("redirected too often")
		case req.URL.Scheme != to.Scheme || req.URL.Host != to.Host:
			return &forge.Denied{Reason: "it sends us to " + req.URL.Host + ": is the URL in the configuration right?"}
		case req.Method == first.Method:
			return nil
		case first.GetBody != nil:
			body, err := first.GetBody()
			if err != nil {
				return err
			}
			req.Body, req.GetBody, req.ContentLength = body, first.GetBody, first.ContentLength
			req.Header.Set("Content-Type", first.Header.Get("Content-Type"))
		}
		req.Method = first.Method
		return nil
	}
}
