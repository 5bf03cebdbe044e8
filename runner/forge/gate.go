package forge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Gate is the one way to a host's API, for all repositories of an account that share its limits. It writes one request at a time and at a pace,
// reads as many as come, asks again what a server that is not well does not answer, and turns answers that mean "not now"
// into *Later: for as long as the host asked for, nothing more is sent. It implements http.RoundTripper.
type Gate struct {
	Base     http.RoundTripper // to the network. It must not sign in by requests through the same gate
	Now      func() time.Time  // nil = time.Now
	Count    func(method string, status int)
	Patience time.Duration // with one answer, to its last byte; 0 = two minutes

	writing chan struct{} // holds one while somebody writes
	pace    *rate.Limiter
	breath  time.Duration // before a read is asked again

	mu      sync.Mutex
	budget  Budget
	strikes map[bool]int // refusals without a time in a row, of writes and of reads: the wait doubles with each
}

// The pace of writes: GitHub asks for a second between them, and allows 80 contents in a minute.
const (
	writePause = time.Second
	writeBurst = 20
)

// How long to wait where the host names no time, and whatever it or our clock says: a wrong header must not silence us for long.
const (
	firstWait = time.Minute
	mostWait  = time.Hour
)

// NewGate returns a gate to base, nil = a transport of its own that is Patient. pause is the time between writes after a burst; 0 = GitHub's second, negative = none.
func NewGate(base http.RoundTripper, pause time.Duration) *Gate {
	if base == nil {
		base = Patient()
	}
	g := &Gate{Base: base, writing: make(chan struct{}, 1), strikes: map[bool]int{}}
	switch {
	case pause == 0:
		pause = writePause
	case pause < 0:
		g.pace = rate.NewLimiter(rate.Inf, 1)
		return g
	}
	g.pace, g.breath = rate.NewLimiter(rate.Every(pause), writeBurst), pause
	return g
}

// Beside returns a gate for those whom the host counts apart: it has a budget and pauses of its own, and writes in turn with g.
func (g *Gate) Beside() *Gate {
	return &Gate{Base: g.Base, Now: g.Now, Count: g.Count, writing: g.writing, pace: g.pace, breath: g.breath, strikes: map[bool]int{}}
}

// Budget is what is left, as of the last answers.
func (g *Gate) Budget() Budget {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.budget
	if !g.now().Before(b.Paused) {
		b.Paused, b.Reason = time.Time{}, ""
	}
	return b
}

// send sends a request once.
func (g *Gate) send(req *http.Request) (*http.Response, error) {
	done, err := g.enter(req)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	defer done()
	resp, err := g.exchange(req)
	status := 0
	if resp != nil {
		status = resp.StatusCode
	}
	if g.Count != nil {
		g.Count(req.Method, status)
	}
	if err != nil {
		return nil, unreachable(req.Context(), err)
	}
	return g.judge(resp, writes(req))
}

// enter waits for a writer's turn, and refuses everybody while the gate is closed. Call done when the answer is there.
func (g *Gate) enter(req *http.Request) (done func(), err error) {
	if later := g.paused(); later != nil {
		return nil, later
	}
	if !writes(req) {
		return func() {}, nil
	}
	ctx := req.Context()
	select {
	case g.writing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	done = func() { <-g.writing }
	if err := g.pace.Wait(ctx); err != nil {
		done()
		if ctx.Err() == nil { // it would take longer than the context lasts
			err = &Later{Reason: "too much is written at once"}
		}
		return nil, err
	}
	if later := g.paused(); later != nil { // by what the writers before met
		done()
		return nil, later
	}
	return done, nil
}

func writes(req *http.Request) bool {
	return req.Method != http.MethodGet && req.Method != http.MethodHead
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// unreachable is a failure of the network; one of our own making stays what it is.
func unreachable(ctx context.Context, err error) error {
	var later *Later
	var denied *Denied
	if ctx.Err() != nil || errors.As(err, &later) || errors.As(err, &denied) {
		return err
	}
	return &Later{Reason: err.Error()}
}

func (g *Gate) now() time.Time {
	if g.Now != nil {
		return g.Now()
	}
	return time.Now()
}

// paused is the reason not to ask anything now, or nil.
func (g *Gate) paused() *Later {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.now().Before(g.budget.Paused) {
		return &Later{At: g.budget.Paused, Reason: g.budget.Reason}
	}
	return nil
}

// judge notes the rate limit, and turns an answer that means "not now" into *Later.
func (g *Gate) judge(resp *http.Response, write bool) (*http.Response, error) {
	g.note(resp.Header)
	switch {
	case resp.StatusCode >= 500:
		text := head(resp)
		at := retryAfter(resp.Header, g.now())
		if at.After(g.now()) {
			at = g.pause(at, "the server asks to wait", write)
		}
		return nil, &Later{At: at, Status: resp.StatusCode, Reason: fmt.Sprintf("the server answered %s: %s", resp.Status, text)}
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusForbidden:
		return g.limited(resp, write)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.strikes[write] = 0
	return resp, nil
}

// limited tells a rate limit from a missing permission.
func (g *Gate) limited(resp *http.Response, write bool) (*http.Response, error) {
	data, _ := io.ReadAll(resp.Body) // from memory
	at, reason := retryAfter(resp.Header, g.now()), ""
	text := strings.ToLower(string(data))
	switch {
	case resp.Header.Get("X-Ratelimit-Remaining") == "0" && at.IsZero():
		reason, at = "the rate limit is used up", g.Budget().Reset
	case strings.Contains(text, "secondary rate limit"), strings.Contains(text, "abuse detection"):
		reason = "the secondary rate limit was met"
	case !at.IsZero(), resp.StatusCode == http.StatusTooManyRequests:
		reason = "too many requests"
	default:
		resp.Body = io.NopCloser(bytes.NewReader(data))
		return resp, nil
	}
	return nil, &Later{At: g.pause(at, reason, write), Reason: reason}
}

// pause closes the gate until a time, or for a while that doubles each time where there is none, and says until when.
func (g *Gate) pause(at time.Time, reason string, write bool) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if !at.After(now) {
		at = now.Add(min(firstWait<<min(g.strikes[write], 10), mostWait))
		g.strikes[write]++
	}
	if at.After(now.Add(mostWait)) {
		at = now.Add(mostWait)
	}
	if at.After(g.budget.Paused) {
		g.budget.Paused, g.budget.Reason = at, reason
	}
	return at
}

// note keeps what the headers say of the primary limit.
func (g *Gate) note(h http.Header) {
	limit, err := strconv.Atoi(h.Get("X-Ratelimit-Limit"))
	if resource := h.Get("X-Ratelimit-Resource"); err != nil || resource != "" && resource != "core" { // searches have limits of their own
		return
	}
	remaining, _ := strconv.Atoi(h.Get("X-Ratelimit-Remaining"))
	reset, _ := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.budget.Limit, g.budget.Remaining, g.budget.Reset = limit, remaining, time.Unix(reset, 0)
}

// retryAfter reads Retry-After: seconds or a date; zero = not there.
func retryAfter(h http.Header, now time.Time) time.Time {
	value := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return now.Add(time.Duration(seconds) * time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return at
	}
	return time.Time{}
}

// head is the beginning of a body, for people.
func head(resp *http.Response) string {
	data, _ := io.ReadAll(io.LimitReader(resp.Body, 300))
	_ = resp.Body.Close()
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(data), "?")), " ")
}
