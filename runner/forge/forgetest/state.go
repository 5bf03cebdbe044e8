package forgetest

import (
	"fmt"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/test/forges"
)

func (b *bench) state(n int) forge.PullState {
	b.Helper()
	return must(b.host.State(b.Context(), key(n)))(b)
}

// reviews count by the last word of each.
func reviews(b *bench) {
	n, head := b.topic("one")
	check := func(what string, approved, outdated, rejected []string) {
		b.Helper()
		s := b.state(n)
		b.same(what+": approved", s.Approved, approved)
		b.same(what+": outdated", s.Outdated, outdated)
		b.same(what+": rejected", s.Rejected, rejected)
	}
	review := func(by, state string) int64 {
		b.Helper()
		return must(b.repo.Review(by, n, state, "words"))(b)
	}
	s := b.state(n)
	if !s.Open || s.Merged || s.Draft || s.Head != head || s.Base != "main" {
		b.Errorf("state %+v", s)
	}
	check("none", nil, nil, nil)
	review("carol", "CHANGES_REQUESTED")
	check("of somebody who may only read", nil, nil, nil)
	review("ada", "COMMENTED")
	review("dave", "APPROVED")
	review("bob", "APPROVED")
	review("bob", "COMMENTED")
	check("two", []string{"bob", "dave"}, nil, nil)
	bad := review("bob", "CHANGES_REQUESTED")
	check("one changed", []string{"dave"}, nil, []string{"bob"})
	b.ok(b.repo.Dismiss("dave", n, bad))
	check("one dismissed", []string{"dave"}, nil, nil)
	must(b.repo.Commit("ada", "one", "more", map[string]string{"one.tf": "more\n"}))(b)
	check("pushed", nil, []string{"dave"}, nil)
	review("bob", "APPROVED")
	check("approved anew", []string{"bob"}, []string{"dave"}, nil)
	for range 120 {
		review("bob", "COMMENTED")
	}
	review("dave", "CHANGES_REQUESTED")
	check("after many", []string{"bob"}, nil, []string{"dave"})
	_, err := b.host.State(b.Context(), "999")
	b.gone("the state of nothing", err)
	b.same("author", must(b.host.Author(b.Context(), key(n)))(b), s.Author)
	_, err = b.host.Author(b.Context(), "999")
	b.gone("the author of nothing", err)
}

// failing are statuses of others, by the newest of a context.
func failing(b *bench) {
	n, head := b.topic("one")
	set := func(context, state string) {
		b.Helper()
		must(b.repo.SetStatus("bob", forges.Status{Commit: head, Context: context, State: state}))(b)
	}
	set("a", "failure")
	for i := range 130 {
		set(fmt.Sprintf("green-%d", i), "success")
	}
	set("b", "failure")
	set("b", "success")
	set("c", "error")
	set("d", "pending")
	for _, name := range []string{"driftless/plan", "driftless/plan: app", "driftless-scan", "driftlessly"} {
		set(name, "failure")
	}
	b.same("failing", b.state(n).Failing, []string{"a", "c", "driftless-scan", "driftlessly"})
}

// mergeable is not known at first, and then by conflicts.
func mergeable(b *bench) {
	check := func(what string, n int, want forge.Answer) {
		b.Helper()
		if s := b.state(n); s.Mergeable != want || want == forge.No && s.Reason == "" {
			b.Errorf("%s: %d (%s), want %d", what, s.Mergeable, s.Reason, want)
		}
	}
	n, _ := b.topic("one")
	b.World.SetFaults(forges.Faults{UnknownMerges: 1})
	b.poll(b.host)
	check("asked for the first time", n, forge.NotYet)
	check("asked again", n, forge.Yes)
	b.World.SetFaults(forges.Faults{})
	must(b.repo.Commit("bob", "main", "in the way", map[string]string{"one.tf": "other\n"}))(b)
	b.poll(b.host)
	check("with a conflict", n, forge.No)
	b.ok(b.repo.Close("ada", n))
	check("closed", n, forge.No)
	if b.state(n).Open {
		b.Error("closed and open")
	}
	two, _ := b.topic("two")
	must(b.repo.MergePull(two, forges.Squash, "bob"))(b)
	if s := b.state(two); !s.Merged || s.Open {
		b.Errorf("merged: %+v", s)
	}
	three, _ := b.topic("three")
	b.ok(b.repo.SetDraft("ada", three, true))
	if !b.state(three).Draft {
		b.Error("no draft")
	}
}

// protection is in the way until it has what it asks for; our own statuses are not, for they wait for the apply.
func protection(b *bench) {
	n, head := b.topic("one")
	b.poll(b.host)
	b.repo.Protect("main", forges.Protection{Contexts: []string{"ci", "driftless/apply"}, Reviews: 1})
	must(b.repo.SetStatus("bob", forges.Status{Commit: head, Context: "driftless/apply", State: "pending"}))(b)
	blocked := func(word string) {
		b.Helper()
		if s := b.state(n); s.Mergeable != forge.No || !strings.Contains(s.Reason, word) {
			b.Errorf("%d (%s), want a no that says %q", s.Mergeable, s.Reason, word)
		}
	}
	must(b.repo.Review("bob", n, "APPROVED", ""))(b)
	blocked("ci")
	must(b.repo.SetStatus("bob", forges.Status{Commit: head, Context: "ci", State: "success"}))(b)
	if s := b.state(n); s.Mergeable != forge.Yes {
		b.Errorf("%d (%s), want yes: only driftless/apply is missing", s.Mergeable, s.Reason)
	}
	b.repo.Protect("main", forges.Protection{Contexts: []string{"driftless-scan", "driftless/apply"}})
	blocked("driftless-scan")
	b.repo.Protect("main", forges.Protection{Contexts: []string{"driftless/apply"}, Reviews: 2})
	blocked("approv")
	b.repo.Protect("main", forges.Protection{Strict: true})
	if s := b.state(n); s.Mergeable != forge.Yes {
		b.Errorf("%d (%s), want yes: it is up to date", s.Mergeable, s.Reason)
	}
	must(b.repo.Commit("bob", "main", "further", map[string]string{"further.tf": "f\n"}))(b)
	b.poll(b.host)
	blocked("behind")
}
