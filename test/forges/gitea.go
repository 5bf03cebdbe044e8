package forges

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

const giteaPrefix = "/api/v1"

// Gitea shows a world as a Gitea 1.26 does: its API below /api/v1, and git at /OWNER/NAME.git.
type Gitea struct {
	w         *World
	bases     sync.Map
	described *description
}

// Gitea returns the face of Gitea. What is not as Gitea describes its API is for World.Check to tell.
func (w *World) Gitea() *Gitea {
	d, err := describe(GiteaDescription)
	if err != nil {
		w.violation(err.Error())
	}
	return &Gitea{w: w, described: d}
}

// ServeHTTP implements http.Handler.
func (g *Gitea) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	switch _, _, git := gitRequest(req.URL.Path); {
	case strings.HasPrefix(req.URL.Path, giteaPrefix+"/"):
		g.api(rw, req)
	case git:
		g.w.serveGit(rw, req)
	default:
		http.NotFound(rw, req)
	}
}

// api answers a request to the API, unless the faults have other plans.
func (g *Gitea) api(rw http.ResponseWriter, req *http.Request) {
	fate, slow := g.w.fate()
	time.Sleep(slow)
	c := &giteaCall{call: &call{Request: req, w: g.w, web: "http://" + req.Host, body: readBody(req)}, bases: &g.bases}
	c.api = c.web + giteaPrefix
	var out raw
	switch limited := g.limited(req); {
	case limited != nil:
		out = *limited
	case fate == failsBefore:
		out = proxy(http.StatusBadGateway)
	default:
		if out = g.answer(c); fate == failsAfter {
			out = proxy(http.StatusGatewayTimeout)
		}
	}
	g.w.note(Request{Method: req.Method, Path: req.URL.RequestURI(), Status: out.status, Charged: true, By: c.doer})
	g.w.mute(req)
	out.write(rw)
}

// limited is what a proxy in front answers to too many requests; Gitea itself has no limits.
func (g *Gitea) limited(req *http.Request) *raw {
	var wait time.Duration
	if b, within := g.w.budget(false); !within {
		wait = b.reset.Sub(g.w.Now())
	} else if req.Method == http.MethodGet {
		return nil
	} else if met, retry := g.w.secondary(); !met {
		return nil
	} else {
		wait = retry
	}
	out := proxy(http.StatusTooManyRequests)
	if wait > 0 {
		out.header.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	return &out
}

// proxy is an error page of what stands before the forge.
func proxy(status int) raw {
	text := fmt.Sprintf("%d %s", status, http.StatusText(status))
	return raw{
		status: status, header: http.Header{"Content-Type": {"text/html"}},
		body: []byte("<html><head><title>" + text + "</title></head><body><center><h1>" + text + "</h1></center></body></html>\n"),
	}
}

// answer answers a request, and holds it and its answer against the description.
func (g *Gitea) answer(c *giteaCall) raw {
	route, vars, found := giteaFind(c.Request)
	if !found {
		g.w.violation(fmt.Sprintf("%s %s: the Gitea of the tests has no such operation", c.Method, c.URL.Path))
		return c.notFound().raw()
	}
	path := route.pattern
	for name, value := range vars {
		c.SetPathValue(name, value)
		path = strings.ReplaceAll(path, "{"+name+"}", strings.ReplaceAll(value, "/", "-"))
	}
	out := g.handle(c, route).raw()
	if err := g.described.check(exchange{
		method: c.Method, path: path, query: c.URL.RawQuery, reqHeader: c.Header, reqBody: c.body,
		status: out.status, header: out.header, body: out.body,
	}); err != nil {
		g.w.violation(err.Error())
	}
	return out
}

func (g *Gitea) handle(c *giteaCall, route giteaRoute) reply {
	if value, given := giteaSecret(c.Request); given {
		token, known := g.w.SignIn(value)
		if !known {
			return c.refuse(http.StatusUnauthorized, "invalid username, password or token")
		}
		c.token, c.doer = token, token.Login
	}
	if strings.HasPrefix(route.pattern, giteaRepoPath) {
		old := c.PathValue("owner") + "/" + c.PathValue("repo")
		r, moved := g.w.Repo(old)
		if moved {
			// 301, which makes a GET of a POST: so much for writing to a repository by its old name.
			location := strings.Replace(c.URL.RequestURI(), "/repos/"+old, "/repos/"+r.Info().Path(), 1)
			return reply{status: http.StatusMovedPermanently, header: http.Header{"Location": {location}}}
		}
		c.repo = r
	}
	if refused := c.allowed(route); refused != nil {
		return *refused
	}
	if (c.Method == http.MethodPatch || c.Method == http.MethodDelete) && c.repo.hidden(c.number("id")) {
		return c.notFound()
	}
	return route.handle(c)
}

// giteaSecret is the token of a request: by the schemes "token" and "bearer", or as the password, or the name where the
// password is none.
func giteaSecret(req *http.Request) (value string, given bool) {
	if name, password, basic := req.BasicAuth(); basic {
		if password == "x-oauth-basic" {
			password = ""
		}
		return cmp.Or(password, name), true
	}
	scheme, value, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "token") && !strings.EqualFold(scheme, "bearer") {
		return "", false
	}
	return strings.TrimSpace(value), true
}

// ServeGitea serves the world as Gitea on 127.0.0.1; the server's URL is the web base. Close it.
func (w *World) ServeGitea() *httptest.Server { return httptest.NewServer(w.Gitea()) }
