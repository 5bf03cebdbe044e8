package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// readyFor is how long an answer about readiness is given again: whoever asks must not make work.
const readyFor = time.Second

// readiness answers whether driftless does its work: 200 and "ready", or 503 and what is not ready, a line each.
type readiness struct {
	unready func(context.Context) []string

	mu    sync.Mutex
	asked time.Time
	why   []string
}

// ServeHTTP implements http.Handler.
func (a *readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	why := a.ask(context.WithoutCancel(r.Context())) // for the others that wait as well
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if len(why) == 0 {
		_, _ = fmt.Fprintln(w, "ready")
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = fmt.Fprintln(w, "not ready: "+strings.Join(why, "\nnot ready: "))
}

func (a *readiness) ask(ctx context.Context) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Since(a.asked) >= readyFor {
		a.why = a.unready(ctx)
		a.asked = time.Now()
	}
	return a.why
}
