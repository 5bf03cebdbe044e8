package forges

import (
	"slices"
	"testing"
	"time"
)

// Request is one that the API answered.
type Request struct {
	Method  string
	Path    string // with the query
	Status  int
	Charged bool   // it cost rate budget
	By      string // login; "" = nobody
	At      time.Time
}

// Requests returns the requests to the API, oldest first. Those of git are not among them: see GitRequests.
func (w *World) Requests() []Request {
	defer w.lock()()
	return slices.Clone(w.requests)
}

// GitRequests returns how many requests of git there were: for refs, as each ls-remote and fetch begins, and for objects.
func (w *World) GitRequests() (refs, objects int) {
	defer w.lock()()
	return w.refs, w.objects
}

// ForgetRequests begins the counts anew.
func (w *World) ForgetRequests() {
	defer w.lock()()
	w.requests, w.refs, w.objects = nil, 0, 0
}

func (w *World) noteGit(rest string) {
	defer w.lock()()
	if rest == "/info/refs" {
		w.refs++
	} else {
		w.objects++
	}
}

func (w *World) note(r Request) {
	defer w.lock()()
	r.At = w.now()
	w.requests = append(w.requests, r)
}

// violation notes that a request or an answer is not as the forge describes its API.
func (w *World) violation(what string) {
	defer w.lock()()
	w.problems = append(w.problems, what)
}

// Problems returns every request and answer that is not as the forge describes its API, and what this package could not do.
func (w *World) Problems() []string {
	defer w.lock()()
	return slices.Clone(w.problems)
}

// Check fails the test for every problem. Call it at the end of a test, best in Cleanup.
func (w *World) Check(t testing.TB) {
	t.Helper()
	for _, p := range w.Problems() {
		t.Error(p)
	}
}
