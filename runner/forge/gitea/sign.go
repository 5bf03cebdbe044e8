package gitea

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

// tokenAge is how long a token is used before it is asked for again.
const tokenAge = 3 * time.Second

// signer puts the token on requests.
type signer struct {
	base http.RoundTripper
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
		return "", &forge.Denied{Reason: "the token is empty: set its file or variable"}
	}
	s.value, s.asked = value, time.Now()
	return value, nil
}

// refused has the token asked for again unless that has happened meanwhile.
func (s *signer) refused(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value == token {
		s.value = ""
	}
}

// RoundTrip implements http.RoundTripper. A token that is refused is read again at once: it may have been replaced just now.
func (s *signer) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := s.token(req.Context())
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	resp, err := s.send(req, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	s.refused(token)
	again := req.Clone(req.Context())
	fresh, err := s.token(req.Context())
	if err != nil || fresh == token || req.Body != nil && req.GetBody == nil {
		return resp, nil // that it was refused is the answer
	}
	if req.GetBody != nil {
		if again.Body, err = req.GetBody(); err != nil {
			return resp, nil
		}
	}
	_ = resp.Body.Close()
	return s.send(again, fresh)
}

func (s *signer) send(req *http.Request, token string) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "token "+token)
	return s.base.RoundTrip(req)
}

// patient is the default transport with an end to its patience: one writer that waits for ever would stop all others.
func patient() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = time.Minute
	return t
}
