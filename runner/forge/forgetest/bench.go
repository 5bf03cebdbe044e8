package forgetest

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/test/forges"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

const path = "acme/infra"

// bench is one test of the suite: a Fixture, and the Host of acme/infra with its mirror.
type bench struct {
	*testing.T
	Fixture
	repo   *forges.Repo
	host   forge.Host
	mirror *gitrepo.Mirror
}

func newBench(t *testing.T, f Fixture) *bench {
	t.Helper()
	b := &bench{T: t, Fixture: f, repo: f.World.Repo}
	m, err := gitrepo.Open(t.Context(), gitrepo.Options{
		Dir: filepath.Join(t.TempDir(), "mirror"), URL: f.World.server.URL + "/" + path + ".git",
		Auth: func(ctx context.Context) (gitrepo.Auth, error) { return b.host.Credentials(ctx) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.mirror = m
	b.host = b.again()
	return b
}

// again is a Host that remembers nothing, as after a restart.
func (b *bench) again() forge.Host { return b.Account.Repository(path, b.mirror) }

// with is the Host of an account that signs in with a token.
func (b *bench) with(token string) forge.Host {
	return b.SignIn(func(context.Context) (string, error) { return token, nil }).Repository(path, b.mirror)
}

// refs asks Git, by the credentials of the Host.
func (b *bench) refs() gitrepo.Refs {
	b.Helper()
	return must(b.mirror.Remote(b.Context()))(b)
}

// poll is one poll of a Host: what is open, with the mirror fetched.
func (b *bench) poll(h forge.Host) []forge.PullRequest {
	b.Helper()
	view := forge.View{Refs: b.refs(), Branch: "main"}
	view.Open = must(h.Poll(b.Context(), view))(b)
	want := []string{"refs/heads/main"}
	for _, p := range view.Open {
		want = append(want, p.Ref)
	}
	b.ok(b.mirror.Fetch(b.Context(), view.Refs, want))
	return must(h.PullRequests(b.Context(), view))(b)
}

// polled polls with what is remembered and without; both must find the same.
func (b *bench) polled() map[string]forge.PullRequest {
	b.Helper()
	found, fresh := b.poll(b.host), b.poll(b.again())
	b.same("polled after a restart", fresh, found)
	byKey := map[string]forge.PullRequest{}
	for _, p := range found {
		byKey[p.Key] = p
	}
	return byKey
}

// topic opens a pull request by ada from a new branch that adds a file of its name.
func (b *bench) topic(branch string) (n int, head string) {
	b.Helper()
	head = must(b.repo.Commit("ada", branch, "Add "+branch, map[string]string{branch + ".tf": branch + "\n"}))(b)
	return must(b.repo.Open("ada", branch, "", "Add "+branch, forges.OpenOptions{}))(b), head
}

func key(n int) string { return strconv.Itoa(n) }

// must is for calls that must not fail: must(f())(b).
func must[T any](v T, err error) func(*bench) T {
	return func(b *bench) T {
		b.Helper()
		b.ok(err)
		return v
	}
}

func (b *bench) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// same fails unless got is want.
func (b *bench) same(what string, got, want any) {
	b.Helper()
	if d := cmp.Diff(want, got); d != "" {
		b.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// gone fails unless an error is ErrGone.
func (b *bench) gone(what string, err error) {
	b.Helper()
	if !errors.Is(err, forge.ErrGone) {
		b.Errorf("%s: %v, want ErrGone", what, err)
	}
}

// denied fails unless an error is *Denied with a text that contains word.
func (b *bench) denied(what string, err error, word string) {
	b.Helper()
	var denied *forge.Denied
	if !errors.As(err, &denied) || !strings.Contains(strings.ToLower(denied.Reason), strings.ToLower(word)) {
		b.Errorf("%s: %v, want a denial that says %q", what, err, word)
	}
}

// later fails unless an error is *Later, and returns when to try again.
func (b *bench) later(what string, err error) time.Time {
	b.Helper()
	var later *forge.Later
	if !errors.As(err, &later) {
		b.Errorf("%s: %v, want later", what, err)
		return time.Time{}
	}
	return later.At
}

// between fails unless at is in a time from now.
func (b *bench) between(what string, at time.Time, least, most time.Duration) {
	b.Helper()
	if in := time.Until(at); in < least || in > most {
		b.Errorf("%s: in %v, want %v to %v", what, in, least, most)
	}
}
