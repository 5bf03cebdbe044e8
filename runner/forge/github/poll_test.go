package github

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// pullServer lists pull requests as GitHub does.
type pullServer struct {
	*server
	mu     sync.Mutex
	all    map[int]pullJSON
	before func(n int, query string) // called before the nth answer, from 1
	fail   func(n int) bool
	n      int
	free   int // answers that cost nothing
}

type pullJSON struct {
	Number  int            `json:"number"`
	Title   string         `json:"title"`
	State   string         `json:"state"`
	Updated time.Time      `json:"updated_at"`
	User    map[string]any `json:"user"`
	Head    map[string]any `json:"head"`
	Base    map[string]any `json:"base"`
}

func newPullServer(t *testing.T) *pullServer {
	t.Helper()
	s := &pullServer{server: newServer(t), all: map[int]pullJSON{}}
	s.HandleFunc("GET /repos/octo/infra/pulls", s.list)
	return s
}

var dawn = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// put opens or closes a pull request, so many minutes after dawn.
func (s *pullServer) put(n int, state string, minute int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	repo := map[string]any{"id": 1}
	s.all[n] = pullJSON{
		Number: n, Title: fmt.Sprintf("Change %d", n), State: state, Updated: dawn.Add(time.Duration(minute) * time.Minute),
		User: map[string]any{"login": "ann"}, Head: map[string]any{"repo": repo}, Base: map[string]any{"ref": "main", "repo": repo},
	}
}

func (s *pullServer) list(w http.ResponseWriter, r *http.Request) {
	s.n++
	if s.before != nil {
		s.before(s.n, r.URL.RawQuery)
	}
	if s.fail != nil && s.fail(s.n) {
		reply(w, 502, "")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	var list []pullJSON
	for _, one := range s.all {
		if q.Get("state") == "all" || one.State == "open" {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b pullJSON) int {
		if q.Get("sort") == "updated" {
			return cmp.Or(b.Updated.Compare(a.Updated), b.Number-a.Number)
		}
		return b.Number - a.Number
	})
	servePage(w, r, list, &s.free)
}

// servePage answers with a page of a list and its ETag.
func servePage[T any](w http.ResponseWriter, r *http.Request, list []T, free *int) {
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("per_page"))
	page, _ := strconv.Atoi(q.Get("page"))
	page = max(page, 1)
	from, to := min((page-1)*size, len(list)), min(page*size, len(list))
	if to < len(list) {
		q.Set("page", strconv.Itoa(page+1))
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?%s>; rel="next"`, r.Host, r.URL.Path, q.Encode()))
	}
	body := encoded(list[from:to])
	etag := fmt.Sprintf(`W/"%x"`, sha256.Sum256([]byte(body)))
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		*free++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	reply(w, 200, body)
}

// poll polls with a ref for every pull request that there is, and returns the open ones.
func (s *pullServer) poll(t *testing.T, h *Host) string {
	t.Helper()
	open, err := h.Poll(t.Context(), s.view())
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, pr := range open {
		keys = append(keys, pr.Key)
	}
	return strings.Join(keys, " ")
}

func (s *pullServer) view() forge.View {
	refs := map[string]string{"refs/heads/main": "m"}
	for n := range s.all {
		refs[forge.PullRef(strconv.Itoa(n))] = fmt.Sprintf("head%d", n)
	}
	return forge.View{Branch: "main", Refs: gitrepo.Refs{All: refs}}
}

func TestPollOfAnIdleRepositoryCostsNothing(t *testing.T) {
	t.Parallel()
	s := newPullServer(t)
	s.put(1, "open", 1)
	s.put(2, "closed", 2)
	h := s.host(t)
	if got := s.poll(t, h); got != "1" || s.n != 2 {
		t.Fatalf("%q after %d questions", got, s.n)
	}
	for range 3 {
		if got := s.poll(t, h); got != "1" {
			t.Fatal(got)
		}
	}
	if s.n != 5 || s.free != 3 {
		t.Errorf("%d questions, %d free", s.n, s.free)
	}
}

func TestPollFollowsPullRequests(t *testing.T) {
	t.Parallel()
	s := newPullServer(t)
	h := s.host(t)
	for i, step := range []struct {
		n     int
		state string
		want  string
	}{{1, "open", "1"}, {2, "open", "1 2"}, {10, "open", "1 2 10"}, {1, "closed", "2 10"}, {1, "open", "1 2 10"}, {2, "closed", "1 10"}, {1, "closed", "10"}, {10, "closed", ""}} {
		s.put(step.n, step.state, 10*i)
		if got := s.poll(t, h); got != step.want {
			t.Errorf("step %d: %q", i, got)
		}
	}
}

func TestPollTellsPullRequests(t *testing.T) {
	t.Parallel()
	s := newPullServer(t)
	h := s.host(t)
	s.put(1, "open", 1)
	s.put(2, "open", 1)
	fork := s.all[2]
	fork.Head = map[string]any{"repo": nil} // of a fork that was deleted
	s.all[2] = fork
	view := s.view()
	s.put(3, "open", 1) // made after the refs were read
	open, err := h.Poll(t.Context(), view)
	want := []forge.PullRequest{
		{Key: "1", Title: "Change 1", Author: "ann", Head: "head1", Ref: "refs/pull/1/head", Base: "main"},
		{Key: "2", Title: "Change 2", Author: "ann", Head: "head2", Ref: "refs/pull/2/head", Base: "main", Fork: true},
	}
	if err != nil || !slices.Equal(open, want) {
		t.Errorf("%+v %v", open, err)
	}
}

func TestPollReadsOnUntilWhatItKnows(t *testing.T) {
	t.Parallel()
	s := newPullServer(t)
	for n := 1; n <= 200; n++ {
		s.put(n, "open", n/200*10) // nearly all at the same time
	}
	h := s.host(t)
	if got := len(strings.Fields(s.poll(t, h))); got != 200 {
		t.Fatal(got)
	}
	for n := 1; n <= 100; n++ {
		s.put(n, "closed", 100)
	}
	s.n = 0
	if got := len(strings.Fields(s.poll(t, h))); got != 100 || s.n != 4 {
		t.Errorf("%d are open after %d pages", got, s.n)
	}
	s.put(150, "closed", 100) // at the time of the newest that was seen
	if got := len(strings.Fields(s.poll(t, h))); got != 99 {
		t.Errorf("%d are open", got)
	}
}

func TestPollMissesNothingWhileItReads(t *testing.T) {
	t.Parallel()
	s := newPullServer(t)
	for n := 1; n <= 150; n++ {
		s.put(n, "open", n)
	}
	// The one that closes moves 50 from the second page of open ones to the first, when that was read already.
	s.before = func(n int, query string) {
		if n == 3 && strings.Contains(query, "state=open") {
			s.put(120, "closed", 200)
		}
	}
	h := s.host(t)
	got := strings.Fields(s.poll(t, h))
	if len(got) != 149 || !slices.Contains(got, "50") || slices.Contains(got, "120") {
		t.Errorf("%d: %v", len(got), got)
	}
	// Those that are touched between two pages move to the front, and are met the next time.
	for n := 1; n <= 60; n++ {
		s.put(n, "open", 300)
	}
	s.n = 0
	s.before = func(n int, _ string) {
		if n == 2 {
			s.put(60, "closed", 301)
			s.put(149, "closed", 301)
		}
	}
	s.poll(t, h)
	if got := strings.Fields(s.poll(t, h)); len(got) != 147 {
		t.Errorf("%d: %v", len(got), got)
	}
}

func TestPollGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	s := newPullServer(t)
	for n := 1; n <= 250; n++ {
		s.put(n, "open", n)
	}
	h := s.host(t)
	s.poll(t, h)
	for n := 1; n <= 40; n++ {
		s.put(n, "closed", 1000)
	}
	s.n, s.fail = 0, func(n int) bool { return n > 1 }
	if _, err := h.Poll(t.Context(), s.view()); err == nil || s.n != 4 {
		t.Fatalf("half a walk is taken for a whole one after %d questions: %v", s.n, err)
	}
	s.n, s.fail = 0, nil
	if got := len(strings.Fields(s.poll(t, h))); got != 210 || s.n != 2 {
		t.Errorf("%d are open after %d pages", got, s.n)
	}
}

func TestPollStartsAnewAfterDoubt(t *testing.T) {
	t.Parallel()
	s := newPullServer(t)
	for n := 1; n <= 40; n++ {
		s.put(n, "open", n)
	}
	h := s.host(t)
	s.poll(t, h)
	for n := 1; n <= 35; n++ {
		s.put(n, "closed", 100)
	}
	if got := s.poll(t, h); got != "36 37 38 39 40" {
		t.Error(got)
	}
	delete(s.all, 36) // the platform's staff may
	delete(s.all, 1)
	for n := 2; n <= 35; n++ {
		s.put(n, "closed", 90) // a replica that lags
	}
	if got := s.poll(t, h); got != "37 38 39 40" {
		t.Error(got)
	}
}
