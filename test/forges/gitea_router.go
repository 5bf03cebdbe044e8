package forges

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// giteaRoute is one operation of the API.
type giteaRoute struct {
	method  string
	pattern string // below /api/v1
	scopes  string // categories that the token needs, read or write by the method
	rights  giteaRights
	handle  func(*giteaCall) reply
}

// giteaRights is what an operation asks for beside the scope. Every operation of a repository asks for reading it.
type giteaRights uint

const (
	giteaSigned   giteaRights = 1 << iota // a token
	giteaWriter                           // write access to the code
	giteaUnlocked                         // a repository that is not archived
)

const giteaRepoPath = "/repos/{owner}/{repo}"

var giteaRoutes = []giteaRoute{
	{"GET", "/version", "", 0, giteaVersion},
	{"GET", "/settings/api", "", 0, giteaSettings},
	{"GET", "/user", "user", giteaSigned, giteaMe},
	{"GET", "/users/{username}/repos", "user repository", 0, giteaUserRepos},
	{"GET", "/orgs/{org}/repos", "organization", 0, giteaOrgRepos},
	{"GET", "/orgs/{org}/teams", "organization", giteaSigned, giteaTeams},
	{"GET", "/teams/{id}/members/{username}", "organization", giteaSigned, giteaTeamMember},

	{"GET", giteaRepoPath, "repository", 0, giteaGetRepo},
	{"GET", giteaRepoPath + "/collaborators/{collaborator}/permission", "repository", giteaSigned, giteaGetPermission},
	{"GET", giteaRepoPath + "/branches/{branch}", "repository", 0, giteaGetBranch},
	{"GET", giteaRepoPath + "/branch_protections/{name}", "repository", giteaSigned, giteaGetProtection},
	{"GET", giteaRepoPath + "/pulls", "repository", 0, giteaListPulls},
	{"GET", giteaRepoPath + "/pulls/{index}", "repository", 0, giteaGetPull},
	{"GET", giteaRepoPath + "/pulls/{index}/merge", "repository", 0, giteaIsMerged},
	{"POST", giteaRepoPath + "/pulls/{index}/merge", "repository", giteaSigned | giteaUnlocked, giteaMerge},
	{"GET", giteaRepoPath + "/pulls/{index}/reviews", "repository", 0, giteaListReviews},
	{"GET", giteaRepoPath + "/commits/{ref}/status", "repository", 0, giteaCombined},
	{"GET", giteaRepoPath + "/commits/{ref}/statuses", "repository", 0, giteaListStatuses},
	{"GET", giteaRepoPath + "/statuses/{ref}", "repository", 0, giteaListStatuses},
	{"POST", giteaRepoPath + "/statuses/{ref}", "repository", giteaSigned | giteaWriter, giteaSetStatus},

	{"GET", giteaRepoPath + "/labels", "issue", 0, giteaListLabels},
	{"POST", giteaRepoPath + "/labels", "issue", giteaSigned | giteaWriter, giteaAddLabel},
	{"GET", giteaRepoPath + "/issues", "issue", 0, giteaListIssues},
	{"POST", giteaRepoPath + "/issues", "issue", giteaSigned | giteaUnlocked, giteaOpenIssue},
	{"GET", giteaRepoPath + "/issues/comments", "issue", 0, giteaRepoComments},
	{"GET", giteaRepoPath + "/issues/comments/{id}", "issue", 0, giteaGetComment},
	{"PATCH", giteaRepoPath + "/issues/comments/{id}", "issue", giteaSigned | giteaUnlocked, giteaEditComment},
	{"DELETE", giteaRepoPath + "/issues/comments/{id}", "issue", giteaSigned, giteaDeleteComment},
	{"GET", giteaRepoPath + "/issues/comments/{id}/reactions", "issue", 0, giteaListReactions},
	{"POST", giteaRepoPath + "/issues/comments/{id}/reactions", "issue", giteaSigned, giteaReact},
	{"GET", giteaRepoPath + "/issues/{index}", "issue", 0, giteaGetIssue},
	{"PATCH", giteaRepoPath + "/issues/{index}", "issue", giteaSigned, giteaEditIssue},
	{"GET", giteaRepoPath + "/issues/{index}/comments", "issue", 0, giteaIssueComments},
	{"POST", giteaRepoPath + "/issues/{index}/comments", "issue", giteaSigned | giteaUnlocked, giteaAddComment},
	{"GET", giteaRepoPath + "/issues/{index}/labels", "issue", 0, giteaIssueLabels},
	{"POST", giteaRepoPath + "/issues/{index}/labels", "issue", giteaSigned, giteaAddLabels},
	{"PUT", giteaRepoPath + "/issues/{index}/labels", "issue", giteaSigned, giteaReplaceLabels},
}

// giteaFind returns the operation for a request and the variables of its path. A word in a pattern goes before a variable.
func giteaFind(r *http.Request) (giteaRoute, map[string]string, bool) {
	path := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/api/v1/"), "/")
	var found giteaRoute
	var vars map[string]string
	for _, route := range giteaRoutes {
		if route.method != r.Method {
			continue
		}
		if v, ok := giteaMatch(strings.Split(route.pattern[1:], "/"), path); ok && (vars == nil || len(v) < len(vars)) {
			found, vars = route, v
		}
	}
	return found, vars, vars != nil
}

// giteaMatch compares a pattern with a path by their words. The name of a branch may have slashes that are not escaped.
func giteaMatch(pattern, path []string) (map[string]string, bool) {
	if n := len(pattern); len(path) > n && pattern[n-1] == "{branch}" {
		path = append(slices.Clone(path[:n-1]), strings.Join(path[n-1:], "/"))
	}
	if len(pattern) != len(path) {
		return nil, false
	}
	vars := map[string]string{}
	for i, p := range pattern {
		if !strings.HasPrefix(p, "{") {
			if p != path[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(path[i])
		if err != nil || value == "" {
			return nil, false
		}
		vars[strings.Trim(p, "{}")] = value
	}
	return vars, true
}
