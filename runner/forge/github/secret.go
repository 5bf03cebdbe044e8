package github

import (
	"context"
	"sync"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

// secretAge is how long a secret is used before it is read again.
const secretAge = 5 * time.Second

// secret is a value outside, in a file or the environment, that may change at any time.
type secret[T any] struct {
	what string
	read func(context.Context) (T, error)

	mu    sync.Mutex
	value T
	at    time.Time
}

// get returns the value, at most secretAge old.
func (s *secret[T]) get(ctx context.Context) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.at.IsZero() && time.Since(s.at) < secretAge {
		return s.value, nil
	}
	value, err := s.read(ctx)
	if err != nil {
		var none T
		return none, &forge.Later{Reason: "read " + s.what + ": " + err.Error()}
	}
	s.value, s.at = value, time.Now()
	return value, nil
}

// stale has the next get read it.
func (s *secret[T]) stale() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = time.Time{}
}
