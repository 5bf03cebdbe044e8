package github

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

type commentJSON struct {
	ID      int               `json:"id"`
	Issue   string            `json:"issue_url"`
	User    map[string]string `json:"user"`
	Body    string            `json:"body"`
	Created time.Time         `json:"created_at"`
	Updated time.Time         `json:"updated_at"`
}

// commentServer lists comments as GitHub does, to driftless-bot.
type commentServer struct {
	*server
	all    []commentJSON
	before func(n int)
	n      int
	free   int
}

func newCommentServer(t *testing.T) *commentServer {
	t.Helper()
	s := &commentServer{server: newServer(t)}
	s.says("GET /user", 200, `{"login":"Driftless-Bot"}`)
	s.HandleFunc("GET /repos/octo/infra/issues/comments", s.list)
	return s
}

func (s *commentServer) add(id int, login string, second int) {
	at := dawn.Add(time.Duration(second) * time.Second)
	s.all = append(s.all, commentJSON{
		ID: id, Issue: fmt.Sprintf("%s/api/v3/repos/octo/infra/issues/%d", s.url, id%7+1), User: map[string]string{"login": login}, Body: "text", Created: at, Updated: at,
	})
}

func (s *commentServer) edit(id, second int) {
	for i := range s.all {
		if s.all[i].ID == id {
			s.all[i].Body, s.all[i].Updated = "edited", dawn.Add(time.Duration(second)*time.Second)
		}
	}
}

func (s *commentServer) list(w http.ResponseWriter, r *http.Request) {
	s.n++
	if s.before != nil {
		s.before(s.n)
	}
	since, _ := time.Parse(time.RFC3339, r.URL.Query().Get("since"))
	list := slices.Clone(s.all)
	list = slices.DeleteFunc(list, func(c commentJSON) bool { return !c.Updated.After(since) }) // "after", as the documentation says
	slices.SortStableFunc(list, func(a, b commentJSON) int { return a.Updated.Compare(b.Updated) })
	servePage(w, r, list, &s.free)
}

func ids(list []forge.Comment) (all []int64) {
	for _, one := range list {
		all = append(all, one.ID)
	}
	return all
}

func TestCommentsSince(t *testing.T) {
	t.Parallel()
	s := newCommentServer(t)
	s.add(1, "ann", 0)
	s.add(2, "driftless-bot", 10)
	s.add(3, "bob", 20)
	h := s.host(t)
	got, err := h.Comments(t.Context(), dawn.Add(10*time.Second))
	if err != nil || fmt.Sprint(ids(got)) != "[2 3]" || !got[0].Own || got[1].Own || got[0].Key != "3" || got[0].Edited {
		t.Fatal(got, err)
	}
	again, err := h.Comments(t.Context(), dawn.Add(10*time.Second))
	if err != nil || !slices.Equal(again, got) || s.free != 1 {
		t.Error(again, err, s.free)
	}
	s.edit(1, 30)
	got, err = h.Comments(t.Context(), dawn.Add(10*time.Second))
	if err != nil || fmt.Sprint(ids(got)) != "[2 3 1]" || !got[2].Edited || got[2].Body != "edited" {
		t.Error(got, err)
	}
	got, err = h.Comments(t.Context(), dawn.Add(time.Hour))
	if err != nil || len(got) != 0 {
		t.Error(got, err)
	}
}

func TestCommentsSinceLaterCostNothing(t *testing.T) {
	t.Parallel()
	s := newCommentServer(t)
	h := s.host(t)
	for second := range 3 * short {
		s.add(second+1, "ann", second)
		for range 2 { // since what was read last, as a poll asks
			got, err := h.Comments(t.Context(), dawn.Add(time.Duration(second)*time.Second))
			if err != nil || fmt.Sprint(ids(got)) != fmt.Sprintf("[%d]", second+1) {
				t.Fatal(second, ids(got), err)
			}
		}
	}
	if charged := s.n - s.free; charged > 3*short+5 {
		t.Errorf("%d questions were charged for", charged)
	}
}

func TestCommentsOfManyPages(t *testing.T) {
	t.Parallel()
	s := newCommentServer(t)
	for id := 1; id <= 350; id++ {
		second := id
		if id > 50 && id <= 290 {
			second = 50 // more at one time than two pages hold
		}
		s.add(id, "ann", second)
	}
	s.before = func(n int) {
		if n == 2 {
			s.edit(3, 1000) // moves to the end, and all others up by one
		}
	}
	h := s.host(t)
	got, err := h.Comments(t.Context(), time.Time{})
	all := ids(got)
	slices.Sort(all)
	if all = slices.Compact(all); err != nil || len(all) != 350 || len(got) != 350 {
		t.Errorf("%d of 350 comments: %v", len(all), err)
	}
	// A full first page would stay as it is when one is added.
	s.add(351, "bob", 2000)
	if got, err = h.Comments(t.Context(), time.Time{}); err != nil || len(got) != 351 {
		t.Error(len(got), err)
	}
}
