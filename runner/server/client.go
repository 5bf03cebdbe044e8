package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
)

// Client asks the API: of a running driftless over its socket, or of a store in this process.
type Client struct {
	http *http.Client
}

// Dial returns a client of the API that listens on a Unix socket.
func Dial(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}
	return &Client{http: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Local returns a client of an API in this process, for when no driftless is running.
func Local(api http.Handler, actor string) *Client {
	return &Client{http: &http.Client{Transport: local{api, actor}}}
}

// local answers requests without a network.
type local struct {
	api   http.Handler
	actor string
}

func (l local) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	l.api.ServeHTTP(w, r.WithContext(WithActor(r.Context(), l.actor)))
	return w.Result(), nil
}

// ErrMissing is an answer 404.
var ErrMissing = errors.New("not found")

// Get asks for a path with query parameters and decodes the JSON answer into value.
func (c *Client) Get(ctx context.Context, path string, query url.Values, value any) error {
	data, err := c.do(ctx, http.MethodGet, path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, value)
}

// Raw asks for a path and returns the body.
func (c *Client) Raw(ctx context.Context, path string) ([]byte, error) {
	return c.do(ctx, http.MethodGet, path, nil)
}

// Post sends a command and returns the runs that it queued.
func (c *Client) Post(ctx context.Context, path string, body any) (runs []RunView, err error) {
	err = c.Do(ctx, path, body, &runs)
	return runs, err
}

// Do sends a command and decodes the JSON answer into value.
func (c *Client) Do(ctx context.Context, path string, body, value any) error {
	data, err := c.Send(ctx, path, body)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, value)
}

// Send sends a command and returns its answer as it is.
func (c *Client) Send(ctx context.Context, path string, body any) ([]byte, error) {
	sent, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return c.do(ctx, http.MethodPost, path, sent)
}

func (c *Client) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://driftless"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode == http.StatusOK {
		return data, err
	}
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(data, &said) != nil || said.Error == "" {
		said.Error = fmt.Sprintf("%s %s: %s", method, path, res.Status)
	}
	if res.StatusCode == http.StatusNotFound {
		return nil, fmt.Errorf("%s: %w", said.Error, ErrMissing)
	}
	return nil, errors.New(said.Error)
}
