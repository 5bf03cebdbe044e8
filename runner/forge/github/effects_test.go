package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/driftlessops/driftless/runner/forge"
)

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		header string // of the permissions that are accepted
		body   string
		gone   bool
		denied string
	}{
		"gone":       {status: 404, body: `{"message":"Not Found"}`, gone: true},
		"deleted":    {status: 410, body: `{"message":"This issue was deleted"}`, gone: true},
		"disabled":   {status: 410, body: `{"message":"Issues are disabled for this repo"}`, denied: "Issues are disabled for this repo"},
		"token":      {status: 401, body: `{"message":"Bad credentials"}`, denied: "the token was not accepted (Bad credentials): it is wrong, was revoked or has expired, or the private key is another App's. Replace it where it is kept; it is read again by itself"},
		"permission": {status: 403, body: `{"message":"Resource not accessible by integration"}`, denied: "Resource not accessible by integration (it takes the permission pull requests: write or issues: write)"},
		"said":       {status: 403, header: "issues=write; pull_requests=write", body: `{"message":"No"}`, denied: "No (it takes the permission issues: write or pull_requests: write)"},
		"invalid":    {status: 422, body: `{"message":"Validation Failed","errors":[{"field":"body","code":"too_long"}]}`, denied: "Validation Failed: body too_long"},
		"no JSON":    {status: 400, body: `<html>`, denied: "400 Bad Request"},
		"trouble":    {status: 502, body: `<html>`},
		"a proxy's":  {status: 200, body: `<html>`},
	} {
		s := newServer(t)
		s.HandleFunc("POST /repos/octo/infra/issues/1/comments", func(w http.ResponseWriter, _ *http.Request) {
			if c.header != "" {
				w.Header().Set("X-Accepted-GitHub-Permissions", c.header)
			}
			reply(w, c.status, c.body)
		})
		_, err := s.host(t).AddComment(t.Context(), "1", "text")
		var denied *forge.Denied
		var later *forge.Later
		ok := false
		switch {
		case c.gone:
			ok = errors.Is(err, forge.ErrGone)
		case c.denied != "":
			ok = errors.As(err, &denied) && denied.Reason == c.denied
		default:
			ok = errors.As(err, &later)
		}
		if !ok || !strings.HasPrefix(err.Error(), "comment on octo/infra#1: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRenamedRepositoryIsReadAndNotWritten(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, what := range []string{"", "/issues/1/comments", "/statuses/abc"} {
		s.HandleFunc("/repos/octo/infra"+what, func(w http.ResponseWriter, r *http.Request) {
			status := http.StatusMovedPermanently
			if r.Method != http.MethodGet {
				status = http.StatusTemporaryRedirect
			}
			w.Header().Set("Location", s.url+"/api/v3/repositories/1"+what)
			reply(w, status, `{"message":"Moved Permanently"}`)
		})
	}
	s.says("GET /repositories/1", 200, `{"full_name":"octo/infrastructure","permissions":{"push":true}}`)
	s.says("GET /repositories/1/issues/1/comments", 200, `[{"id":5}]`)
	s.HandleFunc("GET /user", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-OAuth-Scopes", "repo, read:org")
		reply(w, 200, `{"login":"bot"}`)
	})
	h := s.host(t)
	if thread, err := h.Thread(t.Context(), "1"); err != nil || len(thread) != 1 {
		t.Error(thread, err)
	}
	var denied *forge.Denied
	if err := h.SetStatus(t.Context(), "abc", forge.Status{}); !errors.As(err, &denied) || !strings.Contains(denied.Reason, "renamed or moved") {
		t.Error(err)
	}
	access, err := h.Access(t.Context())
	if err != nil || len(access.Problems) != 1 || !strings.HasPrefix(access.Problems[0].What, "octo/infra is octo/infrastructure now") {
		t.Error(access, err)
	}
}

func TestTokenIsNotSentElsewhere(t *testing.T) {
	t.Parallel()
	s, other := newServer(t), newServer(t)
	other.says("/", 200, `[]`)
	s.HandleFunc("GET /repos/octo/infra/labels", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.url+"/api/v3/", http.StatusMovedPermanently)
	})
	_, err := s.host(t).PutIssue(t.Context(), forge.Issue{Labels: []string{"drift"}})
	var denied *forge.Denied
	if !errors.As(err, &denied) || len(other.asked()) != 0 {
		t.Error(err)
	}
}

func TestMergeSaysWhyNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status     int
		said, then string
		want       string // "" = merged, "later", or the reason
	}{
		"merged":         {status: 200, said: "", want: ""},
		"already":        {status: 405, said: "Pull Request is not mergeable", then: `{"merged":true,"state":"closed"}`},
		"not known yet":  {status: 405, said: "Pull Request is not mergeable", then: `{"state":"open","mergeable":null}`, want: "later"},
		"conflict":       {status: 405, said: "Pull Request is not mergeable", then: `{"state":"open","mergeable":false}`, want: "Pull Request is not mergeable"},
		"base moved":     {status: 405, said: "Base branch was modified. Review and try the merge again.", then: `{"state":"open","mergeable":true}`, want: "later"},
		"head moved":     {status: 409, said: "Head branch was modified. Review and try the merge again.", then: `{"state":"open","mergeable":true}`, want: "Head branch was modified. Review and try the merge again."},
		"method refused": {status: 405, said: "Squash merges are not allowed on this repository.", then: `{"state":"open","mergeable":true}`, want: "Squash merges are not allowed on this repository."},
	} {
		s := newServer(t)
		s.says("PUT /repos/octo/infra/pulls/3/merge", c.status, encoded(map[string]string{"message": c.said}))
		s.says("GET /repos/octo/infra/pulls/3", 200, c.then)
		err := s.host(t).Merge(t.Context(), "3", "abc", forge.Squash)
		var later *forge.Later
		var denied *forge.Denied
		switch c.want {
		case "":
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case "later":
			if !errors.As(err, &later) {
				t.Errorf("%s: %v", name, err)
			}
		default:
			if !errors.As(err, &denied) || denied.Reason != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// checkServer takes check runs and adds their annotations up.
type checkServer struct {
	*server
	runs  []map[string]any
	parts []int
}

func newCheckServer(t *testing.T) *checkServer {
	t.Helper()
	base, _ := appServer(t, 1<<40)
	s := &checkServer{server: base}
	s.HandleFunc("GET /repos/octo/infra/commits/abc/check-runs", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("check_name") != "driftless/policy" || r.URL.Query().Get("app_id") != "1" {
			t.Errorf("asked for %s", r.URL.RawQuery)
		}
		reply(w, 200, encoded(map[string]any{"total_count": len(s.runs), "check_runs": s.runs}))
	})
	take := func(w http.ResponseWriter, r *http.Request, run map[string]any) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		output := body["output"].(map[string]any)
		part, _ := output["annotations"].([]any)
		s.parts = append(s.parts, len(part))
		before := 0
		if old, ok := run["output"].(map[string]any); ok {
			before = old["annotations_count"].(int)
		}
		run["status"], run["conclusion"] = body["status"], body["conclusion"]
		run["output"] = map[string]any{"title": output["title"], "summary": output["summary"], "annotations_count": before + len(part)}
		reply(w, 200, encoded(run))
	}
	s.HandleFunc("POST /repos/octo/infra/check-runs", func(w http.ResponseWriter, r *http.Request) {
		run := map[string]any{"id": len(s.runs) + 1}
		s.runs = append(s.runs, run)
		take(w, r, run)
	})
	s.HandleFunc("PATCH /repos/octo/infra/check-runs/{id}", func(w http.ResponseWriter, r *http.Request) {
		take(w, r, s.runs[len(s.runs)-1])
		if r.PathValue("id") != fmt.Sprint(len(s.runs)) {
			t.Errorf("updated %s of %d", r.PathValue("id"), len(s.runs))
		}
	})
	return s
}

func TestCheckIsSentInParts(t *testing.T) {
	t.Parallel()
	s := newCheckServer(t)
	h := s.app(t, constantKey).Repository("octo/infra", nil).(forge.Checker)
	put := func(state forge.StatusState, annotations int) {
		t.Helper()
		check := forge.Check{Name: "driftless/policy", State: state, Title: "Policies", Summary: strings.Repeat("ä", 40000)}
		for i := range annotations {
			check.Annotations = append(check.Annotations, forge.Annotation{Path: "main.tf", Line: i, Message: "no"})
		}
		if err := h.PutCheck(t.Context(), "abc", check); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range []struct {
		state       forge.StatusState
		annotations int
		parts       []int
		runs        int
	}{
		{forge.Pending, 0, []int{0}, 1},
		{forge.Failure, 120, []int{50, 50, 20}, 1}, // updates the run that has none
		{forge.Failure, 120, nil, 1},               // says so already
		{forge.Failure, 50, []int{50}, 2},          // annotations cannot be taken back
		{forge.Pending, 0, []int{0}, 3},
		{forge.Success, 0, []int{0}, 3},
	} {
		s.parts = nil
		put(c.state, c.annotations)
		if !slices.Equal(s.parts, c.parts) || len(s.runs) != c.runs {
			t.Errorf("step %d: parts %v, %d runs", i, s.parts, len(s.runs))
		}
	}
	summary := s.runs[0]["output"].(map[string]any)["summary"].(string)
	if len(summary) > summaryLimit || !utf8.ValidString(summary) || !strings.HasSuffix(summary, "ä…") {
		t.Errorf("summary of %d bytes ends with %q", len(summary), summary[len(summary)-10:])
	}
}

func TestATokenMakesNoChecks(t *testing.T) {
	t.Parallel()
	var h any = newServer(t).host(t)
	if _, ok := h.(forge.Checker); ok {
		t.Error("a token has no check runs")
	}
}

func TestIssuesKeepTheLabelsOfOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ now, want, got []string }{
		{nil, nil, []string{}},
		{[]string{"bug"}, []string{"driftless/drift"}, []string{"driftless/drift", "bug"}},
		{[]string{"bug", "driftless/drift"}, []string{"driftless/unchecked"}, []string{"driftless/unchecked", "bug"}},
	} {
		if got := relabelled(c.now, c.want); !slices.Equal(got, c.got) || got == nil {
			t.Errorf("%v + %v = %v", c.now, c.want, got)
		}
	}
}

func TestPutIssueMakesLabelsOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.says("GET /repos/octo/infra/labels", 200, `[{"name":"Drift"}]`)
	s.says("POST /repos/octo/infra/labels", 422, `{"message":"Validation Failed","errors":[{"code":"already_exists"}]}`)
	s.says("POST /repos/octo/infra/issues", 201, `{"number":9}`)
	h := s.host(t)
	for range 2 {
		if key, err := h.PutIssue(t.Context(), forge.Issue{Open: true, Labels: []string{"drift", "new"}}); err != nil || key != "9" {
			t.Error(key, err)
		}
	}
	want := "GET /repos/octo/infra/labels, POST /repos/octo/infra/labels, POST /repos/octo/infra/issues, POST /repos/octo/infra/issues"
	if got := strings.Join(s.asked(), ", "); got != want {
		t.Error(got)
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want string
		limit      int
	}{{"abc", "abc", 3}, {"abcd", "ab…", 3}, {"äöü", "äöü", 3}, {"äöüß", "äö…", 3}, {"", "", 3}} {
		if got := cut(c.text, c.limit); got != c.want {
			t.Errorf("%q to %d: %q", c.text, c.limit, got)
		}
	}
}
