package forge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// answers is a network whose server gives one answer after the other, and the last one for ever.
type answers struct {
	mu    sync.Mutex
	list  []answer
	asked int
}

type answer struct {
	status int
	header map[string]string
	body   string
	err    error
}

func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	one := a.list[min(a.asked, len(a.list)-1)]
	a.asked++
	if one.err != nil {
		return nil, one.err
	}
	header := http.Header{}
	for name, value := range one.header {
		header.Set(name, value)
	}
	return &http.Response{StatusCode: one.status, Status: fmt.Sprint(one.status), Header: header, Body: io.NopCloser(strings.NewReader(one.body)), Request: req}, nil
}

// gateAt is a gate to a server that answers so, with a clock.
func gateAt(now *time.Time, list ...answer) (*Gate, *answers) {
	server := &answers{list: list}
	g := NewGate(server, -1)
	g.Now = func() time.Time { return *now }
	return g, server
}

func ask(t *testing.T, g *Gate, method string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://forge.example/x", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	return g.RoundTrip(req)
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestGateTurnsNotNowIntoLater(t *testing.T) {
	t.Parallel()
	reset := func(after time.Duration) string { return fmt.Sprint(noon.Add(after).Unix()) }
	secondary := `{"message":"You have exceeded a secondary rate limit. Please wait."}`
	for name, c := range map[string]struct {
		answer answer
		wait   time.Duration // until this, nothing is asked; 0 = the gate stays open
	}{
		"primary limit":             {answer{status: 403, header: map[string]string{"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset(20 * time.Minute)}}, 20 * time.Minute},
		"primary limit, 429":        {answer{status: 429, header: map[string]string{"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset(time.Minute)}}, time.Minute},
		"primary limit, our clock":  {answer{status: 403, header: map[string]string{"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset(-time.Hour)}}, time.Minute},
		"far future":                {answer{status: 429, header: map[string]string{"Retry-After": "999999"}}, time.Hour},
		"secondary, Retry-After":    {answer{status: 403, header: map[string]string{"Retry-After": "90"}, body: secondary}, 90 * time.Second},
		"secondary, no Retry-After": {answer{status: 403, header: map[string]string{"X-RateLimit-Remaining": "4000"}, body: secondary}, time.Minute},
		"429":                       {answer{status: 429}, time.Minute},
		"429 with a date":           {answer{status: 429, header: map[string]string{"Retry-After": noon.Add(2 * time.Minute).Format(http.TimeFormat)}}, 2 * time.Minute},
		"503 with Retry-After":      {answer{status: 503, header: map[string]string{"Retry-After": "30"}}, 30 * time.Second},
		"503 with Retry-After: 0":   {answer{status: 503, header: map[string]string{"Retry-After": "0"}}, 0},
		"500":                       {answer{status: 500, body: "<html>a panic\n of ours</html>"}, 0},
		"network":                   {answer{err: errors.New("connection refused")}, 0},
	} {
		now := noon
		g, server := gateAt(&now, c.answer, answer{status: 200})
		var later *Later
		if _, err := ask(t, g, http.MethodGet); !errors.As(err, &later) || later.Reason == "" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.wait > 0 && !later.At.Equal(noon.Add(c.wait)) {
			t.Errorf("%s: until %s", name, later.At)
		}
		now = noon.Add(c.wait - time.Second)
		if c.wait > 0 {
			if _, err := ask(t, g, http.MethodPost); !errors.As(err, &later) || server.asked != 1 || g.Budget().Reason == "" {
				t.Errorf("%s: asked again too early: %v", name, err)
			}
		}
		now = noon.Add(c.wait)
		resp, err := ask(t, g, http.MethodPost)
		if err != nil || resp.StatusCode != 200 || !g.Budget().Paused.IsZero() {
			t.Errorf("%s: after the wait: %v %+v", name, err, g.Budget())
		}
	}
}

func TestGateKeepsTheBodyOfARefusal(t *testing.T) {
	t.Parallel()
	now := noon
	g, _ := gateAt(&now, answer{status: 403, header: map[string]string{"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4999", "X-RateLimit-Reset": "1"}, body: "Resource not accessible"})
	resp, err := ask(t, g, http.MethodGet)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 403 || string(body) != "Resource not accessible" || g.Budget().Remaining != 4999 || !g.Budget().Paused.IsZero() {
		t.Errorf("%d %q %+v", resp.StatusCode, body, g.Budget())
	}
}

func TestGateWaitsLongerEachTime(t *testing.T) {
	t.Parallel()
	now := noon
	limited := answer{status: 403, body: "secondary rate limit"}
	g, _ := gateAt(&now, limited, answer{status: 200}, limited, limited, answer{status: 200}, limited)
	var waits []time.Duration
	for _, method := range []string{"POST", "GET", "POST", "POST", "POST", "POST"} {
		var later *Later
		if _, err := ask(t, g, method); errors.As(err, &later) {
			waits = append(waits, later.At.Sub(now))
			now = later.At
		}
	}
	// A read that is answered says nothing about writes; a write that is ends the series.
	want := []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, time.Minute}
	if fmt.Sprint(waits) != fmt.Sprint(want) {
		t.Errorf("%v", waits)
	}
}

// slow is a network that counts who is on it at once.
type slow struct{ now, most, reads atomic.Int32 }

func (s *slow) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet {
		s.reads.Add(1)
	} else {
		if n := s.now.Add(1); n > s.most.Load() {
			s.most.Store(n)
		}
		time.Sleep(time.Millisecond)
		s.now.Add(-1)
	}
	return &http.Response{StatusCode: 200, Body: http.NoBody, Header: http.Header{}}, nil
}

func TestGateLetsOneWriteAtATime(t *testing.T) {
	t.Parallel()
	server := &slow{}
	g := NewGate(server, -1)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() { _, _ = ask(t, g, http.MethodPatch) })
		all.Go(func() { _, _ = ask(t, g, http.MethodGet) })
	}
	all.Wait()
	if server.most.Load() != 1 || server.reads.Load() != 10 {
		t.Errorf("%d writes at once, %d reads", server.most.Load(), server.reads.Load())
	}
}

func TestGateWaitsNoLongerThanItsCaller(t *testing.T) {
	t.Parallel()
	g := NewGate(&slow{}, -1)
	g.writing <- struct{}{} // somebody writes and does not come to an end
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://forge.example", nil)
	if _, err := g.RoundTrip(req); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAGateBesideWritesInTurnAndPausesByItself(t *testing.T) {
	t.Parallel()
	now := noon
	g, _ := gateAt(&now, answer{status: 429}, answer{status: 200})
	beside := g.Beside()
	if _, err := ask(t, g, http.MethodGet); err == nil || beside.Budget().Reason != "" {
		t.Errorf("%v, %+v", err, beside.Budget())
	}
	if _, err := ask(t, beside, http.MethodPost); err != nil {
		t.Error(err)
	}
	g.writing <- struct{}{} // somebody writes
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://forge.example", nil)
	if _, err := beside.RoundTrip(req); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestGateCountsEveryAnswer(t *testing.T) {
	t.Parallel()
	now := noon
	g, _ := gateAt(&now, answer{status: 304}, answer{status: 502}, answer{status: 500}, answer{err: errors.New("no route")})
	var seen []string
	g.Count = func(method string, status int) { seen = append(seen, fmt.Sprint(method, " ", status)) }
	for range 3 {
		_, _ = ask(t, g, http.MethodGet)
	}
	if got := strings.Join(seen, ", "); got != "GET 304, GET 502, GET 500, GET 0" {
		t.Error(got)
	}
}

func TestGateAsksAgainWhatAServerBehindDidNotAnswer(t *testing.T) {
	t.Parallel()
	bad := answer{status: 502, body: "<html>bad\n gateway</html>"}
	for name, c := range map[string]struct {
		method string
		list   []answer
		asked  int
		well   bool
	}{
		"a read":                      {"GET", []answer{bad, {status: 503}, {status: 200}}, 3, true},
		"a read, in vain":             {"GET", []answer{bad}, readTries, false},
		"a write may have had effect": {"POST", []answer{bad, {status: 200}}, 1, false},
		"a server that asks to wait":  {"GET", []answer{{status: 503, header: map[string]string{"Retry-After": "30"}}, {status: 200}}, 1, false},
		"a server that fails itself":  {"GET", []answer{{status: 500}, {status: 200}}, 1, false},
		"no server":                   {"GET", []answer{{err: errors.New("no route")}, {status: 200}}, 1, false},
	} {
		now := noon
		g, server := gateAt(&now, c.list...)
		var later *Later
		_, err := ask(t, g, c.method)
		if server.asked != c.asked || (err == nil) != c.well || err != nil && !errors.As(err, &later) {
			t.Errorf("%s: asked %d times: %v", name, server.asked, err)
		}
	}
}
