package github

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner/forge"
)

// moving serves a list of 150, of which the first goes away after the first page was read.
func (s *server) moving(pattern, one string) {
	from := 1
	s.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		start := from + 100*(max(page, 1)-1)
		var items []string
		for id := start; id <= min(start+99, 150); id++ {
			items = append(items, fmt.Sprintf(one, id))
		}
		if start+99 < 150 {
			w.Header().Set("Link", fmt.Sprintf(`<%s%s?page=%d>; rel="next"`, s.url, r.URL.Path, max(page, 1)+1))
		}
		from = 2
		reply(w, http.StatusOK, "["+strings.Join(items, ",")+"]")
	})
}

// What is deleted while a list is read moves the rest up, and one of them over the edge of a page: it could be our own comment.
func TestNothingIsLostFromAListThatMoves(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.says("GET /user", http.StatusOK, `{"login":"driftless"}`)
	s.moving("GET /repos/octo/infra/issues/1/comments", `{"id":%d,"user":{"login":"driftless"}}`)
	s.moving("GET /repos/octo/infra/issues", `{"id":%[1]d,"number":%[1]d,"user":{"login":"driftless"}}`)
	h := s.host(t)
	thread, err := h.Thread(t.Context(), "1")
	if err != nil || len(thread) != 149 || thread[99].ID != 101 {
		t.Errorf("%d comments, %v", len(thread), err)
	}
	issues, err := h.Issues(t.Context(), "drift")
	if err != nil || len(issues) != 149 || issues[99].Key != "101" {
		t.Errorf("%d issues, %v", len(issues), err)
	}
}

// An App whose installations cannot be listed is not an App that is not installed.
func TestAListOfInstallationsThatFailsIsNoAbsence(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.says("GET /orgs/octo/installation", http.StatusNotFound, `{"message":"Not Found"}`)
	s.says("GET /app/installations", http.StatusForbidden, `{"message":"This App is suspended"}`)
	a := s.app(t, constantKey)
	_, err := a.List(t.Context(), "octo")
	var denied *forge.Denied
	if !errors.As(err, &denied) || !strings.Contains(err.Error(), "suspended") {
		t.Errorf("list: %v", err)
	}
}
