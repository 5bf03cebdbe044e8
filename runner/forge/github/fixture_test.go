package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// server is a GitHub of handlers, which writes down what it was asked.
type server struct {
	*http.ServeMux
	url string

	mu  sync.Mutex
	log []string
}

// newServer starts a server whose handlers have patterns without "/api/v3".
func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{ServeMux: http.NewServeMux()}
	running := httptest.NewServer(http.StripPrefix("/api/v3", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.log = append(s.log, r.Method+" "+r.URL.Path)
		s.mu.Unlock()
		s.ServeHTTP(w, r)
	})))
	t.Cleanup(running.Close)
	s.url = running.URL
	return s
}

// asked returns what was asked since the last time.
func (s *server) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.log
	s.log = nil
	return log
}

// says has the server answer a pattern.
func (s *server) says(pattern string, status int, body string) {
	s.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { reply(w, status, body) })
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, body)
}

func encoded(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func constant(token string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return token, nil }
}

// host is octo/infra there, signed in with a token.
func (s *server) host(t *testing.T) *Host {
	t.Helper()
	return s.account(t, Options{Token: constant("secret")}).Repository("octo/infra", nil).(*Host)
}

func (s *server) account(t *testing.T, opts Options) *Account {
	t.Helper()
	opts.URL, opts.Pause = s.url, -1
	a, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
