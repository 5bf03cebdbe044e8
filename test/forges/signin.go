package forges

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Token signs in to the API, and to git as the password.
type Token struct {
	Value       string
	Login       string            // whose it is
	Scopes      []string          // of a classic token of GitHub, and of one of Gitea
	Permissions map[string]string // of a fine-grained token or an App's: "contents" → "read" or "write"; nil = a classic one
	Expires     time.Time         // zero = never
	App         int64             // of an installation; 0 = a person's
	Owner       string            // of the installation
	Repos       []string          // paths that it is limited to; nil = not limited
}

// AddToken gives somebody a token and returns its value, which is made up if it is empty.
func (w *World) AddToken(t Token) string {
	defer w.lock()()
	w.addUser(User{Login: t.Login})
	return w.addToken(t)
}

func (w *World) addToken(t Token) string {
	if t.Value == "" {
		t.Value = "tok_" + secret()
	}
	w.tokens[t.Value] = &t
	return t.Value
}

// Revoke makes a token worth nothing.
func (w *World) Revoke(value string) {
	defer w.lock()()
	delete(w.tokens, value)
}

// SignIn returns the token with this value, if it is one and has not expired.
func (w *World) SignIn(value string) (Token, bool) {
	defer w.lock()()
	t := w.tokens[value]
	if t == nil || !t.Expires.IsZero() && !w.now().Before(t.Expires) {
		return Token{}, false
	}
	return *t, true
}

// Sees reports whether a token may know of a repository at all.
func (w *World) Sees(t Token, r *Repo) bool {
	defer w.lock()()
	if t.App != 0 {
		return strings.EqualFold(t.Owner, r.owner) && (t.Repos == nil || contains(t.Repos, r.path()))
	}
	return r.permission(t.Login) >= Read && (t.Repos == nil || contains(t.Repos, r.path()))
}

// Allows reports whether a token has a permission ("contents") at a level ("read", "write"). Classic ones have all; metadata
// can always be read.
func (t Token) Allows(permission, level string) bool {
	if t.Permissions == nil || permission == "" || permission == "metadata" {
		return true
	}
	has := t.Permissions[permission]
	return has == level || has == "write" && level == "read" || has == "admin"
}

// App is a GitHub App.
type App struct {
	ID          int64
	Slug        string
	Key         []byte // PEM, PKCS #1
	Permissions map[string]string
	Created     time.Time

	Life          time.Duration // of installation tokens
	public        *rsa.PublicKey
	installations []*Installation
}

// Installation is an App at an owner.
type Installation struct {
	ID          int64
	App         int64
	Owner       string
	Repos       []string // paths; nil = all of the owner's
	Permissions map[string]string
	Created     time.Time
}

// Login is the account that the App acts as.
func (a App) Login() string { return a.Slug + "[bot]" }

// AddApp makes a GitHub App whose installation tokens live for an hour.
func (w *World) AddApp(slug string, permissions map[string]string) (App, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return App{}, fmt.Errorf("add app %s: %w", slug, err)
	}
	defer w.lock()()
	a := &App{ID: w.id(), Slug: slug, Permissions: map[string]string{}, Life: time.Hour, Created: w.now(), public: &key.PublicKey}
	maps.Copy(a.Permissions, permissions)
	a.Key = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	w.apps[a.ID] = a
	w.addUser(User{Login: a.Login(), Bot: true})
	return *a, nil
}

// Install installs an App at an owner, for all of its repositories or the named ones, with the App's permissions of now.
func (w *World) Install(app int64, owner string, repos ...string) Installation {
	defer w.lock()()
	w.addUser(User{Login: owner})
	a := w.apps[app]
	i := &Installation{ID: w.id(), App: app, Owner: owner, Repos: repos, Permissions: maps.Clone(a.Permissions), Created: w.now()}
	a.installations = append(a.installations, i)
	return *i
}

// Uninstall takes an App away from an owner; its tokens are worth nothing then.
func (w *World) Uninstall(app int64, owner string) {
	defer w.lock()()
	a := w.apps[app]
	a.installations = slices.DeleteFunc(a.installations, func(i *Installation) bool { return strings.EqualFold(i.Owner, owner) })
	maps.DeleteFunc(w.tokens, func(_ string, t *Token) bool { return t.App == app && strings.EqualFold(t.Owner, owner) })
}

// SetTokenLife says how long the App's next installation tokens live.
func (w *World) SetTokenLife(app int64, d time.Duration) {
	defer w.lock()()
	w.apps[app].Life = d
}

// App returns a copy of an App.
func (w *World) App(id int64) (App, bool) {
	defer w.lock()()
	a := w.apps[id]
	if a == nil {
		return App{}, false
	}
	return *a, true
}

// Apps returns copies of all Apps, by id.
func (w *World) Apps() []App {
	defer w.lock()()
	var list []App
	for _, a := range w.apps {
		list = append(list, *a)
	}
	slices.SortFunc(list, func(a, b App) int { return int(a.ID - b.ID) })
	return list
}

// Installations returns where an App is installed.
func (w *World) Installations(app int64) []Installation {
	defer w.lock()()
	var list []Installation
	for _, i := range w.apps[app].installations {
		list = append(list, *i)
	}
	return list
}

// InstallationToken makes a token of an installation; permissions and repos nil = all that it has.
func (w *World) InstallationToken(i Installation, permissions map[string]string, repos []string) Token {
	defer w.lock()()
	if permissions == nil {
		permissions = i.Permissions
	}
	if repos == nil {
		repos = i.Repos
	}
	a := w.apps[i.App]
	t := Token{Value: "ghs_" + secret(), Login: a.Login(), Permissions: permissions, Expires: w.now().Add(a.Life), App: i.App, Owner: i.Owner, Repos: repos}
	w.addToken(t)
	return t
}

func secret() string {
	b := make([]byte, 18)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
