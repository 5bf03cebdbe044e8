package forgetest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/test/forges"
)

func repositories(b *bench) {
	for i := range b.Page + 1 {
		r := must(b.World.AddRepo("acme/r" + strconv.Itoa(i)))(b)
		r.Grant(b.Login, forges.Admin)
	}
	old, _ := b.World.World.Repo("acme/r7")
	must(old.Commit("ada", "main", "first", map[string]string{"a.tf": "a\n"}))(b)
	old.SetArchived(true)
	list := must(b.Account.List(b.Context(), "acme"))(b)
	b.same("how many", len(list), b.Page+2)
	at := func(path string) forge.Listed {
		i := slices.IndexFunc(list, func(l forge.Listed) bool { return l.Path == path })
		if i < 0 {
			b.Fatalf("%s is missing", path)
		}
		return list[i]
	}
	b.same("archived", at("acme/r7"), forge.Listed{Path: "acme/r7", Archived: true})
	b.same("empty", at("acme/r8"), forge.Listed{Path: "acme/r8", Empty: true})
	b.same("with commits", at(path), forge.Listed{Path: path})
	if list, err := b.Account.List(b.Context(), "nobody"); err == nil {
		b.Errorf("repositories of nobody: %v", list)
	}
}

// renamed repositories are read by their old path, and not written to.
func renamed(b *bench) {
	n, _ := b.topic("one")
	b.polled()
	b.ok(b.repo.Rename("acme/platform"))
	b.World.Pass(time.Second)
	b.ok(b.repo.EditTitle("ada", n, "Another title"))
	b.same("polled by the old path", b.polled()[key(n)].Title, "Another title")
	_, err := b.host.AddComment(b.Context(), key(n), "a report")
	b.denied("comment by the old path", err, "new path")
	b.same("comments", len(b.repo.CommentsOf(n)), 0)
	a := must(b.host.Access(b.Context()))(b)
	if !slices.ContainsFunc(a.Problems, func(p forge.Problem) bool { return p.Fatal && strings.Contains(p.What, "acme/platform") }) {
		b.Errorf("no problem tells the new path: %+v", a.Problems)
	}
}

func deleted(b *bench) {
	b.topic("one")
	view := forge.View{Refs: b.refs(), Branch: "main"}
	must(b.host.Poll(b.Context(), view))(b)
	b.ok(b.repo.Delete())
	_, err := b.host.Poll(b.Context(), view)
	b.gone("poll", err)
	_, err = b.host.Comments(b.Context(), time.Time{})
	b.gone("comments", err)
	_, err = b.host.AddComment(b.Context(), "1", "x")
	b.gone("comment", err)
	_, err = b.host.Access(b.Context())
	b.gone("access", err)
}
