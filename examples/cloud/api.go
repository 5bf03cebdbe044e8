package cloud

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// maxBody is the size limit of a request, in bytes.
const maxBody = 1 << 20

// request is a call of the API, read and checked.
type request struct {
	op, kind, id string
	attributes   map[string]any
	name         string // of the object it is about, for rules
	run          string
}

func (c *Cloud) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/{kind}", c.serve("create", http.StatusCreated, c.doCreate))
	mux.HandleFunc("GET /v1/{kind}", c.serve("list", http.StatusOK, c.doList))
	mux.HandleFunc("GET /v1/{kind}/{id}", c.serve("read", http.StatusOK, c.doRead))
	mux.HandleFunc("PATCH /v1/{kind}/{id}", c.serve("update", http.StatusOK, c.doUpdate))
	mux.HandleFunc("DELETE /v1/{kind}/{id}", c.serve("delete", http.StatusNoContent, c.doDelete))
	mux.HandleFunc("GET /v1/image", c.serve("list", http.StatusOK, c.doImage))
	c.adminRoutes(mux)
	return mux
}

// ServeHTTP implements http.Handler.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	want := "Bearer " + c.token
	if c.token != "" && subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(want)) != 1 {
		answer(w, http.StatusUnauthorized, nil, &Failure{Status: http.StatusUnauthorized, Code: "Unauthorized", Message: "the token is missing or wrong"})
		return
	}
	c.mux.ServeHTTP(w, r)
}

func (c *Cloud) doCreate(r request) (any, error) {
	o, err := c.create(r.kind, r.attributes, r.run)
	return o.shown(), err
}

func (c *Cloud) doRead(r request) (any, error) {
	o, err := c.read(r.kind, r.id)
	return o.shown(), err
}

func (c *Cloud) doUpdate(r request) (any, error) {
	o, err := c.update(r.kind, r.id, r.attributes, r.run)
	return o.shown(), err
}

func (c *Cloud) doDelete(r request) (any, error) { return nil, c.remove(r.kind, r.id, r.run) }

func (c *Cloud) doImage(r request) (any, error) { return c.latestImage(r.name) }

func (c *Cloud) doList(r request) (any, error) {
	objects := []Object{}
	for _, o := range c.search(r.kind, r.name) {
		objects = append(objects, o.shown())
	}
	return map[string]any{"objects": objects}, nil
}

// serve carries a request out between the faults that it meets. It does not answer when the cloud is closed meanwhile.
func (c *Cloud) serve(op string, status int, do func(request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		req, err := c.parse(op, w, r)
		if err != nil {
			answer(w, 0, nil, err)
			return
		}
		wait(r.Context(), c.faults.current().Latency)
		var body any
		if c.faults.throttled() {
			err = limited(1)
		} else {
			body, err = c.meet(r.Context(), req, do)
		}
		if r.Context().Err() != nil {
			panic(http.ErrAbortHandler)
		}
		answer(w, status, body, err)
	}
}

// meet carries a request out before or after the rule it meets. A caller that hangs up while it waits before is too early:
// nothing happens.
func (c *Cloud) meet(ctx context.Context, req request, do func(request) (any, error)) (any, error) {
	rule := c.faults.next(req.op, req.kind, req.name)
	if rule.After {
		body, err := do(req)
		wait(ctx, rule.Delay)
		if broken := rule.failure(); broken != nil {
			return nil, broken
		}
		return body, err
	}
	if !wait(ctx, rule.Delay) {
		return nil, ctx.Err()
	}
	if broken := rule.failure(); broken != nil {
		return nil, broken
	}
	return do(req)
}

// parse reads a request. The name that rules match is the one that the object has, or is to have.
func (c *Cloud) parse(op string, w http.ResponseWriter, r *http.Request) (request, error) {
	req := request{op: op, kind: r.PathValue("kind"), id: r.PathValue("id"), run: r.Header.Get("X-Run")}
	if req.kind == "" { // the route of images has none
		req.kind, req.name = "image", r.URL.Query().Get("family")
		return req, nil
	}
	if _, ok := kinds[req.kind]; !ok {
		return req, notFound("no kind %q", req.kind)
	}
	switch op {
	case "create", "update":
		if err := decode(w, r, &req.attributes); err != nil {
			return req, err
		}
		req.name, _ = req.attributes["name"].(string)
	case "list":
		req.name = r.URL.Query().Get("name")
	}
	if req.id != "" {
		c.mu.Lock()
		o, _ := c.state.find(req.kind, req.id)
		c.mu.Unlock()
		req.name = o.Name()
	}
	return req, nil
}

// wait waits, and reports whether the caller did too.
func wait(ctx context.Context, d Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Duration(d)):
		return true
	}
}

// decode reads a JSON body, and nothing after it.
func decode(w http.ResponseWriter, r *http.Request, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return invalid("read request body: %s", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalid("read request body: there is something after the JSON value")
	}
	return nil
}

// answer writes a result, or the failure if there is an error.
func answer(w http.ResponseWriter, status int, body any, err error) {
	if err != nil {
		f := failure(err)
		status, body = f.Status, map[string]any{"error": f}
		if f.Status == http.StatusTooManyRequests || f.Status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
	}
	if body == nil {
		w.WriteHeader(status)
		return
	}
	data, err := json.Marshal(body)
	if err != nil {
		http.Error(w, fmt.Sprintf("encode answer: %s", err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // the caller may be gone
}
