package forgetest

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/test/forges"
)

// silent fails if anything is sent while f runs.
func (b *bench) silent(what string, f func()) {
	b.Helper()
	before := len(b.World.Requests())
	f()
	if after := b.World.Requests(); len(after) != before {
		b.Errorf("%s: sent %+v", what, after[before:])
	}
}

// rateLimit uses the limit up: nothing is sent until it is given anew.
func rateLimit(b *bench) {
	n, _ := b.topic("one")
	b.poll(b.host)
	must(b.host.Comments(b.Context(), time.Time{}))(b)
	b.World.Exhaust(b.World.Now().Add(30 * time.Minute))
	b.World.Pass(time.Second)
	_, err := b.host.State(b.Context(), key(n))
	b.between("the limit", b.later("a read", err), 25*time.Minute, 31*time.Minute)
	b.between("as the account says", b.Account.Budget().Paused, 25*time.Minute, 31*time.Minute)
	b.silent("paused", func() {
		_, err := b.host.State(b.Context(), key(n))
		b.later("another read", err)
		_, err = b.host.AddComment(b.Context(), key(n), "a report")
		b.between("a write", b.later("a write", err), 25*time.Minute, 31*time.Minute)
		_, err = b.again().Comments(b.Context(), time.Time{})
		b.later("of another repository", err)
	})
}

// secondaryLimit refuses a write: nothing is sent until it may be tried again.
func secondaryLimit(b *bench) {
	n, _ := b.topic("one")
	b.poll(b.host)
	must(b.host.AddComment(b.Context(), key(n), "the first"))(b)
	b.World.LimitWrites(1, 40*time.Second)
	_, err := b.host.AddComment(b.Context(), key(n), "a report")
	b.between("the limit", b.later("a write", err), 30*time.Second, 41*time.Second)
	b.silent("paused", func() {
		_, err := b.host.AddComment(b.Context(), key(n), "a report")
		b.later("another write", err)
	})
	b.same("comments", len(b.repo.CommentsOf(n)), 1)
}

func serverErrors(b *bench) {
	n, _ := b.topic("one")
	view := forge.View{Refs: b.refs(), Branch: "main"}
	must(b.host.Comments(b.Context(), time.Time{}))(b)
	for range 2 { // before they have an effect, and after
		b.World.SetFaults(forges.Faults{Every: 1})
		_, err := b.host.Poll(b.Context(), view)
		b.later("poll", err)
		_, err = b.host.Comments(b.Context(), time.Time{})
		b.later("comments", err)
		_, err = b.host.State(b.Context(), key(n))
		b.later("state", err)
		_, err = b.host.AddComment(b.Context(), key(n), "x")
		b.later("comment", err)
	}
	b.World.SetFaults(forges.Faults{})
	b.same("polled when it is well again", seen(b.poll(b.host)), b.open())
}

// oftenBroken polls while every second request fails by chance: whatever is answered is true.
func oftenBroken(b *bench) {
	refused, answered := 0, 0
	for i := range 12 {
		n, _ := b.topic("t" + strconv.Itoa(i))
		if i%3 == 2 {
			b.ok(b.repo.Close("ada", n-1))
		}
		refs := b.refs()
		b.World.SetFaults(forges.Faults{Share: 0.5, Seed: uint64(i)})
		for range 3 {
			list, err := b.host.Poll(b.Context(), forge.View{Refs: refs, Branch: "main"})
			if err != nil {
				b.later("poll", err)
				refused++
				continue
			}
			answered++
			b.same("polled", seen(list), b.open())
		}
		b.World.SetFaults(forges.Faults{})
		b.World.Pass(time.Second)
	}
	if refused == 0 || answered == 0 {
		b.Errorf("refused %d, answered %d", refused, answered)
	}
}

// firstPoll is the first of a repository whose pull requests are on several pages, at a server that answers every other request, or
// four of five: it comes to an end, as one answer that is missing does not spoil those before it.
func firstPoll(b *bench) {
	b.many(0, 2*b.Page+4)
	view := forge.View{Refs: b.refs(), Branch: "main"}
	for what, faults := range map[string]forges.Faults{"every other": {Every: 2}, "one in five": {Share: 0.2, Seed: 1}} {
		b.World.SetFaults(faults)
		host := b.again()
		b.least(what+": access", 3, func() error { _, err := host.Access(b.Context()); return err })
		b.least(what+": first poll", 3, func() (err error) { view.Open, err = host.Poll(b.Context(), view); return err })
		b.same(what, seen(view.Open), b.open())
		b.least(what+": comments", 3, func() error { _, err := host.Comments(b.Context(), time.Time{}); return err })
	}
	b.World.SetFaults(forges.Faults{})
}

// least fails unless something ends well in one of a few attempts, and the others were told to try later.
func (b *bench) least(what string, attempts int, do func() error) {
	b.Helper()
	for range attempts {
		err := do()
		if err == nil {
			return
		}
		b.later(what, err)
	}
	b.Errorf("%s: never in %d attempts", what, attempts)
}

// unreachable is a server that is down: an account can be made, and asks later.
func unreachable(b *bench) {
	token := b.World.AddToken(b.Full)
	b.World.server.Close()
	_, err := b.with(token).Comments(b.Context(), time.Time{})
	b.later("comments", err)
	_, err = b.with(token).Poll(b.Context(), forge.View{Branch: "main"})
	b.later("poll", err)
}

func canceled(b *bench) {
	b.topic("one")
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	_, err := b.host.Poll(ctx, forge.View{Branch: "main"})
	if !errors.Is(err, context.Canceled) {
		b.Errorf("poll: %v", err)
	}
	must(b.host.Poll(b.Context(), forge.View{Branch: "main"}))(b)
}
