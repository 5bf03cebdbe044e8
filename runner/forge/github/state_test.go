package github

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

func TestLastWordOfEachReviewer(t *testing.T) {
	t.Parallel()
	pr := &api.PullRequest{User: &api.User{Login: api.String("author")}, Head: &api.PullRequestBranch{SHA: api.String("new")}}
	for _, c := range []struct{ reviews, want string }{
		{"ann APPROVED new", "[ann] [] []"},
		{"ann APPROVED old", "[] [ann] []"},
		{"ann APPROVED new, ann COMMENTED new", "[ann] [] []"},
		{"ann APPROVED new, ann PENDING new", "[ann] [] []"},
		{"ann APPROVED new, ann CHANGES_REQUESTED new", "[] [] [ann]"},
		{"ann CHANGES_REQUESTED old, ann APPROVED new", "[ann] [] []"},
		{"ann APPROVED old, ann DISMISSED new", "[] [] []"},
		{"ann APPROVED new, bob CHANGES_REQUESTED old", "[ann] [] [bob]"},
		{"author APPROVED new, Author APPROVED new", "[] [] []"},
		{"bob APPROVED new, ann APPROVED new", "[ann bob] [] []"},
		{"ann COMMENTED new", "[] [] []"},
	} {
		var reviews []*api.PullRequestReview
		for _, text := range strings.Split(c.reviews, ", ") {
			word := strings.Fields(text)
			reviews = append(reviews, &api.PullRequestReview{User: &api.User{Login: &word[0]}, State: &word[1], CommitID: &word[2]})
		}
		reviews = append(reviews, &api.PullRequestReview{State: api.String("APPROVED"), CommitID: api.String("new")}) // of a deleted account
		o := judge(reviews, pr)
		if got := fmt.Sprint(o.approved, o.outdated, o.rejected); got != c.want {
			t.Errorf("%s: %s", c.reviews, got)
		}
	}
}

// pullWith answers for pull request 5, whose head is abc, with a state of mergeability.
func pullWith(t *testing.T, mergeable, state string) *server {
	t.Helper()
	s := newServer(t)
	s.says("GET /repos/octo/infra/pulls/5", 200, fmt.Sprintf(
		`{"state":"open","mergeable":%s,"mergeable_state":%q,"user":{"login":"ann"},"head":{"sha":"abc"},"base":{"ref":"release/1"}}`, mergeable, state))
	s.says("GET /repos/octo/infra/pulls/5/reviews", 200, `[{"user":{"login":"bob"},"state":"APPROVED","commit_id":"abc"},{"user":{"login":"eve"},"state":"APPROVED","commit_id":"abc"}]`)
	s.says("GET /repos/octo/infra/collaborators/bob/permission", 200, `{"permission":"write","role_name":"write"}`)
	s.says("GET /repos/octo/infra/collaborators/eve/permission", 200, `{"permission":"read","role_name":"read"}`)
	s.says("GET /repos/octo/infra/commits/abc/status", 200, `{"statuses":[{"context":"ci/lint","state":"error"},{"context":"ci/slow","state":"pending"},{"context":"driftless/apply","state":"failure"}]}`)
	s.says("GET /repos/octo/infra/commits/abc/check-runs", 200, `{"check_runs":[{"name":"test","conclusion":"timed_out"},{"name":"build","conclusion":"success"},{"name":"driftless/policy","conclusion":"failure"},{"name":"driftless","conclusion":"failure"}]}`)
	return s
}

func TestStateOfAPullRequest(t *testing.T) {
	t.Parallel()
	s := pullWith(t, "true", "unstable")
	state, err := s.host(t).State(t.Context(), "5")
	want := forge.PullState{Open: true, Author: "ann", Head: "abc", Base: "release/1", Mergeable: forge.Yes, Approved: []string{"bob", "eve"}, Failing: []string{"ci/lint", "test"}}
	if err != nil || fmt.Sprintf("%+v", state) != fmt.Sprintf("%+v", want) {
		t.Errorf("%+v %v", state, err)
	}
}

func TestOnlyWhoMayWriteAsksForChanges(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.says("GET /repos/octo/infra/pulls/5", 200, `{"state":"open","mergeable":true,"mergeable_state":"clean","user":{"login":"ann"},"head":{"sha":"abc"}}`)
	s.says("GET /repos/octo/infra/commits/abc/status", 200, `{}`)
	s.says("GET /repos/octo/infra/commits/abc/check-runs", 200, `{}`)
	var reviews []string
	for _, login := range []string{"bob", "cy", "gone", "rabbit[bot]"} {
		reviews = append(reviews, fmt.Sprintf(`{"user":{"login":%q},"state":"CHANGES_REQUESTED","commit_id":"abc"}`, login))
	}
	s.says("GET /repos/octo/infra/pulls/5/reviews", 200, "["+strings.Join(reviews, ",")+"]")
	s.says("GET /repos/octo/infra/collaborators/bob/permission", 200, `{"permission":"write"}`)
	s.says("GET /repos/octo/infra/collaborators/cy/permission", 200, `{"permission":"read","role_name":"triage"}`)
	state, err := s.host(t).State(t.Context(), "5")
	if got := fmt.Sprint(state.Rejected); err != nil || got != "[bob rabbit[bot]]" {
		t.Errorf("%s %v", got, err)
	}
}

func TestMergeabilityWithoutOurOwnStatus(t *testing.T) {
	t.Parallel()
	const ruleset = `[{"type":"deletion"},{"type":"required_status_checks","parameters":{"required_status_checks":[%s]}},{"type":"pull_request","parameters":{"required_approving_review_count":%d%s}}]`
	const mine, build = `{"context":"driftless/apply"}`, `{"context":"build"}`
	classic := func(contexts string) string {
		return `{"protected":true,"protection":{"enabled":true,"required_status_checks":{"contexts":[` + contexts + `]}}}`
	}
	const bare = `{"protected":true,"protection":{"enabled":false}}`
	for name, c := range map[string]struct {
		mergeable, state     string
		rules, branch, admin string
		want                 forge.Answer
		reason               string
	}{
		"unknown":      {mergeable: "null", state: "unknown", want: forge.NotYet},
		"conflict":     {mergeable: "false", state: "dirty", want: forge.No, reason: "conflicts"},
		"draft":        {mergeable: "true", state: "draft", want: forge.No, reason: "draft"},
		"behind":       {mergeable: "true", state: "behind", want: forge.No, reason: "update its branch"},
		"clean":        {mergeable: "true", state: "clean", want: forge.Yes},
		"only ours":    {mergeable: "true", state: "blocked", rules: fmt.Sprintf(ruleset, mine, 0, ""), branch: bare, want: forge.Yes},
		"reviewed":     {mergeable: "true", state: "blocked", rules: fmt.Sprintf(ruleset, mine+","+build, 1, ""), branch: bare, want: forge.Yes},
		"few reviews":  {mergeable: "true", state: "blocked", rules: fmt.Sprintf(ruleset, mine, 2, ""), branch: bare, want: forge.No, reason: "1 of the 2 approving reviews"},
		"check":        {mergeable: "true", state: "blocked", rules: fmt.Sprintf(ruleset, mine+`,{"context":"ci/slow"}`, 0, ""), branch: bare, want: forge.No, reason: "ci/slow"},
		"code owners":  {mergeable: "true", state: "blocked", rules: fmt.Sprintf(ruleset, mine, 0, `,"require_code_owner_review":true`), branch: bare, want: forge.No, reason: "a review of code owners"},
		"unknown rule": {mergeable: "true", state: "blocked", rules: `[{"type":"of_tomorrow","parameters":{"x":1}},{"type":"required_status_checks","parameters":{"required_status_checks":[` + mine + `]}}]`, branch: bare, want: forge.No, reason: "of_tomorrow"},
		"another rule": {mergeable: "true", state: "blocked", rules: `[]`, branch: bare, want: forge.No, reason: "does not say which"},
		"hidden":       {mergeable: "true", state: "blocked", rules: `[]`, branch: classic(`"driftless/apply"`), want: forge.No, reason: "administration: read"},
		"seen":         {mergeable: "true", state: "blocked", rules: `[]`, branch: classic(`"driftless/apply"`), admin: `{"required_pull_request_reviews":{"required_approving_review_count":1}}`, want: forge.Yes},
		"seen lacking": {mergeable: "true", state: "blocked", rules: `[]`, branch: classic(`"driftless/apply"`), admin: `{"required_pull_request_reviews":{"required_approving_review_count":3}}`, want: forge.No, reason: "1 of the 3"},
		"classic":      {mergeable: "true", state: "blocked", rules: `[]`, branch: classic(`"driftless/apply","ci/lint"`), admin: `{}`, want: forge.No, reason: "ci/lint"},
	} {
		s := pullWith(t, c.mergeable, c.state)
		s.says("GET /repos/octo/infra/rules/branches/{branch}", 200, c.rules)
		s.says("GET /repos/octo/infra/branches/{branch}", 200, c.branch)
		if c.admin != "" {
			s.says("GET /repos/octo/infra/branches/{branch}/protection", 200, c.admin)
		} else {
			s.says("GET /repos/octo/infra/branches/{branch}/protection", 403, `{"message":"Resource not accessible"}`)
		}
		state, err := s.host(t).State(t.Context(), "5")
		if err != nil || state.Mergeable != c.want || !strings.Contains(state.Reason, c.reason) || (c.reason == "") != (state.Reason == "") {
			t.Errorf("%s: %v %q %v", name, state.Mergeable, state.Reason, err)
		}
	}
}

func TestPermissionAndMembership(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for login, body := range map[string]string{
		"ann": `{"permission":"write","role_name":"maintain"}`, "bob": `{"permission":"write","role_name":"deployers"}`,
		"cy": `{"permission":"read","role_name":"triage"}`, "old": `{"permission":"admin"}`, "no": `{"permission":"none","role_name":"none"}`,
	} {
		s.says("GET /repos/octo/infra/collaborators/"+login+"/permission", 200, body)
	}
	h := s.host(t)
	for login, want := range map[string]forge.Permission{
		"ann": forge.Maintain, "bob": forge.Write, "cy": forge.Triage, "old": forge.Admin, "no": forge.NoPermission, "renovate[bot]": forge.NoPermission,
	} {
		if got, err := h.Permission(t.Context(), login); err != nil || got != want {
			t.Errorf("%s: %v %v", login, got, err)
		}
	}
	s.says("GET /orgs/octo/teams/sre/memberships/ann", 200, `{"state":"active"}`)
	s.says("GET /orgs/octo/teams/sre/memberships/bob", 200, `{"state":"pending"}`)
	s.says("GET /orgs/octo/teams/sre/members", 200, `[]`)
	for _, c := range []struct {
		team, login string
		want, fails bool
	}{{"sre", "ann", true, false}, {"octo/SRE", "ann", true, false}, {"sre", "bob", false, false}, {"sre", "cy", false, false}, {"ops", "ann", false, true}, {"other/sre", "ann", false, true}} {
		got, err := h.Member(t.Context(), c.team, c.login)
		if got != c.want || (err != nil) != c.fails || err != nil && !errors.Is(err, forge.ErrGone) {
			t.Errorf("%s in %s: %v %v", c.login, c.team, got, err)
		}
	}
}
