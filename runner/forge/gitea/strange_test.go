package gitea_test

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/forge/gitea"
	"github.com/driftlessops/driftless/test/forges"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// strange is acme/infra with one pull request of bob's, and a driver that signs in as driftless, who may write.
type strange struct {
	world  *forges.World
	repo   *forges.Repo
	host   forge.Host
	mirror *gitrepo.Mirror
	key    string
	n      int
	url    string
}

func newStrange(t *testing.T) *strange {
	t.Helper()
	s := new(strange)
	var err error
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s.world, err = forges.New(forges.Options{Dir: t.TempDir()})
	fail(err)
	s.world.AddOrg("acme", "ada", "bob", "driftless")
	s.repo, err = s.world.AddRepo("acme/infra")
	fail(err)
	s.repo.Grant("driftless", forges.Admin)
	s.repo.Grant("ada", forges.Write)
	s.repo.Grant("eve", forges.Write)
	_, err = s.repo.Commit("ada", "main", "one", map[string]string{"main.tf": "one\n"})
	fail(err)
	_, err = s.repo.Commit("bob", "topic", "two", map[string]string{"main.tf": "two\n"})
	fail(err)
	s.n, err = s.repo.Open("bob", "topic", "", "Topic", forges.OpenOptions{})
	fail(err)
	s.key = "1"
	server := s.world.ServeGitea()
	t.Cleanup(server.Close)
	t.Cleanup(func() { s.world.Check(t) })
	s.url = server.URL
	token := s.world.AddToken(forges.Token{Login: "driftless"})
	a, err := gitea.New(gitea.Options{URL: s.url, Pause: -1, Token: func(context.Context) (string, error) { return token, nil }})
	fail(err)
	s.mirror, err = gitrepo.Open(t.Context(), gitrepo.Options{Dir: filepath.Join(t.TempDir(), "mirror"), URL: s.repo.Dir()})
	fail(err)
	s.host = a.Repository("acme/infra", s.mirror)
	s.fetch(t)
	return s
}

func (s *strange) fetch(t *testing.T) {
	t.Helper()
	refs, err := s.mirror.Remote(t.Context())
	if err == nil {
		err = s.mirror.Fetch(t.Context(), refs, slices.Sorted(maps.Keys(refs.All)))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A review that somebody else has not sent yet is counted by Gitea and not shown.
func TestAReviewThatIsNotSentDoesNotHoldUp(t *testing.T) {
	t.Parallel()
	s := newStrange(t)
	if _, err := s.repo.Review("ada", s.n, "APPROVED", ""); err != nil {
		t.Fatal(err)
	}
	if err := s.repo.BeginReview("eve", s.n); err != nil {
		t.Fatal(err)
	}
	state, err := s.host.State(t.Context(), s.key)
	if err != nil || !slices.Equal(state.Approved, []string{"ada"}) {
		t.Errorf("state %+v, %v", state, err)
	}
}

// Gitea answers 500 for the comments of an issue that was deleted.
func TestTheCommentsOfADeletedIssueAreGone(t *testing.T) {
	t.Parallel()
	s := newStrange(t)
	n, err := s.repo.OpenIssue("ada", "Gone", "soon")
	if err != nil || s.repo.DeleteIssue(n) != nil {
		t.Fatal(err)
	}
	if _, err := s.host.Thread(t.Context(), "2"); !errors.Is(err, forge.ErrGone) {
		t.Errorf("thread: %v", err)
	}
	if _, err := s.host.AddComment(t.Context(), "2", "hello"); !errors.Is(err, forge.ErrGone) {
		t.Errorf("comment: %v", err)
	}
}

// Gitea says "Please try again later" to a merge with conflicts, too.
func TestAConflictIsNotForLater(t *testing.T) {
	t.Parallel()
	s := newStrange(t)
	head := s.repo.Head("topic")
	if _, err := s.repo.Commit("ada", "main", "three", map[string]string{"main.tf": "three\n"}); err != nil {
		t.Fatal(err)
	}
	s.fetch(t)
	err := s.host.Merge(t.Context(), s.key, head, forge.Squash)
	var denied *forge.Denied
	if !errors.As(err, &denied) || !strings.Contains(denied.Reason, "conflict") {
		t.Errorf("a merge with conflicts: %v", err)
	}
	s.world.SetFaults(forges.Faults{UnknownMerges: 2})
	if _, err := s.repo.Commit("bob", "topic", "four", map[string]string{"main.tf": "three\n", "b.tf": "b"}); err != nil {
		t.Fatal(err)
	}
	s.fetch(t)
	err = s.host.Merge(t.Context(), s.key, s.repo.Head("topic"), forge.Squash)
	var later *forge.Later
	if !errors.As(err, &later) {
		t.Errorf("a merge that Gitea has not looked at: %v", err)
	}
}

func TestNoErrorHasTheToken(t *testing.T) {
	t.Parallel()
	s := newStrange(t)
	const odd = "s3cr3t-of-ours\r\nX-Evil: 1"
	for name, o := range map[string]gitea.Options{
		"nobody answers": {URL: "http://127.0.0.1:1", Token: func(context.Context) (string, error) { return "s3cr3t-of-ours", nil }},
		"no header":      {URL: "http://127.0.0.1:1", Token: func(context.Context) (string, error) { return odd, nil }},
		"not accepted":   {URL: s.url, Token: func(context.Context) (string, error) { return "s3cr3t-of-ours", nil }},
	} {
		o.Pause = -1
		a, err := gitea.New(o)
		if err != nil {
			t.Fatal(err)
		}
		h := a.Repository("acme/infra", nil)
		_, access := h.Access(t.Context())
		_, comment := h.AddComment(t.Context(), "1", "x")
		merge := h.Merge(t.Context(), "1", s.repo.Head("topic"), forge.Squash)
		_, list := a.List(t.Context(), "acme")
		for _, err := range []error{access, comment, merge, list} {
			if err == nil || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, url := range []string{"http://ada:s3cr3t@127.0.0.1:1", "ftp://ada:s3cr3t@host", "http://s3cr3t@host:x", "https://s3cr3t:@[::1"} {
		_, err := gitea.New(gitea.Options{URL: url, Token: func(context.Context) (string, error) { return "t", nil }})
		if err == nil || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// A repository by its old name can be read; whoever writes to it is told.
func TestARenamedRepositoryIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	s := newStrange(t)
	head := s.repo.Head("topic")
	id, err := s.repo.Comment("driftless", s.n, "one")
	if err != nil || s.repo.Rename("acme/cloud") != nil {
		t.Fatal(err)
	}
	thread, err := s.host.Thread(t.Context(), s.key)
	if err != nil || len(thread) != 1 || !thread[0].Own {
		t.Errorf("thread %+v, %v", thread, err)
	}
	_, add := s.host.AddComment(t.Context(), s.key, "two")
	_, issue := s.host.PutIssue(t.Context(), forge.Issue{Title: "t", Open: true})
	_, edit := s.host.EditComment(t.Context(), id, "two")
	for name, err := range map[string]error{
		"add": add, "issue": issue, "edit": edit,
		"delete": s.host.DeleteComment(t.Context(), id),
		"react":  s.host.React(t.Context(), id, forge.Seen),
		"status": s.host.SetStatus(t.Context(), head, forge.Status{Context: "driftless/plan", State: forge.Success}),
		"merge":  s.host.Merge(t.Context(), s.key, head, forge.Squash),
	} {
		var denied *forge.Denied
		if !errors.As(err, &denied) || !strings.Contains(denied.Reason, "new path") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := s.repo.CommentsOf(s.n); len(got) != 1 || got[0].Body != "one" {
		t.Errorf("comments %+v", got)
	}
}

// Gitea gives no links to the other pages of comments, and all issues for a label that does not exist.
func TestNothingIsLostBetweenPages(t *testing.T) {
	t.Parallel()
	s := newStrange(t)
	since := s.world.Now()
	for range 120 {
		if _, err := s.repo.Comment("bob", s.n, "driftless plan"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.host.Comments(t.Context(), since)
	if err != nil || len(got) != 120 {
		t.Errorf("%d comments, %v", len(got), err)
	}
	for range 70 {
		if _, err := s.repo.OpenIssue("driftless", "Drift", "b", "driftless: drift"); err != nil {
			t.Fatal(err)
		}
	}
	issues, err := s.host.Issues(t.Context(), "driftless: drift")
	none, err2 := s.host.Issues(t.Context(), "driftless: unheard of")
	if err := errors.Join(err, err2); err != nil || len(issues) != 70 || len(none) != 0 {
		t.Errorf("%d issues, %d of a label that is not there, %v", len(issues), len(none), err)
	}
}
