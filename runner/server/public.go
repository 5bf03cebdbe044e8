package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// Hook takes a webhook that was delivered. An error says that it is not authentic or not understood. It returns at once:
// what it leads to happens later.
type Hook func(header http.Header, body []byte) error

// PublicOptions of a Public.
type PublicOptions struct {
	Hooks   map[string]Hook // by the name of the forge's block: what is not there takes none
	Metrics http.Handler    // nil: none are shown
	// Unready says what keeps driftless from its work, in words for anybody; nil: it is not asked for.
	Unready   func(context.Context) []string
	Delivered func(forge, outcome string) // counts webhooks; may be nil
	Logger    *slog.Logger
}

// Public is what driftless answers on a network: webhooks, which only wake the poll, metrics, and whether it is there and ready. It
// speaks plain HTTP, gives nothing of pull requests, plans or states away, and costs the same for whoever asks.
type Public struct {
	opts   PublicOptions
	mux    *http.ServeMux
	taking chan struct{}  // one per webhook that is being understood
	warned rate.Sometimes // refusals are logged, but nobody can fill a disk with them
}

// Limits of webhooks. GitHub sends at most 25 MiB, but what driftless looks at stands in a few KiB; longer ones are lost, and
// the poll finds out what they said.
const (
	maxHook     = 5 << 20 // bytes
	hooksAtOnce = 16
)

// NewPublic returns the handler.
func NewPublic(opts PublicOptions) *Public {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Delivered == nil {
		opts.Delivered = func(string, string) {}
	}
	p := &Public{opts: opts, mux: http.NewServeMux(), taking: make(chan struct{}, hooksAtOnce), warned: rate.Sometimes{Interval: time.Minute}}
	p.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	if opts.Unready != nil {
		p.mux.Handle("GET /readyz", &readiness{unready: opts.Unready})
	}
	p.mux.HandleFunc("POST /webhooks/{forge}", p.webhook)
	if opts.Metrics != nil {
		p.mux.Handle("GET /metrics", opts.Metrics)
	}
	return p
}

// ServeHTTP implements http.Handler.
func (p *Public) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// Server returns a server with the time and room that its requests may take.
func (p *Public) Server() *http.Server {
	return &http.Server{
		Handler: p, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 5 * time.Second, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(p.opts.Logger.Handler(), slog.LevelDebug),
	}
}

// unsigned is all that is said of a delivery that is not authentic: which part of it is wrong is told nobody.
const unsigned = "driftless does not take this webhook: its signature is missing, or not by the webhook_secret of this forge block. Set the same secret at both; driftless's log says more."

// webhook takes a delivery. Whether it is authentic is asked of all of it.
func (p *Public) webhook(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("forge")
	hook := p.opts.Hooks[name]
	if hook == nil {
		http.NotFound(w, r)
		return
	}
	outcome, status := p.deliver(w, r, name, hook)
	p.opts.Delivered(name, outcome)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "10")
	}
	switch status {
	case http.StatusAccepted:
		w.WriteHeader(status)
	case http.StatusUnauthorized:
		http.Error(w, unsigned, status)
	default:
		http.Error(w, http.StatusText(status), status)
	}
}

// deliver reads a delivery before it takes one of the places: who sends slowly holds up nobody.
func (p *Public) deliver(w http.ResponseWriter, r *http.Request, name string, hook Hook) (outcome string, status int) {
	if err := signable(r.Header); err != nil {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Second)) // its body is not waited for
		return p.refuse(r, name, err)
	}
	if r.ContentLength > maxHook {
		return "too_large", http.StatusRequestEntityTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return "too_large", http.StatusRequestEntityTooLarge
	} else if err != nil {
		return "broken", http.StatusBadRequest
	}
	select {
	case p.taking <- struct{}{}:
		defer func() { <-p.taking }()
	default:
		return "busy", http.StatusServiceUnavailable
	}
	if err := hook(r.Header, body); err != nil {
		return p.refuse(r, name, err)
	}
	return "accepted", http.StatusAccepted
}

// refuse is the outcome of a delivery that is not authentic.
func (p *Public) refuse(r *http.Request, name string, why error) (outcome string, status int) {
	p.warned.Do(func() {
		p.opts.Logger.Warn("a webhook was refused: compare its secret with that of the forge block; others of this minute are only counted",
			"forge", name, "from", r.RemoteAddr, "error", why)
	})
	return "refused", http.StatusUnauthorized
}
