package cloud

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Duration is a time.Duration that JSON writes as "1.5s".
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(b []byte) error {
	parsed, err := time.ParseDuration(string(b))
	*d = Duration(parsed)
	return err
}

// Faults say how awkward the cloud is. The zero value is a healthy cloud.
type Faults struct {
	Latency       Duration `json:"latency,omitzero"`        // before every answer
	EventualReads int      `json:"eventual_reads,omitzero"` // so many reads of a new object answer 404
	EventualFor   Duration `json:"eventual_for,omitzero"`   // reads of a new object answer 404 for so long
	PerSecond     float64  `json:"per_second,omitzero"`     // more requests than that get 429
	Rules         []Rule   `json:"rules,omitempty"`         // the first that matches fires
}

// Rule makes requests fail or hang. To let the third create fail: {Op: "create", Skip: 2, Status: 500}. To let one succeed
// without its caller knowing: {Op: "create", After: true, Status: 500}. To limit: {Times: 5, Status: 429, RetryAfter: 1}.
type Rule struct {
	Op         string   `json:"op,omitempty"`         // create, read, list, update or delete; "" for any
	Kind       string   `json:"kind,omitempty"`       // "" for any
	Name       string   `json:"name,omitempty"`       // the object's name; "" for any
	Skip       int      `json:"skip,omitzero"`        // so many requests that match pass first
	Times      int      `json:"times,omitzero"`       // then so many are hit: 0 for one, negative for all
	Delay      Duration `json:"delay,omitzero"`       // they wait so long
	After      bool     `json:"after,omitzero"`       // they are carried out first, then wait or fail
	Status     int      `json:"status,omitzero"`      // and fail with this HTTP status; 0: they do not fail
	RetryAfter int      `json:"retry_after,omitzero"` // seconds, the header of 429 and 503
}

// failure is the answer that the rule gives, or nil.
func (r Rule) failure() error {
	switch r.Status {
	case 0:
		return nil
	case http.StatusTooManyRequests:
		return limited(r.RetryAfter)
	}
	return &Failure{Status: r.Status, RetryAfter: r.RetryAfter, Code: "Injected", Message: http.StatusText(r.Status)}
}

func (r Rule) matches(op, kind, name string) bool {
	fits := func(want, have string) bool { return want == "" || want == have }
	return fits(r.Op, op) && fits(r.Kind, kind) && fits(r.Name, name)
}

// injector decides which request meets which fault.
type injector struct {
	mu      sync.Mutex
	faults  Faults
	limiter *rate.Limiter
}

func newInjector(f Faults) *injector {
	i := &injector{}
	i.set(f)
	return i
}

func (i *injector) set(f Faults) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f.Rules = slices.Clone(f.Rules)
	for n := range f.Rules {
		if f.Rules[n].Times == 0 {
			f.Rules[n].Times = 1
		}
	}
	i.faults, i.limiter = f, nil
	if f.PerSecond > 0 {
		i.limiter = rate.NewLimiter(rate.Limit(f.PerSecond), max(1, int(f.PerSecond)))
	}
}

func (i *injector) current() Faults {
	i.mu.Lock()
	defer i.mu.Unlock()
	f := i.faults
	f.Rules = slices.Clone(f.Rules)
	return f
}

// throttled reports whether one more request is too many.
func (i *injector) throttled() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.limiter != nil && !i.limiter.Allow()
}

// next returns the rule that this request meets, or one that does nothing, and counts it.
func (i *injector) next(op, kind, name string) Rule {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := range i.faults.Rules {
		r := &i.faults.Rules[n]
		switch {
		case !r.matches(op, kind, name):
			continue
		case r.Skip > 0:
			r.Skip--
			continue
		}
		hit := *r
		if r.Times--; r.Times == 0 {
			i.faults.Rules = slices.Delete(i.faults.Rules, n, n+1)
		}
		return hit
	}
	return Rule{}
}

// hiding is how long a new object stays unseen.
type hiding struct {
	reads int
	until time.Time
}

// hide makes a new object unseen as the faults want it.
func (c *Cloud) hide(id string) {
	if f := c.faults.current(); f.EventualReads > 0 || f.EventualFor > 0 {
		c.hidden[id] = &hiding{reads: f.EventualReads, until: time.Now().Add(time.Duration(f.EventualFor))}
	}
}

// seen reports whether a read sees the object, and counts the read.
func (c *Cloud) seen(id string) bool {
	h := c.hidden[id]
	switch {
	case h == nil:
		return true
	case h.reads > 0:
		h.reads--
		return false
	case time.Now().Before(h.until):
		return false
	}
	delete(c.hidden, id)
	return true
}
