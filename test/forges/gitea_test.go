package forges

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"code.gitea.io/sdk/gitea"
)

// newGitea is newWorld behind Gitea's face, with a client for whoever has the login.
func newGitea(t *testing.T) (w *World, r *Repo, url string, as func(login string, scopes ...string) *gitea.Client) {
	t.Helper()
	w, r = newWorld(t)
	server := httptest.NewServer(w.Gitea())
	t.Cleanup(server.Close)
	return w, r, server.URL, func(login string, scopes ...string) *gitea.Client {
		t.Helper()
		token := w.AddToken(Token{Login: login, Scopes: scopes})
		return must[*gitea.Client](t)(gitea.NewClient(server.URL, gitea.SetToken(token)))
	}
}

// status is the status that an answer had, which the SDK also returns with an error.
func status(t *testing.T, want int, resp *gitea.Response, err error) {
	t.Helper()
	if resp == nil || resp.StatusCode != want {
		t.Fatalf("answered %v (%v), want %d", resp, err, want)
	}
}

func topic(t *testing.T, r *Repo, branch string) int {
	t.Helper()
	must[string](t)(r.Commit("bob", branch, branch, map[string]string{branch + ".tf": branch}))
	return must[int](t)(r.Open("bob", branch, "", "Add "+branch, OpenOptions{Body: "why"}))
}

func TestGiteaShowsPullRequests(t *testing.T) {
	t.Parallel()
	w, r, _, as := newGitea(t)
	one, two := topic(t, r, "one"), topic(t, r, "two")
	if err := r.SetDraft("bob", two, true); err != nil {
		t.Fatal(err)
	}
	c := as("ada")
	list, resp, err := c.ListRepoPullRequests("acme", "infra", gitea.ListPullRequestsOptions{State: gitea.StateAll, ListOptions: gitea.ListOptions{PageSize: 1}})
	status(t, http.StatusOK, resp, err)
	if len(list) != 1 || list[0].Index != int64(two) || !list[0].Draft || list[0].Title != "WIP: Add two" || resp.NextPage != 2 {
		t.Errorf("first page: %+v, next %d", list, resp.NextPage)
	}
	w.SetFaults(Faults{UnknownMerges: 1})
	for i, mergeable := range []bool{false, true} {
		p, resp, err := c.GetPullRequest("acme", "infra", int64(one))
		status(t, http.StatusOK, resp, err)
		if p.Mergeable != mergeable || p.Head.Sha != r.Head("one") || p.Base.Sha != r.Head("main") || p.MergeBase != r.Head("main") || p.Poster.UserName != "bob" {
			t.Errorf("time %d: %+v", i, p)
		}
	}
	if err := r.DeleteBranch("bob", "one"); err != nil {
		t.Fatal(err)
	}
	p, resp, err := c.GetPullRequest("acme", "infra", int64(one))
	status(t, http.StatusOK, resp, err)
	if p.State != gitea.StateClosed || p.Head.Ref != "refs/pull/1/head" || p.Head.Sha == "" {
		t.Errorf("without its branch: %+v %+v", p, p.Head)
	}
}

func TestGiteaMerges(t *testing.T) {
	t.Parallel()
	w, r, _, as := newGitea(t)
	n := int64(topic(t, r, "one"))
	merge := func(c *gitea.Client, head string) (int, string) {
		t.Helper()
		_, resp, err := c.MergePullRequest("acme", "infra", n, gitea.MergePullRequestOption{Style: gitea.MergeStyleSquash, HeadCommitId: head, Title: "title"})
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, resp.Status
	}
	ada, head := as("ada"), r.Head("one")
	refused := func(want int, c *gitea.Client, head string) {
		t.Helper()
		if code, text := merge(c, head); code != want {
			t.Errorf("answered %s, want %d", text, want)
		}
	}
	refused(405, as("bob"), head)
	refused(409, ada, r.Head("main"))
	w.SetFaults(Faults{UnknownMerges: 1})
	must[string](t)(r.Commit("ada", "main", "two", map[string]string{"main.tf": "two\n"}))
	refused(405, ada, head)
	r.Protect("main", Protection{Contexts: []string{"driftless/apply"}, Reviews: 1})
	branch, resp, err := ada.GetRepoBranch("acme", "infra", "main")
	status(t, http.StatusOK, resp, err)
	if !branch.Protected || branch.RequiredApprovals != 1 || !slices.Equal(branch.StatusCheckContexts, []string{"driftless/apply"}) {
		t.Errorf("branch %+v", branch)
	}
	refused(405, ada, head)
	must[Status](t)(r.SetStatus("ada", Status{Commit: head, Context: "driftless/apply", State: "success"}))
	refused(405, ada, head)
	must[int64](t)(r.Review("ada", int(n), "APPROVED", ""))
	refused(200, ada, head)
	refused(405, ada, head)
	must[string](t)(r.Commit("ada", "feature/x", "x", map[string]string{"x.tf": "x"}))
	branch, resp, err = ada.GetRepoBranch("acme", "infra", "feature/x")
	status(t, http.StatusOK, resp, err)
	if branch.Protected {
		t.Errorf("branch %+v", branch)
	}
	p, resp, err := ada.GetPullRequest("acme", "infra", n)
	status(t, http.StatusOK, resp, err)
	if !p.HasMerged || p.MergedBy.UserName != "ada" || *p.MergedCommitID != r.Head("main") {
		t.Errorf("merged: %+v", p)
	}
}

func TestGiteaReviewsAndStatuses(t *testing.T) {
	t.Parallel()
	_, r, _, as := newGitea(t)
	n := topic(t, r, "one")
	c := as("ada")
	combined, resp, err := c.GetCombinedStatus("acme", "infra", "one")
	status(t, http.StatusOK, resp, err)
	if combined.State != "" || len(combined.Statuses) != 0 {
		t.Errorf("of nothing: %+v", combined)
	}
	dismissed := must[int64](t)(r.Review("eve", n, "CHANGES_REQUESTED", "no"))
	if err := r.Dismiss("ada", n, dismissed); err != nil {
		t.Fatal(err)
	}
	must[int64](t)(r.Review("ada", n, "APPROVED", ""))
	head := must[string](t)(r.Commit("bob", "one", "more", map[string]string{"x.tf": "x"}))
	if err := r.BeginReview("eve", n); err != nil {
		t.Fatal(err)
	}
	reviews, resp, err := c.ListPullReviews("acme", "infra", int64(n), gitea.ListPullReviewsOptions{})
	status(t, http.StatusOK, resp, err)
	if got := resp.Header.Get("X-Total-Count"); got != "3" {
		t.Errorf("%s reviews counted, want the one that is not sent, too", got)
	}
	if len(reviews) != 2 || !reviews[0].Dismissed || !reviews[1].Stale || !reviews[1].Official || reviews[1].State != gitea.ReviewStateApproved {
		t.Errorf("reviews: %+v", reviews)
	}
	for _, state := range []gitea.StatusState{gitea.StatusPending, gitea.StatusSuccess} {
		_, resp, err := c.CreateStatus("acme", "infra", head, gitea.CreateStatusOption{State: state, Context: "driftless/plan", Description: "d", TargetURL: "https://x.example"})
		status(t, http.StatusCreated, resp, err)
	}
	_, resp, err = c.CreateStatus("acme", "infra", strings.Repeat("0", 40), gitea.CreateStatusOption{State: gitea.StatusSuccess})
	status(t, http.StatusNotFound, resp, err)
	must[Status](t)(r.SetStatus("ci", Status{Commit: head, Context: "ci", State: "warning"}))
	combined, resp, err = c.GetCombinedStatus("acme", "infra", "one")
	status(t, http.StatusOK, resp, err)
	if combined.State != "warning" || len(combined.Statuses) != 2 || combined.SHA != head {
		t.Errorf("combined: %+v", combined)
	}
	all, resp, err := c.ListStatuses("acme", "infra", head, gitea.ListStatusesOption{})
	status(t, http.StatusOK, resp, err)
	if len(all) != 3 {
		t.Errorf("%d statuses", len(all))
	}
}

func TestGiteaComments(t *testing.T) {
	t.Parallel()
	w, r, _, as := newGitea(t)
	n := int64(topic(t, r, "one"))
	c := as("ada")
	for range 60 {
		must[int64](t)(r.Comment("bob", int(n), "talk"))
	}
	own, resp, err := c.CreateIssueComment("acme", "infra", n, gitea.CreateIssueCommentOption{Body: "mine"})
	status(t, http.StatusCreated, resp, err)
	thread, resp, err := c.ListIssueComments("acme", "infra", n, gitea.ListIssueCommentOptions{ListOptions: gitea.ListOptions{Page: 2, PageSize: 10}})
	status(t, http.StatusOK, resp, err)
	if len(thread) != 61 || thread[60].ID != own.ID || !strings.HasSuffix(own.PRURL, "/acme/infra/pulls/1") {
		t.Errorf("a thread comes whole: %d, %+v", len(thread), own)
	}
	all, resp, err := c.ListRepoIssueComments("acme", "infra", gitea.ListIssueCommentOptions{Since: own.Updated.Add(-time.Minute), ListOptions: gitea.ListOptions{PageSize: 100}})
	status(t, http.StatusOK, resp, err)
	if len(all) != 50 || resp.NextPage != 0 || resp.Header.Get("X-Total-Count") != "61" {
		t.Errorf("%d of %s comments, next %d", len(all), resp.Header.Get("X-Total-Count"), resp.NextPage)
	}
	_, resp, err = as("eve", "all").EditIssueComment("acme", "infra", own.ID, gitea.EditIssueCommentOption{Body: "x"})
	status(t, http.StatusNotFound, resp, err)
	_, resp, err = as("bob").EditIssueComment("acme", "infra", own.ID, gitea.EditIssueCommentOption{Body: "x"})
	status(t, http.StatusForbidden, resp, err)
	w.SetFaults(Faults{HiddenEdits: 1})
	own, resp, err = c.CreateIssueComment("acme", "infra", n, gitea.CreateIssueCommentOption{Body: "mine"})
	status(t, http.StatusCreated, resp, err)
	for _, want := range []int{http.StatusNotFound, http.StatusOK} {
		_, resp, err = c.EditIssueComment("acme", "infra", own.ID, gitea.EditIssueCommentOption{Body: "edited"})
		status(t, want, resp, err)
	}
	reactions, resp, err := c.GetIssueCommentReactions("acme", "infra", own.ID)
	status(t, http.StatusOK, resp, err)
	for _, want := range []int{http.StatusCreated, http.StatusOK} {
		_, resp, err = c.PostIssueCommentReaction("acme", "infra", own.ID, "eyes")
		status(t, want, resp, err)
	}
	_, resp, err = c.PostIssueCommentReaction("acme", "infra", own.ID, "shrug")
	status(t, http.StatusForbidden, resp, err)
	after, resp, err := c.GetIssueCommentReactions("acme", "infra", own.ID)
	status(t, http.StatusOK, resp, err)
	if len(reactions) != 0 || len(after) != 1 || after[0].User.UserName != "ada" {
		t.Errorf("reactions %v, then %v", reactions, after)
	}
	resp, err = c.DeleteIssueComment("acme", "infra", own.ID)
	status(t, http.StatusNoContent, resp, err)
	resp, err = c.DeleteIssueComment("acme", "infra", own.ID)
	status(t, http.StatusNotFound, resp, err)
}

func TestGiteaIssuesAndLabels(t *testing.T) {
	t.Parallel()
	_, r, _, as := newGitea(t)
	topic(t, r, "one")
	c := as("ada")
	label, resp, err := c.CreateLabel("acme", "infra", gitea.CreateLabelOption{Name: "drift", Color: "#b60205", Description: "d"})
	status(t, http.StatusCreated, resp, err)
	if label.Color != "b60205" {
		t.Errorf("color %s", label.Color)
	}
	i, resp, err := c.CreateIssue("acme", "infra", gitea.CreateIssueOption{Title: "Drift", Body: "b", Labels: []int64{label.ID, 4711}})
	status(t, http.StatusCreated, resp, err)
	closed, body := gitea.StateClosed, "c"
	_, resp, err = c.EditIssue("acme", "infra", i.Index, gitea.EditIssueOption{State: &closed, Body: &body})
	status(t, http.StatusCreated, resp, err)
	_, resp, err = c.ReplaceIssueLabels("acme", "infra", i.Index, gitea.IssueLabelsOption{Labels: []int64{label.ID}})
	status(t, http.StatusOK, resp, err)
	for labels, want := range map[string]int{"drift": 0, "unheard of": 1} {
		list, resp, err := c.ListRepoIssues("acme", "infra", gitea.ListIssueOption{State: gitea.StateAll, Type: gitea.IssueTypePull, Labels: []string{labels}})
		status(t, http.StatusOK, resp, err)
		if len(list) != want {
			t.Errorf("label %s: %d pull requests, want %d", labels, len(list), want)
		}
	}
	list, resp, err := c.ListRepoIssues("acme", "infra", gitea.ListIssueOption{State: gitea.StateAll, Type: gitea.IssueTypeIssue, CreatedBy: "ada"})
	status(t, http.StatusOK, resp, err)
	if len(list) != 1 || list[0].Body != "c" || list[0].State != closed || len(list[0].Labels) != 1 || list[0].Closed == nil {
		t.Errorf("issues: %+v", list)
	}
}

func TestGiteaSignIn(t *testing.T) {
	t.Parallel()
	w, r, url, as := newGitea(t)
	_, resp, err := as("ada", "read:repository").GetMyUserInfo()
	status(t, http.StatusForbidden, resp, err)
	if want := "token does not have at least one of required scope(s), required=[read:user], token scope=read:repository"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	_, resp, err = as("ada", "write:repository").ListIssueComments("acme", "infra", 1, gitea.ListIssueCommentOptions{})
	status(t, http.StatusForbidden, resp, err)
	nobody := must[*gitea.Client](t)(gitea.NewClient(url))
	_, resp, err = nobody.GetMyUserInfo()
	status(t, http.StatusUnauthorized, resp, err)
	_, resp, err = nobody.GetRepo("acme", "infra")
	status(t, http.StatusNotFound, resp, err)
	_, err = gitea.NewClient(url, gitea.SetToken("wrong"))
	if err == nil || !strings.Contains(err.Error(), "invalid username, password or token") {
		t.Errorf("a wrong token: %v", err)
	}
	r.SetPublic()
	repo, resp, err := nobody.GetRepo("acme", "infra")
	status(t, http.StatusOK, resp, err)
	if repo.Permissions.Push || !repo.Permissions.Pull || repo.CloneURL != url+"/acme/infra.git" {
		t.Errorf("for nobody: %+v", repo)
	}
	r.SetArchived(true)
	_, resp, err = as("ada").CreateIssue("acme", "infra", gitea.CreateIssueOption{Title: "x"})
	status(t, http.StatusLocked, resp, err)
	for _, q := range w.Requests() {
		if strings.Contains(q.Path, "tok_") {
			t.Errorf("a token in %s", q.Path)
		}
	}
}

func TestGiteaPeopleAndRepositories(t *testing.T) {
	t.Parallel()
	w, r, _, as := newGitea(t)
	w.AddTeam("acme", "Owners", "ann")
	w.AddTeam("acme", "sre", "ada")
	must[*Repo](t)(w.AddRepo("bob/own"))
	c := as("ada")
	teams, resp, err := c.ListOrgTeams("acme", gitea.ListTeamsOptions{})
	status(t, http.StatusOK, resp, err)
	sre := slices.IndexFunc(teams, func(t *gitea.Team) bool { return t.Name == "sre" })
	_, resp, err = c.GetTeamMember(teams[sre].ID, "ada")
	status(t, http.StatusOK, resp, err)
	_, resp, err = c.GetTeamMember(teams[sre].ID, "bob")
	status(t, http.StatusNotFound, resp, err)
	_, resp, err = c.GetTeamMember(teams[1-sre].ID, "bob")
	status(t, http.StatusForbidden, resp, err)
	_, resp, err = as("eve").ListOrgTeams("acme", gitea.ListTeamsOptions{})
	status(t, http.StatusForbidden, resp, err)

	_, resp, err = c.CollaboratorPermission("acme", "infra", "bob")
	status(t, http.StatusForbidden, resp, err)
	r.Grant("ada", Admin)
	p, resp, err := c.CollaboratorPermission("acme", "infra", "bob")
	status(t, http.StatusOK, resp, err)
	if p.Permission != gitea.AccessModeRead {
		t.Errorf("permission %s", p.Permission)
	}
	repos, resp, err := c.ListOrgRepos("acme", gitea.ListOrgReposOptions{})
	status(t, http.StatusOK, resp, err)
	theirs, resp, err := as("bob").ListUserRepos("bob", gitea.ListReposOptions{})
	status(t, http.StatusOK, resp, err)
	if len(repos) != 1 || len(theirs) != 1 || theirs[0].FullName != "bob/own" || !theirs[0].Empty {
		t.Errorf("repositories %+v and %+v", repos, theirs)
	}
	if err := r.Rename("acme/cloud"); err != nil {
		t.Fatal(err)
	}
	repo, resp, err := c.GetRepo("acme", "infra")
	status(t, http.StatusOK, resp, err)
	if repo.FullName != "acme/cloud" {
		t.Errorf("renamed: %s", repo.FullName)
	}
}

func TestGiteaFaults(t *testing.T) {
	t.Parallel()
	w, r, _, as := newGitea(t)
	n := int64(topic(t, r, "one"))
	c := as("ada")
	w.SetFaults(Faults{Every: 1})
	for range 4 {
		_, resp, err := c.CreateIssueComment("acme", "infra", n, gitea.CreateIssueCommentOption{Body: "x"})
		if err == nil || resp.StatusCode < 500 {
			t.Errorf("answered %v, %v", resp, err)
		}
	}
	if got := len(r.CommentsOf(int(n))); got != 2 {
		t.Errorf("%d of 4 failed requests had an effect, want 2", got)
	}
	w.SetFaults(Faults{})
	w.LimitWrites(1, 7*time.Second)
	_, resp, err := c.CreateIssueComment("acme", "infra", n, gitea.CreateIssueCommentOption{Body: "x"})
	status(t, http.StatusTooManyRequests, resp, err)
	if got := resp.Header.Get("Retry-After"); got != "7" {
		t.Errorf("Retry-After %q", got)
	}
	w.Exhaust(w.Now().Add(time.Minute))
	_, resp, err = c.GetRepo("acme", "infra")
	status(t, http.StatusTooManyRequests, resp, err)
}

func TestGiteaServesGit(t *testing.T) {
	t.Parallel()
	w, r, url, _ := newGitea(t)
	n := topic(t, r, "one")
	token := w.AddToken(Token{Login: "ada"})
	remote := strings.Replace(url, "http://", "http://ada:"+token+"@", 1) + "/acme/infra.git"
	refs := git(t, "", "ls-remote", remote)
	if !strings.Contains(refs, r.Head("one")+"\trefs/pull/1/head") || strings.Contains(refs, "/merge") {
		t.Errorf("refs:\n%s", refs)
	}
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, "", "clone", "--quiet", "--branch", "one", remote, clone)
	git(t, clone, "commit", "--quiet", "--allow-empty", "-m", "more")
	git(t, clone, "push", "--quiet", "origin", "one")
	if i := must[Issue](t)(r.Issue(n)); i.Pull.HeadSHA != git(t, clone, "rev-parse", "HEAD") {
		t.Errorf("after a push the head is %s", i.Pull.HeadSHA)
	}
}

func TestGiteaIsHeldAgainstItsDescription(t *testing.T) {
	t.Parallel()
	NeedDescription(t, GiteaDescription)
	d, err := describe(GiteaDescription)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	merge := exchange{method: "POST", path: "/repos/a/b/pulls/1/merge", reqHeader: header, status: 200}
	user := exchange{method: "GET", path: "/user", status: 200, header: header}
	for body, good := range map[string]bool{
		`{"Do":"merge"}`: true, `{"do":"squash","head_commit_id":"x"}`: true, `{"Do":"shove"}`: false, `{}`: false, `{"Do":"merge","Title":"x"}`: false,
	} {
		merge.reqBody = []byte(body)
		if err := d.check(merge); (err == nil) != good {
			t.Errorf("merge %s: %v", body, err)
		}
	}
	for body, good := range map[string]bool{
		`{"id":1,"login":"ada"}`: true, `{"id":"1"}`: false, `{"name":"ada"}`: false, `{"login":null}`: false,
	} {
		user.body = []byte(body)
		if err := d.check(user); (err == nil) != good {
			t.Errorf("user %s: %v", body, err)
		}
	}
	if err := d.check(exchange{method: "GET", path: "/user", status: 401, header: header, body: []byte(`{"error":"x"}`)}); err == nil {
		t.Error("an error without a message is as described")
	}
}
