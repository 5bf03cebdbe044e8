package forgetest

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

// access has no problems with everything that driftless asks for, and changes nothing.
func access(b *bench) {
	a := must(b.host.Access(b.Context()))(b)
	b.same("login", a.Login, b.Login)
	b.same("problems", len(a.Problems), 0)
	if b.Failed() {
		b.Logf("%+v", a)
	}
	b.repo.SetArchived(true)
	a = must(b.host.Access(b.Context()))(b)
	if !slices.ContainsFunc(a.Problems, func(p forge.Problem) bool { return strings.Contains(p.What, "archived") }) {
		b.Errorf("no problem tells that it is archived: %+v", a.Problems)
	}
}

// credentials are for git: what is private can be read with them.
func credentials(b *bench) {
	auth := must(b.host.Credentials(b.Context()))(b)
	if auth.Username == "" || auth.Password == "" {
		b.Errorf("credentials %q, %d characters", auth.Username, len(auth.Password))
	}
	b.same("main", b.refs().Branch("main"), b.repo.Head("main"))
}

func wrongToken(b *bench) {
	h := b.with("wrong")
	_, err := h.Poll(b.Context(), forge.View{Branch: "main"})
	b.denied("poll", err, "token was not accepted")
	_, err = h.Access(b.Context())
	b.denied("access", err, "token was not accepted")
	_, err = b.with(" ").Poll(b.Context(), forge.View{Branch: "main"})
	b.denied("poll with nothing", err, "token is empty")
}

// newToken takes the place of another while driftless runs.
func newToken(b *bench) {
	n, _ := b.topic("one")
	var current atomic.Value
	old := b.World.AddToken(b.Full)
	current.Store(old)
	h := b.SignIn(func(context.Context) (string, error) { return current.Load().(string), nil }).Repository(path, b.mirror)
	must(h.AddComment(b.Context(), key(n), "with the old"))(b)
	b.World.Revoke(old)
	_, err := h.Comments(b.Context(), time.Time{})
	b.denied("with a token that was revoked", err, "token was not accepted")
	current.Store(b.World.AddToken(b.Full))
	must(h.AddComment(b.Context(), key(n), "with the new"))(b)
	b.same("comments", len(b.repo.CommentsOf(n)), 2)
}

// missingPermission names what is missing, where it is refused and at the start.
func missingPermission(b *bench) {
	n, head := b.topic("one")
	h := b.with(b.World.AddToken(b.Reader))
	must(h.Poll(b.Context(), forge.View{Refs: b.refs(), Branch: "main"}))(b)
	_, err := h.AddComment(b.Context(), key(n), "a report")
	b.denied("comment", err, b.Write)
	b.denied("status", h.SetStatus(b.Context(), head, forge.Status{Context: "driftless/plan", State: forge.Success}), "")
	b.same("comments", len(b.repo.CommentsOf(n)), 0)
}
