package forges

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// giteaCall is one request to Gitea's API, while it is answered.
type giteaCall struct {
	*call
	doer  string    // login of who asks; "" = nobody signed in
	bases *sync.Map // merge bases that were computed, by both commits
}

// refuse is Gitea's answer to what it does not do.
func (c *giteaCall) refuse(status int, format string, args ...any) reply {
	return reply{status: status, body: object{"message": fmt.Sprintf(format, args...), "url": c.web + "/api/swagger"}}
}

func (c *giteaCall) notFound() reply { return c.refuse(http.StatusNotFound, "not found") }

// failed turns an error of the world into Gitea's answer.
func (c *giteaCall) failed(err error) reply {
	return c.refuse(failed(err).status, "%v", err)
}

// allowed checks scope, sign-in and rights; nil = go on.
func (c *giteaCall) allowed(route giteaRoute) *reply {
	refuse := func(a reply) *reply { return &a }
	if missing := c.missing(route); missing != "" {
		return refuse(c.refuse(http.StatusForbidden, "token does not have at least one of required scope(s), required=[%s], token scope=%s",
			missing, strings.Join(c.token.Scopes, ",")))
	}
	if strings.HasPrefix(route.pattern, giteaRepoPath) && (c.repo == nil || !c.w.Sees(c.token, c.repo)) {
		return refuse(c.notFound())
	}
	switch {
	case route.rights&giteaSigned != 0 && c.doer == "":
		return refuse(c.refuse(http.StatusUnauthorized, "token is required"))
	case route.rights&giteaUnlocked != 0 && c.repo.Info().Archived:
		return refuse(c.refuse(http.StatusLocked, "repo is archived"))
	case route.rights&giteaWriter != 0 && c.repo.Permission(c.doer) < Write:
		return refuse(c.refuse(http.StatusForbidden, "user should have a permission to write to a repo"))
	}
	return nil
}

// missing is the scope that the token lacks for a route: writing includes reading, and all is everything. A token whose
// scopes a test does not say has all.
func (c *giteaCall) missing(route giteaRoute) string {
	scopes := c.token.Scopes
	if c.doer == "" || len(scopes) == 0 || slices.Contains(scopes, "all") {
		return ""
	}
	level := "read:"
	if route.method != http.MethodGet {
		level = "write:"
	}
	for _, category := range strings.Fields(route.scopes) {
		if !slices.Contains(scopes, level+category) && !slices.Contains(scopes, "write:"+category) {
			return level + category
		}
	}
	return ""
}
