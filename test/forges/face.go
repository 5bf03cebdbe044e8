package forges

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// face is what all faces do around their answers: git, faults, the record of requests, and the description of the API.
type face struct {
	w         *World
	prefix    string                   // of the API
	described string                   // name of its description
	path      func(path string) string // a call's path as the description knows it
	answer    func(c *call) (a raw, charged bool)
}

// ServeHTTP implements http.Handler.
func (f *face) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	if _, _, ok := gitRequest(req.URL.Path); ok && !strings.HasPrefix(req.URL.Path, f.prefix+"/") {
		f.w.serveGit(rw, req)
		return
	}
	path, ok := strings.CutPrefix(req.URL.EscapedPath(), f.prefix)
	if !ok {
		http.NotFound(rw, req)
		return
	}
	c := f.call(req, path)
	destiny, slow := f.w.fate()
	time.Sleep(slow)
	if destiny == failsBefore {
		f.w.note(Request{Method: req.Method, Path: req.URL.RequestURI(), Status: http.StatusBadGateway})
		http.Error(rw, "Bad Gateway", http.StatusBadGateway)
		return
	}
	a, charged := f.answer(c)
	f.validate(c, a)
	if destiny == failsAfter {
		a = raw{status: http.StatusServiceUnavailable, header: http.Header{"Content-Type": {"text/html"}}, body: []byte("<html>Unicorn!</html>")}
	}
	f.w.note(Request{Method: req.Method, Path: req.URL.RequestURI(), Status: a.status, Charged: charged, By: c.token.Login})
	f.w.mute(req)
	a.write(rw)
}

// call reads a request.
func (f *face) call(req *http.Request, path string) *call {
	web := "http://" + req.Host
	c := &call{w: f.w, path: path, web: web, api: web + f.prefix, body: readBody(req)}
	c.Request = req.Clone(context.WithValue(req.Context(), callKey{}, c))
	return c
}

// callKey finds the call of a request in its context.
type callKey struct{}

// route answers by a mux, which knows the call by this path; what it does not serve is not found.
func (c *call) route(mux *http.ServeMux, path string) reply {
	out := refuse(http.StatusNotFound, "Not Found")
	req := c.Clone(context.WithValue(c.Context(), replyKey{}, &out))
	req.URL.Path, _ = url.PathUnescape(path)
	req.URL.RawPath = path
	mux.ServeHTTP(discard{}, req)
	return out
}

type replyKey struct{}

// handle puts a handler that answers with a reply into a mux.
func handle(mux *http.ServeMux, pattern string, h func(c *call) reply) {
	mux.HandleFunc(pattern, func(_ http.ResponseWriter, req *http.Request) {
		c := req.Context().Value(callKey{}).(*call)
		c.Request = req
		*req.Context().Value(replyKey{}).(*reply) = h(c)
	})
}

// discard takes what a mux itself answers.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

func (f *face) validate(c *call, a raw) {
	d, err := describe(f.described)
	if err == nil {
		err = d.check(exchange{
			method: c.Method, path: f.path(c.path), query: c.URL.RawQuery, reqHeader: c.Header, reqBody: c.body,
			status: a.status, header: a.header, body: a.body,
		})
	}
	if err != nil {
		f.w.violation(err.Error())
	}
}
