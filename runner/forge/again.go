package forge

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// readTries is how often a read is sent that meets a server which is not well. What takes many reads, such as a list of many
// pages, would otherwise have to begin again at the first of them, and never come to its end where one in a few fails.
const readTries = 3

// RoundTrip implements http.RoundTripper.
func (g *Gate) RoundTrip(req *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		resp, err := g.send(req)
		if err == nil || try == readTries || writes(req) || !unwell(err) || !sleep(req.Context(), g.breath) {
			return resp, err
		}
	}
}

// unwell reports whether a server that others stand behind had no answer: another may have one. A server that fails by itself
// would again.
func unwell(err error) bool {
	var later *Later
	return errors.As(err, &later) && later.At.IsZero() && later.Status > http.StatusInternalServerError
}

// sleep waits, and is false when ctx is done.
func sleep(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	return ctx.Err() == nil
}
