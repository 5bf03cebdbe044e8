package forge

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Limits of an answer. A page of a hundred comments that are all as long as a forge lets them be stays below.
const (
	patience  = 2 * time.Minute
	maxAnswer = 64 << 20 // bytes
)

var errTooLong = fmt.Errorf("the answer is longer than %d MiB", maxAnswer>>20)

// exchange sends a request and returns its answer with all of the body in memory: whoever reads it waits for nobody. A server
// that sends a byte now and then for ever is given up; one that waits for it would stop all others of its repository.
func (g *Gate) exchange(req *http.Request) (*http.Response, error) {
	limit := cmp.Or(g.Patience, patience)
	ctx, cancel := context.WithTimeoutCause(req.Context(), limit, fmt.Errorf("there was no whole answer in %s", limit))
	defer cancel()
	atWrite("before", req)
	resp, err := g.Base.RoundTrip(req.WithContext(ctx))
	atWrite("after", req)
	if err != nil {
		return nil, orCause(ctx, err)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	_ = resp.Body.Close()
	switch {
	case err != nil:
		return nil, orCause(ctx, err)
	case len(data) > maxAnswer:
		return nil, errTooLong
	}
	resp.Request, resp.Body = req, io.NopCloser(bytes.NewReader(data))
	return resp, nil
}

// orCause is why ctx ended where that is why something failed.
func orCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.DeadlineExceeded) {
		return cause
	}
	return err
}
