package runner

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// The times between attempts to begin.
const (
	firstAwait = 200 * time.Millisecond
	lastAwait  = 5 * time.Second
)

// AwaitStore does what a process needs of its database before it can begin, again and again while that is away or kept busy by
// others: whoever starts both at once need not care which is there first. It ends with the last error when ctx is done, when
// patience is over, unless that is 0, and at once when waiting does not help.
func AwaitStore(ctx context.Context, logger *slog.Logger, patience time.Duration, f func() error) error {
	begin := time.Now()
	for wait := firstAwait; ; wait = min(2*wait, lastAwait) {
		err := f()
		if err == nil || ctx.Err() != nil || !passes(err) || patience > 0 && time.Since(begin) > patience {
			return err
		}
		logger.Warn("driftless waits for its database to begin", "error", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait/2 + rand.N(wait)): // others begin at the same time
		}
	}
}

// passes reports whether a fault of the store goes away by itself.
func passes(err error) bool {
	var unproved *tls.CertificateVerificationError
	if errors.As(err, &unproved) {
		return false // somebody must see to that
	}
	return errors.Is(err, ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}

// await is AwaitStore for what this process begins with. A single pass waits so long in all.
func (r *Runner) await(ctx context.Context, f func() error) error {
	patience := time.Duration(0)
	if r.passing.Load() {
		patience = max(passPatience-time.Since(r.passBegan), time.Nanosecond)
	}
	return AwaitStore(ctx, r.log, patience, f)
}
