package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// client calls the cloud's API.
type client struct {
	endpoint, token, run string
	timeout              time.Duration
}

// object is an object as the API returns it.
type object struct {
	ID         string         `json:"id"`
	Attributes map[string]any `json:"attributes"`
}

// apiError is an answer of the API that is not success.
type apiError struct {
	Status  int
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *apiError) Error() string {
	return fmt.Sprintf("the cloud answered %d %s: %s", e.Status, e.Code, e.Message)
}

func isNotFound(err error) bool {
	e, ok := errors.AsType[*apiError](err)
	return ok && e.Status == http.StatusNotFound
}

// create makes an object. It is never tried again, except when throttled: the cloud would make another one.
func (c *client) create(ctx context.Context, kind string, attributes map[string]any) (object, error) {
	var o object
	err := c.call(ctx, http.MethodPost, "/v1/"+kind, attributes, &o)
	if e, ok := errors.AsType[*apiError](err); ok && e.Status < 500 {
		return o, err
	} else if err != nil {
		return o, fmt.Errorf("%w\n\nWhether the %s was made is unknown: look for it by its name before trying again", err, kind)
	}
	return o, nil
}

// await waits until reads see a new object, and returns what they see.
func (c *client) await(ctx context.Context, kind, id string) (object, error) {
	o, err := backoff.Retry(ctx, func() (object, error) {
		o, err := c.read(ctx, kind, id)
		if err != nil && !isNotFound(err) {
			err = backoff.Permanent(err)
		}
		return o, err
	}, c.patience()...)
	if isNotFound(err) {
		err = fmt.Errorf("%s %s was made and cannot be read after %s: %w", kind, id, c.timeout, err)
	}
	return o, err
}

func (c *client) read(ctx context.Context, kind, id string) (object, error) {
	var o object
	err := c.call(ctx, http.MethodGet, "/v1/"+kind+"/"+url.PathEscape(id), nil, &o)
	return o, err
}

func (c *client) update(ctx context.Context, kind, id string, attributes map[string]any) (object, error) {
	var o object
	err := c.call(ctx, http.MethodPatch, "/v1/"+kind+"/"+url.PathEscape(id), attributes, &o)
	return o, err
}

// remove deletes an object; one that is gone already is fine.
func (c *client) remove(ctx context.Context, kind, id string) error {
	err := c.call(ctx, http.MethodDelete, "/v1/"+kind+"/"+url.PathEscape(id), nil, nil)
	if isNotFound(err) {
		return nil
	}
	return err
}

func (c *client) byName(ctx context.Context, kind, name string) ([]object, error) {
	var found struct {
		Objects []object `json:"objects"`
	}
	err := c.call(ctx, http.MethodGet, "/v1/"+kind+"?name="+url.QueryEscape(name), nil, &found)
	return found.Objects, err
}

// patience is how anything is tried again.
func (c *client) patience() []backoff.RetryOption {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval = 20*time.Millisecond, 2*time.Second
	return []backoff.RetryOption{backoff.WithBackOff(b), backoff.WithMaxElapsedTime(c.timeout)}
}

// call makes one call, again and again while the cloud says that it did nothing (429, 503), or when it only reads.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		retryAfter, err := c.once(ctx, method, path, in, out)
		e, answered := errors.AsType[*apiError](err)
		switch {
		case err == nil:
		case answered && (e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable):
			if retryAfter > 0 {
				err = fmt.Errorf("%w (%w)", err, &backoff.RetryAfterError{Duration: retryAfter})
			}
		case method != http.MethodGet || (answered && e.Status < 500):
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, c.patience()...)
	return err
}

// once makes one request. retryAfter is what the answer says.
func (c *client) once(ctx context.Context, method, path string, in, out any) (retryAfter time.Duration, err error) {
	req, err := c.request(ctx, method, path, in)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("reach the cloud: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, fmt.Errorf("read the cloud's answer: %w", err)
	}
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	return time.Duration(seconds) * time.Second, decode(resp.StatusCode, data, out)
}

// request makes a request; in is its body, nil for none.
func (c *client) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(c.endpoint, "/")+path, body)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.run != "" {
		req.Header.Set("X-Run", c.run)
	}
	return req, nil
}

// decode reads an answer, or the error that it is.
func decode(status int, data []byte, out any) error {
	if status >= 300 {
		failure := struct {
			Error *apiError `json:"error"`
		}{&apiError{}}
		if json.Unmarshal(data, &failure) != nil || failure.Error == nil {
			failure.Error = &apiError{Message: string(data)}
		}
		failure.Error.Status = status
		return failure.Error
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("decode the cloud's answer: %w", err)
	}
	return nil
}
