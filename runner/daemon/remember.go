package daemon

import (
	"context"
	"sync"
	"time"
)

// secretAge is for how long a secret is taken to be what it was.
const secretAge = 10 * time.Second

// remember makes a secret be read at most once in secretAge, also when that fails: it may be the output of a program, and
// anybody may send what is checked with it.
func remember(read func(context.Context) (string, error)) func(context.Context) (string, error) {
	var mu sync.Mutex
	var value string
	var failed error
	var at time.Time
	return func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if at.IsZero() || time.Since(at) >= secretAge {
			value, failed = read(ctx)
			at = time.Now()
		}
		return value, failed
	}
}
