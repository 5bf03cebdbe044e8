package github

import (
	"context"
	"slices"
	"strings"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// need is a permission that driftless asks for, in the words of GitHub's settings.
type need struct {
	name, level string
	so          string // what does not work without it
	fatal       bool
}

var needs = []need{
	{"metadata", "read", "nothing can be asked", true},
	{"contents", "read", "the repository cannot be fetched", true},
	{"pull requests", "write", forge.Unshown + ", and nothing is merged by driftless", true},
	{"issues", "write", "no drift issues, and no reactions to commands", false},
	{"commit statuses", "write", "no commit statuses: do not require them in branch protection", false},
	{"checks", "write", "no check runs with annotations, and failed ones of others are not seen", false},
	{"members", "read", "teams in permissions and CODEOWNERS cannot be resolved", false},
}

// merging is what automerge needs besides. Whether a fine-grained token has it shows only when it is used.
var merging = need{"contents", "write", "automerge cannot work: what was applied before the merge waits for somebody to merge it", false}

// met reports whether permissions, by the names in needs, are enough.
func (n need) met(given map[string]string) bool { return levels[given[n.name]] >= levels[n.level] }

func (n need) problem(what string) forge.Problem {
	return forge.Problem{What: what + " " + n.name + ": " + n.level + " is missing", So: n.so, Fatal: n.fatal}
}

var levels = map[string]int{"read": 1, "write": 2, "admin": 3}

// granted are the permissions of an installation by the names in needs.
func granted(p *api.InstallationPermissions) map[string]string {
	return map[string]string{
		"metadata": p.GetMetadata(), "contents": p.GetContents(), "pull requests": p.GetPullRequests(), "issues": p.GetIssues(),
		"commit statuses": p.GetStatuses(), "checks": p.GetChecks(), "members": p.GetMembers(),
	}
}

// roleProblems tell what the role of a token's owner in the repository is too low for.
func roleProblems(may map[string]bool) []forge.Problem {
	switch {
	case len(may) == 0 || may["push"]:
		return nil
	case may["pull"]:
		return []forge.Problem{{What: "the token's owner has no write access to the repository", So: "no commit statuses, no labels, no merging, and nobody's permissions can be asked"}}
	}
	return []forge.Problem{{What: "the token's owner has no access to the repository", So: "nothing can work", Fatal: true}}
}

// scopeProblems tell what the scopes of a classic token lack.
func scopeProblems(scopes string, repo *api.Repository) (problems []forge.Problem) {
	has := func(one ...string) bool {
		return slices.ContainsFunc(strings.Split(scopes, ","), func(s string) bool { return slices.Contains(one, strings.TrimSpace(s)) })
	}
	if !has("repo") && (repo.GetPrivate() || !has("public_repo")) {
		problems = append(problems, forge.Problem{What: "the scope repo is missing", So: "nothing can be written to the repository", Fatal: true})
	}
	if organised(repo) && !has("read:org", "write:org", "admin:org") {
		problems = append(problems, forge.Problem{What: "the scope read:org is missing", So: needs[len(needs)-1].so})
	}
	return problems
}

// try reads what a fine-grained token must be able to read.
func (h *Host) try(ctx context.Context, repo *api.Repository) (problems []forge.Problem, err error) {
	branch := segment(repo.GetDefaultBranch())
	paths := map[string]string{
		"contents": "commits?per_page=1", "pull requests": "pulls?per_page=1", "issues": "issues?per_page=1",
		"commit statuses": "commits/" + branch + "/status?per_page=1",
	}
	for _, one := range needs {
		path := paths[one.name]
		if path == "" {
			continue
		}
		var ignored any
		_, err := h.ifChanged(ctx, path, "", &ignored)
		switch {
		case statusOf(err) == 409, one.name == "commit statuses" && isGone(err): // nothing was pushed yet
		case isDenied(err), isGone(err):
			problems = append(problems, one.problem("the token's permission"))
		case err != nil:
			return problems, err
		}
	}
	if !organised(repo) {
		return problems, nil
	}
	_, _, err = h.api.Teams.ListTeams(ctx, segment(repo.GetOwner().GetLogin()), &api.ListOptions{PerPage: 1})
	if isDenied(err) || isGone(err) {
		return append(problems, needs[len(needs)-1].problem("the token's permission")), nil
	}
	return problems, err
}

// organised reports whether a repository is an organisation's: a person has no teams.
func organised(repo *api.Repository) bool { return repo.GetOwner().GetType() == "Organization" }
