package forges

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// githubSignIn finds out who sends a request; not nil = the answer to a sign-in that does not count.
func (c *call) githubSignIn() *reply {
	_, value, given := strings.Cut(c.Header.Get("Authorization"), " ")
	bad := refuse(http.StatusUnauthorized, "Bad credentials")
	switch {
	case !given:
		return nil
	case strings.Count(value, ".") == 2:
		app, why := c.w.appOf(value)
		if why != "" {
			bad = refuse(http.StatusUnauthorized, why)
			return &bad
		}
		c.token = Token{Login: app.Login(), App: app.ID, Permissions: map[string]string{}, Value: "jwt"}
		return nil
	}
	token, ok := c.w.SignIn(value)
	if !ok {
		return &bad
	}
	c.token = token
	return nil
}

// app is the App that signed in by a JWT, or nil.
func (c *call) app() *App {
	if c.token.Value != "jwt" {
		return nil
	}
	a, _ := c.w.App(c.token.App)
	return &a
}

// appOf verifies a JWT as GitHub does: signed by the App's key, and for ten minutes at most.
func (w *World) appOf(value string) (app App, why string) {
	now := w.Now()
	claims := jwt.MapClaims{}
	_, err := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation(), jwt.WithJSONNumber()).
		ParseWithClaims(value, claims, func(*jwt.Token) (any, error) {
			issuer, _ := claims["iss"].(string)
			if n, isNumber := claims["iss"].(interface{ String() string }); isNumber {
				issuer = n.String()
			}
			id, _ := strconv.ParseInt(issuer, 10, 64)
			found, ok := w.App(id)
			if !ok {
				return nil, jwt.ErrInvalidKey
			}
			app = found
			return found.public, nil
		})
	switch {
	case err != nil:
		return App{}, "A JSON web token could not be decoded"
	case !claims.VerifyExpiresAt(now.Unix(), true):
		return App{}, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
	case claims.VerifyExpiresAt(now.Add(10*time.Minute+time.Second).Unix(), true):
		return App{}, "'Expiration time' claim ('exp') is too far in the future"
	case !claims.VerifyIssuedAt(now.Add(time.Second).Unix(), true):
		return App{}, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
	}
	return app, ""
}

// need is what an endpoint of a repository asks for.
type need struct {
	any   []string // one of these permissions of a token
	write bool
	user  Permission // of a person, beside seeing it
}

func read(permissions ...string) need { return need{any: permissions, user: Read} }

func write(user Permission, permissions ...string) need {
	return need{any: permissions, write: true, user: user}
}

func (n need) level() string {
	if n.write {
		return "write"
	}
	return "read"
}

// inRepo lets a handler work on the repository of its path, if the sender may.
func inRepo(n need, h func(c *call) reply) func(c *call) reply {
	return func(c *call) reply {
		r, moved := c.w.Repo(c.PathValue("owner") + "/" + c.PathValue("repo"))
		if r == nil || !c.w.Sees(c.token, r) || c.scopeless(r, n) {
			return refuse(http.StatusNotFound, "Not Found")
		}
		if moved {
			return c.redirect(r)
		}
		c.repo = r
		if problem := c.may(n); problem != nil {
			problem.header = http.Header{"X-Accepted-Github-Permissions": {strings.Join(n.any, "="+n.level()+"; ") + "=" + n.level()}}
			return *problem
		}
		return h(c)
	}
}

// scopeless reports whether a classic token lacks the scope to see a repository, or to write to it.
func (c *call) scopeless(r *Repo, n need) bool {
	if c.token.Scopes == nil || slices.Contains(c.token.Scopes, "repo") {
		return false
	}
	return r.Info().Private || n.write && !slices.Contains(c.token.Scopes, "public_repo")
}

// may returns the refusal of a sender who sees the repository, or nil.
func (c *call) may(n need) *reply {
	out := refuse(http.StatusForbidden, "Resource not accessible by personal access token")
	switch {
	case n.write && c.token.Login == "":
		out = refuse(http.StatusUnauthorized, "Requires authentication")
	case !slices.ContainsFunc(n.any, func(p string) bool { return c.token.Allows(p, n.level()) }):
		if c.token.App != 0 {
			out = refuse(http.StatusForbidden, "Resource not accessible by integration")
		}
	case c.token.App == 0 && c.repo.Permission(c.token.Login) < n.user:
		out = refuse(http.StatusForbidden, "Must have "+n.user.String()+" access to the repository.")
	case n.write && c.repo.Info().Archived:
		out = refuse(http.StatusForbidden, "Repository was archived so is read-only.")
	default:
		return nil
	}
	return &out
}

// redirect leads from the old path of a repository to its id.
func (c *call) redirect(r *Repo) reply {
	old := "/repos/" + c.PathValue("owner") + "/" + c.PathValue("repo")
	to := c.api + "/repositories/" + strconv.FormatInt(r.Info().ID, 10) + strings.TrimPrefix(c.path, old)
	if c.URL.RawQuery != "" {
		to += "?" + c.URL.RawQuery
	}
	a := refuse(http.StatusMovedPermanently, "Moved Permanently")
	if c.Method != http.MethodGet {
		a.status = http.StatusTemporaryRedirect
	}
	a.body.(object)["url"] = to
	a.header = http.Header{"Location": {to}}
	return a
}
