package github

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

// lacks lists what the problems of an access are about.
func lacks(a forge.Access) string {
	var all []string
	for _, p := range slices.Concat(a.Problems, a.Merging) {
		text := p.What
		if p.Fatal {
			text += "!"
		}
		if p.So == "" {
			text += " (and so what?)"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func TestAccessOfAnApp(t *testing.T) {
	t.Parallel()
	all := `"metadata":"read","contents":"write","pull_requests":"write","issues":"write","statuses":"write","checks":"write"`
	for name, c := range map[string]struct{ installation, owner, want, denied string }{
		"all":          {installation: `{"id":7,"permissions":{` + all + `,"members":"read"}}`, owner: "Organization"},
		"a person's":   {installation: `{"id":7,"permissions":{` + all + `}}`, owner: "User"},
		"no members":   {installation: `{"id":7,"permissions":{` + all + `}}`, owner: "Organization", want: "the permission members: read is missing"},
		"reading only": {installation: `{"id":7,"permissions":{"metadata":"read","contents":"read","pull_requests":"read","checks":"read"}}`, owner: "User", want: "the permission pull requests: write is missing!, the permission issues: write is missing, the permission commit statuses: write is missing, the permission checks: write is missing, the permission contents: write is missing"},
		"suspended":    {installation: `{"id":7,"suspended_at":"2026-01-01T00:00:00Z"}`, denied: "unsuspend it"},
		"another":      {installation: `{"id":8}`, denied: "is not that of octo/infra"},
	} {
		s := newServer(t)
		s.says("GET /app", 200, `{"slug":"driftless"}`)
		s.says("GET /repos/octo/infra/installation", 200, c.installation)
		s.says("POST /app/installations/7/access_tokens", 201, `{"token":"t","expires_at":"`+time.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`"}`)
		s.says("GET /repos/octo/infra", 200, `{"full_name":"octo/infra","owner":{"type":"`+c.owner+`"}}`)
		a := s.account(t, Options{App: &App{ID: 1, Key: constantKey, Installation: 7}})
		access, err := a.Repository("octo/infra", nil).Access(t.Context())
		var denied *forge.Denied
		if c.denied != "" {
			if !errors.As(err, &denied) || !strings.Contains(denied.Reason, c.denied) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || !access.App || access.Login != "driftless[bot]" || lacks(access) != c.want {
			t.Errorf("%s: %+v %s %v", name, access, lacks(access), err)
		}
	}
}

func TestAccessOfAToken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scopes, repository, want string // scopes "-" = a fine-grained token
		refused                  string // what it may not read
	}{
		"classic":           {scopes: "repo, read:org", repository: `{"private":true,"permissions":{"push":true,"pull":true}}`},
		"public":            {scopes: "public_repo,admin:org", repository: `{"permissions":{"push":true,"pull":true}}`},
		"private":           {scopes: "public_repo", repository: `{"private":true,"permissions":{"pull":true},"owner":{"type":"Organization"}}`, want: "the token's owner has no write access to the repository, the scope repo is missing!, the scope read:org is missing"},
		"archived":          {scopes: "repo", repository: `{"archived":true,"has_issues":false,"permissions":{"push":true}}`, want: "the repository is archived!, issues are disabled in the repository"},
		"no access":         {scopes: "repo", repository: `{"permissions":{"pull":false}}`, want: "the token's owner has no access to the repository!"},
		"fine-grained":      {scopes: "-", repository: `{"default_branch":"a/b","permissions":{"push":true}}`},
		"fine-grained, few": {scopes: "-", refused: "issues commits teams", repository: `{"default_branch":"main","permissions":{"push":true},"owner":{"login":"octo","type":"Organization"}}`, want: "the token's permission contents: read is missing!, the token's permission issues: write is missing, the token's permission members: read is missing"},
	} {
		s := newServer(t)
		s.HandleFunc("GET /user", func(w http.ResponseWriter, _ *http.Request) {
			if c.scopes != "-" {
				w.Header().Set("X-OAuth-Scopes", c.scopes)
			}
			reply(w, 200, `{"login":"bot"}`)
		})
		s.says("GET /repos/octo/infra", 200, c.repository)
		for what, path := range map[string]string{
			"commits": "/repos/octo/infra/commits", "status": "/repos/octo/infra/commits/{ref}/status", "pulls": "/repos/octo/infra/pulls",
			"issues": "/repos/octo/infra/issues", "teams": "/orgs/octo/teams",
		} {
			if strings.Contains(c.refused, what) {
				s.says("GET "+path, 403, `{"message":"Resource not accessible by personal access token"}`)
			} else {
				s.says("GET "+path, 200, `[]`)
			}
		}
		access, err := s.host(t).Access(t.Context())
		if err != nil || access.App || access.Login != "bot" || lacks(access) != c.want {
			t.Errorf("%s: %s %v", name, lacks(access), err)
		}
	}
}

func TestListOfAnOwner(t *testing.T) {
	t.Parallel()
	const at = `"created_at":"2026-01-01T00:00:00Z"`
	list := `[{"full_name":"Octo/infra","clone_url":"https://git.example/Octo/infra.git","owner":{"login":"Octo"},"size":0,"pushed_at":"2026-01-02T00:00:00Z",` + at +
		`},{"full_name":"Octo/new","owner":{"login":"Octo"},"size":0,"pushed_at":"2026-01-01T00:00:00Z",` + at +
		`},{"full_name":"Octo/old","owner":{"login":"Octo"},"archived":true,"size":5,` + at + `},{"full_name":"other/x","owner":{"login":"other"}}]`
	s, _ := appServer(t, time.Hour)
	s.says("GET /orgs/octo/repos", 200, list)
	s.says("GET /users/ann/repos", 200, `[]`)
	s.says("GET /orgs/octo/installation", 404, `{"message":"Not Found"}`)
	s.says("GET /app/installations", 200, `[{"id":6,"account":{"login":"other"}},{"id":7,"account":{"login":"Octo"}}]`)
	s.says("GET /installation/repositories", 200, `{"repositories":`+list+`}`)
	for name, a := range map[string]*Account{"token": s.account(t, Options{Token: constant("x")}), "app": s.app(t, constantKey)} {
		got, err := a.List(t.Context(), "octo")
		if err != nil || len(got) != 3 || got[0] != (forge.Listed{Path: "Octo/infra"}) || !got[1].Empty || !got[2].Archived {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	if got, err := s.account(t, Options{Token: constant("x")}).List(t.Context(), "ann"); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
}
