package forge

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestGateGivesUpOnAnAnswerThatDoesNotEnd has a server say "[" and no more, or more than anyone reads.
func TestGateGivesUpOnAnAnswerThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/stalls":
			_, _ = io.WriteString(w, "[")
			w.(http.Flusher).Flush()
			<-end
		case "/long":
			part := make([]byte, 1<<20)
			for range maxAnswer>>20 + 1 {
				_, _ = w.Write(part)
			}
		default:
			_, _ = io.WriteString(w, "[]")
		}
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(end) })
	g := NewGate(nil, -1)
	get := func(method, path string, limit time.Duration) (string, error) {
		g.Patience = limit
		req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := g.RoundTrip(req)
		if err != nil {
			return "", err
		}
		data, err := io.ReadAll(resp.Body)
		return string(data), err
	}
	for _, c := range []struct {
		method, path string
		limit        time.Duration
		why          string
	}{
		{"GET", "/stalls", 50 * time.Millisecond, "no whole answer in 50ms"},
		{"POST", "/stalls", 50 * time.Millisecond, "no whole answer in 50ms"},
		{"GET", "/long", time.Hour, "longer than 64 MiB"},
	} {
		var later *Later
		if _, err := get(c.method, c.path, c.limit); !errors.As(err, &later) || !strings.Contains(later.Reason, c.why) {
			t.Errorf("%s %s: %v", c.method, c.path, err)
		}
	}
	if text, err := get("POST", "/", time.Hour); err != nil || text != "[]" { // the writers after it are not held up
		t.Errorf("%q, %v", text, err)
	}
}
