package forge

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// secretAge is how long a secret is used before it is read again.
const secretAge = 5 * time.Second

// Secret is a value outside, in a file or the environment, that may be replaced at any time. What and Read are required.
type Secret struct {
	What string // it is, for people: "the token"
	Read func(context.Context) (string, error)

	mu    sync.Mutex
	value string
	at    time.Time
}

// Get returns the value, a few seconds old at most, without space around it. An empty one is *Denied.
func (s *Secret) Get(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.at.IsZero() && time.Since(s.at) < secretAge {
		return s.value, nil
	}
	value, err := s.Read(ctx)
	if err != nil {
		return "", &Later{Reason: "read " + s.What + ": " + err.Error()}
	}
	if value = strings.TrimSpace(value); value == "" {
		return "", &Denied{Reason: s.What + " is empty: set its file or variable"}
	}
	s.value, s.at = value, time.Now()
	return value, nil
}

// Refused has a value that was not accepted read again, unless that has happened meanwhile.
func (s *Secret) Refused(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value == value {
		s.at = time.Time{}
	}
}

// Signed puts a token on requests on their way to Base. One that is refused is asked for again at once: it may have been
// replaced a moment ago. It implements http.RoundTripper; all fields are required.
type Signed struct {
	Base    http.RoundTripper
	Scheme  string // of the Authorization header: "Bearer"
	Token   func(context.Context) (string, error)
	Refused func(token string) // has Token look for another one
}

// RoundTrip implements http.RoundTripper.
func (s *Signed) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := s.Token(req.Context())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := s.send(req, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	s.Refused(token)
	fresh, err := s.Token(req.Context())
	if err != nil || fresh == token || req.Body != nil && req.GetBody == nil {
		return resp, nil // that it was refused is the answer
	}
	again := req.Clone(req.Context())
	if req.GetBody != nil {
		if again.Body, err = req.GetBody(); err != nil {
			return resp, nil
		}
	}
	_ = resp.Body.Close()
	return s.send(again, fresh)
}

func (s *Signed) send(req *http.Request, token string) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", s.Scheme+" "+token)
	return s.Base.RoundTrip(req)
}

// Patient is the default transport that gives up on a server which is silent; a Gate does on one that never comes to an end.
func Patient() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = time.Minute
	return t
}
