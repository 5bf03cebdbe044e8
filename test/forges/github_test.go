package forges

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// client is somebody with a token at the GitHub face.
type client struct {
	t     *testing.T
	web   string
	token string
}

func newClient(t *testing.T, w *World) client {
	t.Helper()
	s := w.ServeGitHub()
	t.Cleanup(s.Close)
	return client{t: t, web: s.URL, token: w.AddToken(Token{Login: "ada", Scopes: []string{"repo", "read:org"}})}
}

// do sends a request with headers "Name: value", and decodes the answer into out unless that is nil.
func (c client) do(method, path string, in, out any, headers ...string) *http.Response {
	c.t.Helper()
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			c.t.Fatal(err)
		}
		body = bytes.NewReader(data)
	}
	if !strings.HasPrefix(path, "http") {
		path = c.web + "/api/v3" + path
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	data := must[[]byte](c.t)(io.ReadAll(resp.Body))
	_ = resp.Body.Close()
	if out != nil {
		if err := json.Unmarshal(data, out); err != nil {
			c.t.Fatalf("%s %s: %s: %v\n%s", method, path, resp.Status, err, data)
		}
	}
	return resp
}

// want fails the test if a request is answered with another status.
func (c client) want(status int, method, path string, in, out any, headers ...string) *http.Response {
	c.t.Helper()
	resp := c.do(method, path, in, out, headers...)
	if resp.StatusCode != status {
		c.t.Fatalf("%s %s: %s, want %d", method, path, resp.Status, status)
	}
	return resp
}

const infra = "/repos/acme/infra"

// TestGitHubIsAsDescribed asks every endpoint that is served once: Check tells what is not as described.
func TestGitHubIsAsDescribed(t *testing.T) {
	t.Parallel()
	NeedDescription(t, GitHubDescription)
	w, r := newWorld(t)
	c := newClient(t, w)
	w.AddTeam("acme", "ops", "ada")
	head := must[string](t)(r.Commit("ada", "feature/x", "x", map[string]string{"x.tf": "x"}))
	n := must[int](t)(r.Open("ada", "feature/x", "", "X", OpenOptions{Body: "Why", Draft: true}))
	must[int64](t)(r.Review("bob", n, "APPROVED", "Good"))
	must[int](t)(must[*Repo](t)(r, nil).OpenIssue("bob", "Drift", "", "drift"))
	var comment, issue struct{ ID, Number int }
	c.want(201, "POST", infra+"/issues/1/comments", object{"body": "Hello"}, &comment)
	id := fmt.Sprintf("%s/issues/comments/%d", infra, comment.ID)
	c.want(201, "POST", id+"/reactions", object{"content": "eyes"}, nil)
	c.want(200, "POST", id+"/reactions", object{"content": "eyes"}, nil)
	c.want(200, "PATCH", id, object{"body": "Hello again"}, nil)
	c.want(201, "POST", infra+"/issues", object{"title": "Drift", "body": "B", "labels": []string{"drift"}}, &issue)
	c.want(200, "PATCH", infra+"/issues/3", object{"state": "closed"}, nil)
	c.want(201, "POST", infra+"/labels", object{"name": "l", "color": "ff0000"}, nil)
	c.want(422, "POST", infra+"/labels", object{"name": "l", "color": "ff0000"}, nil)
	c.want(200, "POST", infra+"/issues/3/labels", object{"labels": []string{"l"}}, nil)
	c.want(200, "PUT", infra+"/issues/3/labels", object{"labels": []string{"l"}}, nil)
	c.want(201, "POST", infra+"/statuses/"+head, object{"state": "pending", "context": "driftless/plan"}, nil)
	r.Grant("ada", Admin)
	r.Protect("main", Protection{Contexts: []string{"driftless/plan"}, Reviews: 1, Strict: true})
	r.Protect("ruled", Protection{Contexts: []string{"driftless/plan"}, Reviews: 1, Ruleset: true})
	for _, path := range []string{
		"/user", "/rate_limit", "/orgs/acme/repos", "/users/ada/repos", "/orgs/acme/teams", "/orgs/acme/teams/ops/members", "/orgs/acme/teams/ops/memberships/ada",
		infra, infra + "/collaborators/ada/permission", infra + "/pulls?state=all&sort=updated&direction=desc&per_page=10", infra + "/pulls/1",
		infra + "/commits?per_page=1", infra + "/branches/feature%2Fx", infra + "/branches/main", infra + "/rules/branches/main", infra + "/rules/branches/ruled",
		infra + "/branches/main/protection", infra + "/pulls/1/reviews", infra + "/issues?state=all&labels=drift&creator=ada", infra + "/issues/3", infra + "/issues/1/comments",
		infra + "/issues/comments?since=2020-01-02T03:04:05Z&sort=updated&direction=asc", id, id + "/reactions", infra + "/labels",
		infra + "/commits/feature/x/status", infra + "/commits/" + head + "/statuses", infra + "/commits/" + head + "/pulls",
	} {
		c.want(200, "GET", path, nil, nil)
	}
	r.Protect("main", Protection{})
	c.want(404, "GET", infra+"/branches/main/protection", nil, nil)
	c.want(204, "DELETE", id, nil, nil)
	c.want(404, "PATCH", id, object{"body": "gone"}, nil)
	c.want(405, "PUT", infra+"/pulls/1/merge", object{"sha": head}, nil)
	for _, status := range []int{409, 200} {
		sha := map[int]string{409: r.Head("main"), 200: head}[status]
		if err := r.SetDraft("ada", n, false); err != nil {
			t.Fatal(err)
		}
		c.want(status, "PUT", infra+"/pulls/1/merge", object{"sha": sha, "merge_method": "squash"}, nil)
	}
	c.want(200, "GET", infra+"/pulls/1", nil, nil)
	c.want(200, "GET", infra+"/commits/"+r.Head("main")+"/pulls", nil, nil)
	fork := must[*Repo](t)(r.Fork("eve"))
	must[string](t)(fork.Commit("eve", "patch", "y", map[string]string{"y.tf": "y"}))
	must[int](t)(r.Open("eve", "eve:patch", "", "Y", OpenOptions{}))
	if err := fork.Delete(); err != nil {
		t.Fatal(err)
	}
	c.want(200, "GET", infra+"/pulls?direction=asc", nil, nil)
}

func TestGitOverHTTP(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t)
	c := newClient(t, w)
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, "", "clone", "--quiet", strings.Replace(c.web, "http://", "http://x:"+c.token+"@", 1)+"/acme/infra.git", clone)
	git(t, clone, "commit", "--quiet", "--allow-empty", "-m", "topic")
	git(t, clone, "push", "--quiet", "origin", "HEAD:topic")
	n := must[int](t)(r.Open("ada", "topic", "main", "Topic", OpenOptions{}))
	c.want(200, "GET", fmt.Sprintf("%s/pulls/%d", infra, n), nil, nil)
	if refs := git(t, clone, "ls-remote", "origin", "refs/pull/*"); !strings.Contains(refs, "refs/pull/1/head") || !strings.Contains(refs, "refs/pull/1/merge") {
		t.Errorf("refs: %s", refs)
	}
	if e := w.Events(); e[len(e)-2].Kind != "push" || e[len(e)-2].By != "ada" {
		t.Errorf("events: %+v", e)
	}
	if err := r.Rename("acme/moved"); err != nil {
		t.Fatal(err)
	}
	git(t, clone, "fetch", "--quiet")
	bob := w.AddToken(Token{Login: "eve"})
	for token, want := range map[string]int{"": 401, "wrong": 401, bob: 404, c.token: 200} {
		req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), "GET", c.web+"/acme/moved.git/info/refs?service=git-upload-pack", nil))
		if token != "" {
			req.SetBasicAuth("x", token)
		}
		resp := must[*http.Response](t)(http.DefaultClient.Do(req))
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("token %q: %s, want %d", token, resp.Status, want)
		}
	}
}

func TestRateLimitAndETag(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t)
	c := newClient(t, w)
	n := must[int](t)(r.OpenIssue("ada", "I", ""))
	for range 45 {
		must[int64](t)(r.Comment("ada", n, "c"))
	}
	var list []object
	first := c.want(200, "GET", infra+"/issues/1/comments", nil, &list)
	next, _, _ := strings.Cut(strings.TrimPrefix(first.Header.Get("Link"), "<"), ">")
	if len(list) != 30 || next == "" {
		t.Fatalf("%d comments, Link %q", len(list), first.Header.Get("Link"))
	}
	if c.want(200, "GET", next, nil, &list); len(list) != 15 {
		t.Errorf("%d comments on the second page", len(list))
	}
	left := first.Header.Get("X-RateLimit-Remaining")
	same := c.want(304, "GET", infra+"/issues/1/comments", nil, nil, "If-None-Match: "+first.Header.Get("ETag"))
	if left != "4999" || same.Header.Get("X-RateLimit-Remaining") != "4998" {
		t.Errorf("remaining %s, then %s", left, same.Header.Get("X-RateLimit-Remaining"))
	}
	if seen := w.Requests(); len(seen) != 3 || seen[2].Charged || !seen[1].Charged || seen[2].Status != 304 || seen[0].By != "ada" {
		t.Errorf("requests: %+v", seen)
	}
	must[int64](t)(r.Comment("ada", n, "more"))
	c.want(200, "GET", infra+"/issues/1/comments?per_page=100", nil, nil, "If-None-Match: "+first.Header.Get("ETag"))
	c.want(422, "POST", infra+"/issues/1/comments", object{"body": strings.Repeat("ä", 65537)}, nil)
	c.want(201, "POST", infra+"/issues/1/comments", object{"body": strings.Repeat("ä", 65536)}, nil)
	w.LimitWrites(1, time.Minute)
	if resp := c.want(403, "POST", infra+"/issues/1/comments", object{"body": "x"}, nil); resp.Header.Get("Retry-After") != "60" {
		t.Errorf("secondary limit: %v", resp.Header)
	}
	w.Exhaust(w.Now().Add(time.Hour))
	if resp := c.want(403, "GET", infra, nil, nil); resp.Header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("primary limit: %v", resp.Header)
	}
	c.want(200, "GET", "/rate_limit", nil, nil)
}

func TestApp(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := must[*World](t)(New(Options{Dir: t.TempDir(), Now: func() time.Time { return now }}))
	t.Cleanup(func() { w.Check(t) })
	r := must[*Repo](t)(w.AddRepo("acme/infra"))
	head := must[string](t)(r.Commit("ada", "main", "one", map[string]string{"a": "a"}))
	app := must[App](t)(w.AddApp("driftless", map[string]string{"contents": "read", "checks": "write"}))
	i := w.Install(app.ID, "acme")
	c := newClient(t, w)
	key, err := jwt.ParseRSAPrivateKeyFromPEM(app.Key)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(life time.Duration) string {
		claims := jwt.RegisteredClaims{Issuer: fmt.Sprint(app.ID), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life))}
		return must[string](t)(jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(key))
	}
	for token, want := range map[string]int{sign(time.Minute): 200, sign(time.Hour): 401, sign(-time.Minute): 401, sign(time.Minute) + "x": 401, c.token: 401} {
		c.token = token
		c.want(want, "GET", "/app", nil, nil)
	}
	c.token = sign(time.Minute)
	c.want(200, "GET", "/app/installations", nil, nil)
	c.want(200, "GET", infra+"/installation", nil, nil)
	c.want(200, "GET", "/users/acme/installation", nil, nil)
	var out struct{ Token string }
	c.want(201, "POST", fmt.Sprintf("/app/installations/%d/access_tokens", i.ID), object{"repositories": []string{"infra"}}, &out)
	c.token = out.Token
	c.want(200, "GET", "/installation/repositories", nil, nil)
	c.want(403, "GET", "/user", nil, nil)
	var check struct{ ID int64 }
	c.want(201, "POST", infra+"/check-runs", object{"name": "plan", "head_sha": head, "status": "in_progress"}, &check)
	c.want(200, "PATCH", fmt.Sprintf("%s/check-runs/%d", infra, check.ID), object{"conclusion": "success", "output": object{"title": "T", "summary": "S",
		"annotations": []any{object{"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "m"}}}}, nil)
	c.want(200, "GET", fmt.Sprintf("%s/check-runs/%d", infra, check.ID), nil, nil)
	c.want(200, "GET", infra+"/commits/main/check-runs?check_name=plan", nil, nil)
	if k := r.Checks(head); len(k) != 1 || k[0].Conclusion != "success" || len(k[0].Annotations) != 1 || k[0].App != "driftless" {
		t.Errorf("checks: %+v", k)
	}
	if resp := c.want(403, "POST", infra+"/statuses/"+head, object{"state": "success"}, nil); resp.Header.Get("X-Accepted-GitHub-Permissions") != "statuses=write" {
		t.Errorf("headers: %v", resp.Header)
	}
	now = now.Add(time.Hour)
	c.want(401, "GET", infra, nil, nil)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t)
	c := newClient(t, w)
	must[string](t)(r.Commit("ada", "topic", "x", map[string]string{"x.tf": "x"}))
	n := must[int](t)(r.Open("ada", "topic", "", "X", OpenOptions{}))
	w.SetFaults(Faults{Every: 2})
	for i, want := range []struct{ status, comments int }{{201, 1}, {503, 2}, {201, 3}, {502, 3}} {
		c.want(want.status, "POST", infra+"/issues/1/comments", object{"body": "x"}, nil)
		if got := len(r.CommentsOf(n)); got != want.comments {
			t.Errorf("after %d requests: %d comments, want %d", i+1, got, want.comments)
		}
	}
	w.SetFaults(Faults{HiddenEdits: 1, UnknownMerges: 1})
	var m struct{ ID int64 }
	c.want(201, "POST", infra+"/issues/1/comments", object{"body": "x"}, &m)
	for _, status := range []int{404, 200} {
		c.want(status, "PATCH", fmt.Sprintf("%s/issues/comments/%d", infra, m.ID), object{"body": "y"}, nil)
	}
	for _, want := range []any{nil, true} {
		var p object
		if c.want(200, "GET", infra+"/pulls/1", nil, &p); p["mergeable"] != want {
			t.Errorf("mergeable %v, want %v", p["mergeable"], want)
		}
	}
	if err := r.Rename("acme/moved"); err != nil {
		t.Fatal(err)
	}
	var moved struct {
		Name string `json:"full_name"`
	}
	if c.want(200, "GET", infra, nil, &moved); moved.Name != "acme/moved" {
		t.Errorf("followed to %s", moved.Name)
	}
	c.want(201, "POST", infra+"/issues/1/comments", object{"body": "x"}, nil)
	r.SetArchived(true)
	c.want(403, "POST", "/repos/acme/moved/issues/1/comments", object{"body": "x"}, nil)
}
