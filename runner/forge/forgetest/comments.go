package forgetest

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/test/forges"
)

// comments writes, edits and deletes comments, and reads them by time and by thread.
func comments(b *bench) {
	n, _ := b.topic("one")
	i := must(b.repo.OpenIssue("bob", "Issue", "body"))(b)
	b.World.AddBot("renovate[bot]")
	first := must(b.repo.Comment("bob", n, "driftless plan"))(b)
	b.World.Pass(2 * time.Second)
	must(b.repo.Comment("renovate[bot]", i, "I am a bot"))(b)
	b.World.Pass(2 * time.Second)
	own := must(b.host.AddComment(b.Context(), key(n), "a report"))(b)
	if !own.Own || own.Author != b.Login || own.Key != key(n) || own.Body != "a report" || own.Edited {
		b.Errorf("our comment: %+v", own)
	}
	b.same("in the world", must(b.repo.CommentByID(own.ID))(b).Body, "a report")

	list := must(b.host.Comments(b.Context(), time.Time{}))(b)
	b.same("how many", len(list), 3)
	for at, want := range []forge.Comment{
		{ID: first, Key: key(n), Author: "bob", Body: "driftless plan"},
		{Key: key(i), Author: "renovate[bot]", Body: "I am a bot", Bot: true},
		{ID: own.ID, Key: key(n), Author: b.Login, Body: "a report", Own: true, Bot: own.Bot},
	} {
		got := list[at]
		if got.Created.IsZero() || !got.Updated.Equal(got.Created) {
			b.Errorf("times of %+v", got)
		}
		if want.ID == 0 {
			got.ID = 0
		}
		got.Created, got.Updated = time.Time{}, time.Time{}
		b.same(fmt.Sprintf("comment %d", at), got, want)
	}
	b.same("the thread", must(b.host.Thread(b.Context(), key(n)))(b), []forge.Comment{list[0], list[2]})
	b.same("since the second", must(b.host.Comments(b.Context(), list[1].Updated))(b), list[1:])
	b.same("since after all", len(must(b.host.Comments(b.Context(), list[2].Updated.Add(time.Second)))(b)), 0)
	b.editComments(n, first, own)
}

func (b *bench) editComments(n int, first int64, own forge.Comment) {
	b.World.Pass(2 * time.Second)
	now := b.World.Now()
	b.ok(b.repo.EditComment("bob", first, "driftless apply"))
	edited := must(b.host.Comments(b.Context(), now))(b)
	if len(edited) != 1 || edited[0].ID != first || edited[0].Body != "driftless apply" || !edited[0].Edited || !edited[0].Updated.After(edited[0].Created) {
		b.Errorf("edited: %+v", edited)
	}
	b.World.Pass(2 * time.Second)
	again := must(b.host.EditComment(b.Context(), own.ID, "another report"))(b)
	if again.ID != own.ID || again.Author != b.Login || !again.Created.Equal(own.Created) || again.Updated.Sub(own.Updated) < 2*time.Second {
		b.Errorf("our comment, edited: %+v, and before: %+v", again, own)
	}
	b.same("edited by us", must(b.repo.CommentByID(own.ID))(b).Body, "another report")
	limit := strings.Repeat("x", b.host.BodyLimit())
	must(b.host.EditComment(b.Context(), own.ID, limit))(b)
	b.same("as long as can be", len(must(b.repo.CommentByID(own.ID))(b).Body), len(limit))

	b.ok(b.repo.DeleteComment("bob", first))
	b.same("one deleted", len(must(b.host.Thread(b.Context(), key(n)))(b)), 1)
	b.ok(b.host.DeleteComment(b.Context(), own.ID))
	b.ok(b.host.DeleteComment(b.Context(), own.ID)) // again
	b.same("both deleted", len(must(b.host.Thread(b.Context(), key(n)))(b)), 0)
	_, err := b.host.EditComment(b.Context(), own.ID, "x")
	b.gone("edit a deleted comment", err)
	_, err = b.host.AddComment(b.Context(), "999", "x")
	b.gone("comment on nothing", err)
	_, err = b.host.Thread(b.Context(), "999")
	b.gone("the thread of nothing", err)
}

// manyComments has more comments than a page of either forge, of which one is deleted while they are read.
func manyComments(b *bench) {
	n, _ := b.topic("one")
	var ids []int64
	for i := range 130 {
		ids = append(ids, must(b.repo.Comment("bob", n, fmt.Sprintf("comment %d", i)))(b))
	}
	check := func(what string, list []forge.Comment, want []int64) {
		b.Helper()
		var got []int64
		for _, c := range list {
			got = append(got, c.ID)
		}
		b.same(what, got, want)
	}
	check("all", must(b.host.Comments(b.Context(), time.Time{}))(b), ids)
	check("the thread", must(b.host.Thread(b.Context(), key(n)))(b), ids)
	asked, once := 0, sync.Once{}
	b.World.Before(func(req *http.Request) {
		if strings.HasSuffix(req.URL.Path, "/issues/comments") {
			if asked++; asked == 2 {
				once.Do(func() { b.ok(b.repo.DeleteComment("bob", ids[0])) })
			}
		}
	})
	left := map[int64]bool{}
	for _, c := range must(b.again().Comments(b.Context(), time.Time{}))(b) {
		left[c.ID] = true
	}
	for _, id := range ids[1:] {
		if !left[id] {
			b.Errorf("comment %d was missed while another was deleted", id)
		}
	}
}

// hiddenComments cannot be found for a moment after they were written.
func hiddenComments(b *bench) {
	n, _ := b.topic("one")
	b.World.SetFaults(forges.Faults{HiddenEdits: 1})
	c := must(b.host.AddComment(b.Context(), key(n), "a report"))(b)
	_, err := b.host.EditComment(b.Context(), c.ID, "x")
	b.gone("edit a comment that cannot be found yet", err)
	must(b.host.EditComment(b.Context(), c.ID, "y"))(b)
	b.same("edited", must(b.repo.CommentByID(c.ID))(b).Body, "y")
}

// reactions are there once, however often they are given.
func reactions(b *bench) {
	n, _ := b.topic("one")
	id := must(b.repo.Comment("bob", n, "driftless plan"))(b)
	for range 2 {
		for _, r := range []forge.Reaction{forge.Seen, forge.Agreed, forge.Confused} {
			b.ok(b.host.React(b.Context(), id, r))
		}
	}
	var got []string
	for _, r := range must(b.repo.CommentByID(id))(b).Reactions {
		got = append(got, r.By+" "+r.Content)
	}
	b.same("reactions", got, []string{b.Login + " eyes", b.Login + " +1", b.Login + " confused"})
	b.ok(b.repo.DeleteComment("bob", id))
	b.gone("react to a deleted comment", b.host.React(b.Context(), id, forge.Seen))
}
