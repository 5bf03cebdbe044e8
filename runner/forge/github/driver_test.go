package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/test/forges"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// stage is acme/infra at a GitHub of tests, which holds every request against GitHub's own description of its API.
type stage struct {
	world *forges.World
	repo  *forges.Repo
	url   string
	app   forges.App
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{world: must(forges.New(forges.Options{Dir: t.TempDir()}))(t)}
	t.Cleanup(func() { s.world.Check(t) })
	s.world.AddOrg("acme", "ann", "bob", "bot")
	s.world.AddTeam("acme", "sre", "ann")
	s.repo = must(s.world.AddRepo("acme/infra"))(t)
	s.repo.Grant("bot", forges.Write)
	s.repo.Grant("ann", forges.Admin)
	s.repo.Grant("bob", forges.Write)
	must(s.repo.Commit("ann", "main", "first", map[string]string{"main.tf": "# one\n"}))(t)
	s.app = must(s.world.AddApp("driftless", map[string]string{
		"metadata": "read", "contents": "write", "pull_requests": "write", "issues": "write", "statuses": "write", "checks": "write", "members": "read",
	}))(t)
	s.world.Install(s.app.ID, "acme")
	server := s.world.ServeGitHub()
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// accounts are the two ways to sign in.
func (s *stage) accounts(t *testing.T) map[string]*Account {
	t.Helper()
	token := s.world.AddToken(forges.Token{Login: "bot", Scopes: []string{"repo", "read:org"}})
	key := func(context.Context) ([]byte, error) { return s.app.Key, nil }
	return map[string]*Account{
		"bot":            must(New(Options{URL: s.url, Pause: -1, Token: constant(token)}))(t),
		"driftless[bot]": must(New(Options{URL: s.url, Pause: -1, App: &App{ID: s.app.ID, Key: key}}))(t),
	}
}

// mirrored is the repository with a mirror that has fetched all refs, and what they are.
func (s *stage) mirrored(t *testing.T, a *Account) (forge.Host, func() forge.View) {
	t.Helper()
	var h forge.Host
	mirror := must(gitrepo.Open(t.Context(), gitrepo.Options{
		Dir: t.TempDir() + "/mirror", URL: s.url + "/acme/infra.git", Auth: func(ctx context.Context) (gitrepo.Auth, error) { return h.Credentials(ctx) },
	}))(t)
	h = a.Repository("acme/infra", mirror)
	return h, func() forge.View {
		t.Helper()
		refs := must(mirror.Remote(t.Context()))(t)
		if err := mirror.Fetch(t.Context(), refs, slices.Collect(maps.Keys(refs.All))); err != nil {
			t.Fatal(err)
		}
		return forge.View{Branch: "main", Refs: refs}
	}
}

func (s *stage) topic(t *testing.T, branch string) (key, head string) {
	t.Helper()
	head = must(s.repo.Commit("bob", branch, "Add "+branch, map[string]string{branch + ".tf": branch}))(t)
	return strconv.Itoa(must(s.repo.Open("bob", branch, "", "Add "+branch, forges.OpenOptions{}))(t)), head
}

func TestDriverFollowsAPullRequestToItsMerge(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for login, account := range s.accounts(t) {
		h, look := s.mirrored(t, account)
		branch := "topic-" + strings.TrimSuffix(login, "[bot]")
		key, head := s.topic(t, branch)
		n := must(strconv.Atoi(key))(t)
		open := must(h.Poll(t.Context(), look()))(t)
		if len(open) != 1 || open[0].Key != key || open[0].Head != head || open[0].Author != "bob" || open[0].Base != "main" || open[0].Fork {
			t.Fatalf("%s: %+v", login, open)
		}
		must(s.repo.Review("ann", n, "APPROVED", ""))(t)
		state := must(h.State(t.Context(), key))(t)
		if state.Mergeable != forge.Yes || !slices.Equal(state.Approved, []string{"ann"}) || state.Head != head {
			t.Errorf("%s: %+v", login, state)
		}
		var denied *forge.Denied
		if err := h.Merge(t.Context(), key, strings.Repeat("1", 40), forge.Squash); !errors.As(err, &denied) {
			t.Errorf("%s: merged another head: %v", login, err)
		}
		from := s.repo.Head("main")
		for range 2 {
			if err := h.Merge(t.Context(), key, head, forge.Squash); err != nil {
				t.Fatalf("%s: %v", login, err)
			}
		}
		merge, ok, err := h.Merged(t.Context(), key, head, from, from)
		if want := (forge.Merge{At: merge.At, By: login, Reviewers: []string{"ann"}}); err != nil || !ok || merge.At.IsZero() || fmt.Sprint(merge) != fmt.Sprint(want) {
			t.Errorf("%s: before Git shows it: %+v %v %v", login, merge, ok, err)
		}
		open = must(h.Poll(t.Context(), look()))(t)
		merge, ok, err = h.Merged(t.Context(), key, head, from, s.repo.Head("main"))
		if err != nil || !ok || merge.Commit != s.repo.Head("main") || len(open) != 0 {
			t.Errorf("%s: %+v %v %v, open %+v", login, merge, ok, err, open)
		}
	}
}

func TestDriverTalks(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	key, head := s.topic(t, "topic")
	for login, account := range s.accounts(t) {
		h := account.Repository("acme/infra", nil)
		access := must(h.Access(t.Context()))(t)
		if access.Login != login || len(access.Problems) != 0 {
			t.Errorf("%s: %+v", login, access)
		}
		begin := s.world.Now()
		made := must(h.AddComment(t.Context(), key, "one"))(t)
		must(h.EditComment(t.Context(), made.ID, "two"))(t)
		if err := errors.Join(h.React(t.Context(), made.ID, forge.Seen), h.React(t.Context(), made.ID, forge.Seen)); err != nil {
			t.Error(err)
		}
		for name, list := range map[string][]forge.Comment{
			"thread": must(h.Thread(t.Context(), key))(t), "comments": must(h.Comments(t.Context(), begin))(t),
		} {
			i := slices.IndexFunc(list, func(c forge.Comment) bool { return c.ID == made.ID })
			if i < 0 || !list[i].Own || list[i].Body != "two" || list[i].Key != key {
				t.Errorf("%s: %s: %+v", login, name, list)
			}
		}
		for range 2 {
			if err := h.DeleteComment(t.Context(), made.ID); err != nil {
				t.Error(err)
			}
		}
		if _, err := h.EditComment(t.Context(), made.ID, "three"); !errors.Is(err, forge.ErrGone) {
			t.Error(err)
		}
		status := forge.Status{Context: "driftless/plan", State: forge.Failure, Description: strings.Repeat("ä", 200)}
		if err := h.SetStatus(t.Context(), head, status); err != nil {
			t.Error(err)
		}
		if err := h.SetStatus(t.Context(), strings.Repeat("1", 40), status); !errors.Is(err, forge.ErrGone) {
			t.Errorf("status of a commit that is not there: %v", err)
		}
		for who, want := range map[string]forge.Permission{"ann": forge.Admin, "bob": forge.Write, "nobody": forge.NoPermission} {
			if got, err := h.Permission(t.Context(), who); err != nil || got != want {
				t.Errorf("%s: %s: %v %v", login, who, got, err)
			}
		}
		for team, want := range map[string]bool{"sre": true, "acme/sre": true, "none": false} {
			if got, err := h.Member(t.Context(), team, "ann"); got != want || (err == nil) == (team == "none") {
				t.Errorf("%s: %s: %v %v", login, team, got, err)
			}
		}
		if list := must(account.List(t.Context(), "acme"))(t); len(list) != 1 || list[0].Path != "acme/infra" || list[0].Empty {
			t.Errorf("%s: %+v", login, list)
		}
	}
}

func TestDriverKeepsIssuesAndChecks(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, head := s.topic(t, "topic")
	for login, account := range s.accounts(t) {
		h := account.Repository("acme/infra", nil)
		issue := forge.Issue{Title: "Drift", Body: "text", Open: true, Labels: []string{"driftless/drift"}}
		issue.Key = must(h.PutIssue(t.Context(), issue))(t)
		issue.Title, issue.Open = "No drift", false
		must(h.PutIssue(t.Context(), issue))(t)
		list := must(h.Issues(t.Context(), "driftless/drift"))(t)
		if len(list) != 1 || fmt.Sprint(list[0]) != fmt.Sprint(issue) {
			t.Errorf("%s: %+v", login, list)
		}
		checker, ok := h.(forge.Checker)
		if !ok {
			continue
		}
		check := forge.Check{Name: "driftless/policy", State: forge.Failure, Title: "Policies", Summary: "none"}
		for range 60 {
			check.Annotations = append(check.Annotations, forge.Annotation{Path: "main.tf", Line: 1, Title: "rule", Message: "no", Failure: true})
		}
		for range 2 {
			if err := checker.PutCheck(t.Context(), head, check); err != nil {
				t.Error(err)
			}
		}
		if runs := s.repo.Checks(head); len(runs) != 1 || len(runs[0].Annotations) != 60 || runs[0].Conclusion != "failure" {
			t.Errorf("%s: %+v", login, runs)
		}
	}
}

func TestDriverIdlesForNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.topic(t, "topic")
	for login, account := range s.accounts(t) {
		h, look := s.mirrored(t, account)
		view, since := look(), s.world.Now().Add(time.Hour)
		for i := range 5 {
			if i == 1 {
				s.world.ForgetRequests()
			}
			must(h.Poll(t.Context(), view))(t)
			must(h.Comments(t.Context(), since))(t)
		}
		asked := s.world.Requests()
		if len(asked) != 8 || slices.ContainsFunc(asked, func(r forges.Request) bool { return r.Charged || r.Status != http.StatusNotModified }) {
			t.Errorf("%s: %+v", login, asked)
		}
	}
}

func TestDriverOutlivesTokensAndFaults(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	key, _ := s.topic(t, "topic")
	s.world.SetTokenLife(s.app.ID, time.Minute)
	for login, account := range s.accounts(t) {
		h := account.Repository("acme/infra", nil)
		s.world.LimitWrites(1, 90*time.Second)
		var later *forge.Later
		if _, err := h.AddComment(t.Context(), key, "text"); !errors.As(err, &later) || time.Until(later.At) < time.Minute {
			t.Errorf("%s: %v", login, err)
		}
		if b := account.Budget(); b.Paused.IsZero() || b.Reason == "" {
			t.Errorf("%s: %+v", login, b)
		}
		if _, err := h.Thread(t.Context(), key); !errors.As(err, &later) {
			t.Errorf("%s: asked while it was to wait: %v", login, err)
		}
	}
	s.world.SetTokenLife(s.app.ID, time.Hour)
	for login, account := range s.accounts(t) {
		h, look := s.mirrored(t, account)
		view := look()
		s.world.SetFaults(forges.Faults{Every: 3})
		var open []forge.PullRequest
		for tries := 0; tries < 20 && len(open) == 0; tries++ {
			open, _ = h.Poll(t.Context(), view)
		}
		s.world.SetFaults(forges.Faults{})
		if len(open) != 1 {
			t.Errorf("%s: %+v", login, open)
		}
	}
}
