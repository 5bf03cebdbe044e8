package forges

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// GitHub shows a world as GitHub Enterprise does: the API below /api/v3, git at /OWNER/NAME.git. It is an http.Handler.
type GitHub struct{ *face }

// GitHub returns the face of GitHub. What is not as GitHub describes its API is for World.Check to tell.
func (w *World) GitHub() *GitHub {
	w.mu.Lock()
	w.o.MergeRefs = true
	w.mu.Unlock()
	mux := githubRoutes()
	return &GitHub{&face{
		w: w, prefix: githubPrefix, described: GitHubDescription, path: githubPath,
		answer: func(c *call) (raw, bool) { return githubAnswer(mux, c) },
	}}
}

// ServeGitHub serves the world as GitHub on 127.0.0.1; the server's URL is the web base. Close it.
func (w *World) ServeGitHub() *httptest.Server { return httptest.NewServer(w.GitHub()) }

const githubPrefix = "/api/v3"

// A ref in a path may have slashes, which the description's router does not take.
var refInPath = regexp.MustCompile(`^(/repos/[^/]+/[^/]+/commits/)(.+?)(/(?:status|statuses|check-runs|pulls))?$`)

// githubPath is a path as the description has it. What people own is described for organisations alone.
func githubPath(path string) string {
	path, _ = url.PathUnescape(strings.ReplaceAll(path, "%2F", "-"))
	if m := refInPath.FindStringSubmatch(path); m != nil {
		return m[1] + strings.ReplaceAll(m[2], "/", "-") + m[3]
	}
	if owner, what, ok := strings.Cut(strings.TrimPrefix(path, "/users/"), "/"); ok && strings.HasPrefix(path, "/users/") {
		return "/orgs/" + owner + "/" + what
	}
	return path
}

// githubAnswer answers one request: who is it, is there budget, what is it, has it changed.
func githubAnswer(mux *http.ServeMux, c *call) (raw, bool) {
	if problem := c.githubSignIn(); problem != nil {
		return problem.raw(), false
	}
	free := c.path == "/rate_limit" || c.app() != nil
	if b, ok := c.w.budget(false); !ok && !free {
		return limited(b), false
	}
	if c.Method != http.MethodGet {
		if met, retry := c.w.secondary(); met {
			return secondaryLimit(int(retry.Seconds())), true
		}
	}
	if problem := c.byID(); problem != nil {
		return problem.raw(), false
	}
	a := c.route(mux, strings.Replace(c.path, "/issues/comments", "/comments", 1)).raw() // or patterns are in conflict
	unchanged := c.unchanged(&a)
	b, _ := c.w.budget(!free && !unchanged)
	a.limits(b)
	if c.token.Scopes != nil {
		a.header.Set("X-OAuth-Scopes", strings.Join(c.token.Scopes, ", "))
	}
	return a, !free && !unchanged
}

// unchanged gives an answer its ETag, which is another one for another token, and turns it into 304 if the sender knows it.
func (c *call) unchanged(a *raw) bool {
	if a.status != http.StatusOK || c.Method != http.MethodGet {
		return false
	}
	tag := fmt.Sprintf(`W/"%x"`, sha256.Sum256([]byte(c.token.Value+string(a.body)+a.header.Get("Link"))))
	a.header.Set("ETag", tag)
	if !strings.Contains(c.Header.Get("If-None-Match"), strings.TrimPrefix(tag, "W/")) {
		return false
	}
	a.status, a.body = http.StatusNotModified, nil
	a.header.Del("Content-Type")
	return true
}

// byID follows /repositories/ID, where renamed repositories redirect to.
func (c *call) byID() *reply {
	rest, ok := strings.CutPrefix(c.path, "/repositories/")
	if !ok {
		return nil
	}
	id, rest, _ := strings.Cut(rest, "/")
	for _, r := range c.w.Repos("") {
		if i := r.Info(); strconv.FormatInt(i.ID, 10) == id {
			c.path = strings.TrimSuffix("/repos/"+i.Path()+"/"+rest, "/")
			return nil
		}
	}
	gone := refuse(http.StatusNotFound, "Not Found")
	c.path = "/repos/of/" + id
	return &gone
}

func (a *raw) limits(b budget) {
	a.header.Set("X-RateLimit-Limit", strconv.Itoa(b.limit))
	a.header.Set("X-RateLimit-Remaining", strconv.Itoa(b.limit-b.used))
	a.header.Set("X-RateLimit-Used", strconv.Itoa(b.used))
	a.header.Set("X-RateLimit-Reset", strconv.FormatInt(b.reset.Unix(), 10))
	a.header.Set("X-RateLimit-Resource", "core")
}

func limited(b budget) raw {
	a := refuse(http.StatusForbidden, "API rate limit exceeded for user ID 1.").raw()
	a.limits(b)
	return a
}

func secondaryLimit(retry int) raw {
	a := refuse(http.StatusForbidden, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.").raw()
	if retry > 0 {
		a.header.Set("Retry-After", strconv.Itoa(retry))
	}
	return a
}
