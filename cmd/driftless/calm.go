package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// calmTime is for how long a warning that was just given is not given again, but counted.
const calmTime = 30 * time.Second

// calm is a handler of log records. What goes wrong again and again, as everything does that needs a database or a forge which
// is down, is said once in a while, with how often it was met: a log that repeats it each moment hides what else there is.
// Records of the same level and message about the same thing are the same, whatever their errors say; those without an
// error tell of something that happened, and all of them are passed on.
type calm struct {
	slog.Handler
	about string // what the logger is about
	said  *said
}

// said is what was passed on.
type said struct {
	mu   sync.Mutex
	last map[string]*saying
}

type saying struct {
	at    time.Time
	again int // how often it was met since
}

func newCalm(h slog.Handler) *calm {
	return &calm{Handler: h, said: &said{last: map[string]*saying{}}}
}

// Handle implements slog.Handler.
func (c *calm) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		if key := c.key(r); key != "" {
			again, due := c.said.met(key, r.Time)
			if !due {
				return nil
			}
			if again > 0 {
				r = r.Clone()
				r.AddAttrs(slog.Int("met_again", again))
			}
		}
	}
	return c.Handler.Handle(ctx, r)
}

// key says what a record is about; "" when it has no error.
func (c *calm) key(r slog.Record) string {
	var key strings.Builder
	failed := false
	fmt.Fprintf(&key, "%s %q%s", r.Level, r.Message, c.about)
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "error":
			failed = true
		case "attempt", "trace_id": // of each one
		default:
			fmt.Fprintf(&key, " %s=%q", a.Key, a.Value)
		}
		return true
	})
	if !failed {
		return ""
	}
	return key.String()
}

// met counts what is met, and reports whether it is due to be said, and how often it was met since it was said last.
func (s *said) met(key string, at time.Time) (again int, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.last[key]
	if last != nil && at.Sub(last.at) < calmTime {
		last.again++
		return 0, false
	}
	if last != nil {
		again = last.again
	}
	for key, one := range s.last {
		if at.Sub(one.at) > 2*calmTime {
			delete(s.last, key)
		}
	}
	s.last[key] = &saying{at: at}
	return again, true
}

// WithAttrs implements slog.Handler.
func (c *calm) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &calm{Handler: c.Handler.WithAttrs(attrs), about: c.about + fmt.Sprintf(" %v", attrs), said: c.said}
}

// WithGroup implements slog.Handler.
func (c *calm) WithGroup(name string) slog.Handler {
	return &calm{Handler: c.Handler.WithGroup(name), about: c.about + " " + name, said: c.said}
}
