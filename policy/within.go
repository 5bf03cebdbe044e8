package policy

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// grace is how long opa may take to notice that a context has ended.
const grace = 5 * time.Second

// within calls f and gives it up some time after ctx has ended: opa looks at its context between expressions and in most of
// the functions that can take long, but not in all, and a runner must not hang on a policy. What is given up goes on in
// vain until its function returns.
func within[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	var none T
	if ctx.Err() != nil {
		return none, fmt.Errorf("stopped: %w", context.Cause(ctx))
	}
	ended := make(chan outcome, 1)
	go func() {
		var o outcome
		o.err = guard(func() (err error) { o.value, err = f(); return err })
		ended <- o
	}()
	select {
	case o := <-ended:
		return o.value, o.err
	case <-ctx.Done():
	}
	select {
	case o := <-ended:
		return o.value, o.err
	case <-time.After(grace):
		return none, fmt.Errorf("stopped: %w; a function that cannot be stopped still runs", context.Cause(ctx))
	}
}

// guard turns a panic into an error: policies are other people's programs, and one that trips opa must fail alone.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("opa failed on this policy: %s", strings.TrimSpace(fmt.Sprint(p)))
		}
	}()
	return f()
}
