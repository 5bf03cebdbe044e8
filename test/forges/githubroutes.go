package forges

import (
	"net/http"
	"strings"
)

// githubRoutes are the endpoints that are served, and what each asks for.
func githubRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	thread := []string{"issues", "pull_requests"}
	for pattern, e := range map[string]struct {
		need
		h func(c *call) reply
	}{
		"GET ":                                 {read("metadata"), (*call).getRepo},
		"GET /collaborators/{user}/permission": {read("metadata"), (*call).getPermission},
		"GET /pulls":                           {read("pull_requests"), (*call).listPulls},
		"GET /pulls/{n}":                       {read("pull_requests"), (*call).getPull},
		"GET /pulls/{n}/reviews":               {read("pull_requests"), (*call).listReviews},
		"GET /commits":                         {read("contents"), (*call).listCommits},
		"GET /branches/{branch}":               {read("contents"), (*call).getBranch},
		"GET /branches/{branch}/protection":    {need{any: []string{"administration"}, user: Admin}, (*call).getProtection},
		"GET /rules/branches/{branch}":         {read("metadata"), (*call).listRules},
		"PUT /pulls/{n}/merge":                 {write(Write, "contents"), (*call).mergePull},
		"GET /commits/{rest...}":               {read("metadata"), (*call).getCommits},
		"GET /issues":                          {read("issues"), (*call).listIssues},
		"POST /issues":                         {write(Read, "issues"), (*call).addIssue},
		"GET /issues/{n}":                      {read("issues"), (*call).getIssue},
		"PATCH /issues/{n}":                    {write(Read, "issues"), (*call).editIssue},
		"GET /comments":                        {read(thread...), (*call).listComments},
		"GET /issues/{n}/comments":             {read(thread...), (*call).listComments},
		"POST /issues/{n}/comments":            {write(Read, thread...), (*call).addComment},
		"GET /comments/{id}":                   {read(thread...), (*call).getComment},
		"PATCH /comments/{id}":                 {write(Read, thread...), (*call).editComment},
		"DELETE /comments/{id}":                {write(Read, thread...), (*call).deleteComment},
		"GET /comments/{id}/reactions":         {read(thread...), (*call).listReactions},
		"POST /comments/{id}/reactions":        {write(Read, thread...), (*call).react},
		"GET /labels":                          {read(thread...), (*call).listLabels},
		"POST /labels":                         {write(Write, thread...), (*call).addLabel},
		"POST /issues/{n}/labels":              {write(Triage, thread...), (*call).addIssueLabels},
		"PUT /issues/{n}/labels":               {write(Triage, thread...), (*call).setIssueLabels},
		"POST /statuses/{sha}":                 {write(Write, "statuses"), (*call).addStatus},
		"POST /check-runs":                     {write(Write, "checks"), (*call).putCheck},
		"GET /check-runs/{id}":                 {read("checks"), (*call).getCheck},
		"PATCH /check-runs/{id}":               {write(Write, "checks"), (*call).putCheck},
	} {
		method, rest, _ := strings.Cut(pattern, " ")
		handle(mux, method+" /repos/{owner}/{repo}"+rest, inRepo(e.need, e.h))
	}
	for pattern, h := range map[string]func(c *call) reply{
		"GET /user":                                       (*call).getUser,
		"GET /rate_limit":                                 (*call).getRateLimit,
		"GET /orgs/{owner}/repos":                         (*call).listOwned,
		"GET /users/{owner}/repos":                        (*call).listOwned,
		"GET /orgs/{org}/teams":                           (*call).listTeams,
		"GET /orgs/{org}/teams/{team}/members":            (*call).listMembers,
		"GET /orgs/{org}/teams/{team}/memberships/{user}": (*call).getMembership,
		"GET /installation/repositories":                  (*call).listInstalled,
		"GET /app":                                        (*call).getApp,
		"GET /app/installations":                          (*call).listInstallations,
		"POST /app/installations/{id}/access_tokens":      (*call).addInstallationToken,
		"GET /orgs/{owner}/installation":                  (*call).findInstallation,
		"GET /users/{owner}/installation":                 (*call).findInstallation,
		"GET /repos/{owner}/{repo}/installation":          (*call).findInstallation,
	} {
		handle(mux, pattern, h)
	}
	return mux
}
