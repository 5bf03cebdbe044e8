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

// pulls lives through what happens to pull requests; each poll sees it, with and without memory.
func pulls(b *bench) {
	b.same("polled of none", len(b.polled()), 0)
	n, head := b.topic("one")
	url := b.World.server.URL + "/" + path
	one := forge.PullRequest{Key: key(n), Title: "Add one", Author: "ada", Head: head, Ref: forge.PullRef(key(n)), Base: "main"}
	step := func(what string, want ...forge.PullRequest) {
		b.Helper()
		got := b.polled()
		for _, p := range want {
			seen := got[p.Key]
			if !strings.HasPrefix(seen.URL, url) || !strings.HasSuffix(seen.URL, "/"+p.Key) {
				b.Errorf("%s: URL %q", what, seen.URL)
			}
			// Gitea writes a draft into the title, and keeps no other mark of it.
			seen.URL, seen.Title = "", strings.TrimPrefix(seen.Title, "WIP: ")
			b.same(what, seen, p)
		}
		b.same(what+": how many", len(got), len(want))
		b.World.Pass(2 * time.Second)
	}
	step("opened", one)
	one.Head = must(b.repo.Commit("ada", "one", "more", map[string]string{"one.tf": "more\n"}))(b)
	step("pushed", one)
	one.Head = must(b.repo.Amend("ada", "one", "less", map[string]string{"one.tf": "less\n"}))(b)
	step("force-pushed", one)
	must(b.repo.Commit("ada", "release", "release", map[string]string{"release.tf": "r\n"}))(b)
	b.ok(b.repo.Retarget("ada", n, "release"))
	one.Base = "release"
	step("retargeted", one)
	b.ok(b.repo.EditTitle("ada", n, "Another title"))
	one.Title = "Another title"
	step("with another title", one)
	for _, draft := range []bool{true, false} {
		b.ok(b.repo.SetDraft("ada", n, draft))
		one.Draft = draft
		step(fmt.Sprintf("draft %v", draft), one)
	}
	b.ok(b.repo.Close("ada", n))
	step("closed")
	b.ok(b.repo.Reopen("ada", n))
	step("reopened", one)
	two := b.fork()
	step("forked", one, two)
	b.ok(b.repo.Retarget("ada", n, "main"))
	must(b.repo.MergePull(n, forges.Squash, "bob"))(b)
	step("merged", two)
	view := forge.View{Refs: b.refs(), Branch: "main"}
	delete(view.Refs.All, two.Ref)
	b.same("whose ref is not there yet", len(must(b.host.Poll(b.Context(), view))(b)), 0)
	step("whose ref is there", two)
	fork, _ := b.World.World.Repo("mallory/infra")
	b.ok(fork.Delete())
	b.World.Pass(time.Second)
	b.ok(b.repo.EditTitle("ada", number(two.Key), "Orphan"))
	two.Title = "Orphan"
	step("whose fork is gone", two)
}

// fork opens a pull request from a fork.
func (b *bench) fork() forge.PullRequest {
	b.Helper()
	b.repo.SetPublic()
	fork := must(b.repo.Fork("mallory"))(b)
	head := must(fork.Commit("mallory", "patch", "patch", map[string]string{"patch.tf": "p\n"}))(b)
	n := must(b.repo.Open("mallory", "mallory:patch", "", "Patch", forges.OpenOptions{}))(b)
	return forge.PullRequest{Key: key(n), Title: "Patch", Author: "mallory", Head: head, Ref: forge.PullRef(key(n)), Base: "main", Fork: true}
}

func number(key string) (n int) {
	_, _ = fmt.Sscan(key, &n)
	return n
}

// many opens pull requests that differ in their branches' names alone.
func (b *bench) many(from, to int) {
	b.Helper()
	must(b.repo.Commit("ada", "topic", "topic", map[string]string{"topic.tf": "t\n"}))(b)
	push := []string{"push", "--quiet", b.repo.Dir()}
	for i := from; i < to; i++ {
		push = append(push, fmt.Sprintf("refs/heads/topic:refs/heads/topic-%d", i))
	}
	must(b.repo.Git(push...))(b)
	for i := from; i < to; i++ {
		branch := fmt.Sprintf("topic-%d", i)
		must(b.repo.Open("ada", branch, "", branch, forges.OpenOptions{}))(b)
	}
}

// open are the keys of the pull requests that are open in the world.
func (b *bench) open() map[string]bool {
	keys := map[string]bool{}
	for _, i := range b.repo.Issues() {
		if i.Pull != nil && i.Open {
			keys[key(i.Number)] = true
		}
	}
	return keys
}

// seen are the keys of what a poll found.
func seen(list []forge.PullRequest) map[string]bool {
	keys := map[string]bool{}
	for _, p := range list {
		keys[p.Key] = true
	}
	return keys
}

// manyPulls has more pull requests than a page, and changes at both ends and in the middle.
func manyPulls(b *bench) {
	b.many(0, b.Page+4)
	check := func(what string) {
		b.Helper()
		b.same(what, seen(b.poll(b.host)), b.open())
		b.World.Pass(2 * time.Minute)
	}
	check("at first")
	middle := b.Page / 2
	for _, n := range []int{1, middle, b.Page + 4} {
		b.ok(b.repo.Close("ada", n))
	}
	check("three closed")
	b.ok(b.repo.Reopen("ada", middle))
	b.many(200, 201)
	check("one reopened and one new")
	b.ok(b.repo.Close("ada", 2))
	b.many(201, 202)
	check("as many closed as new")
	if b.Deletes {
		b.ok(b.repo.DeleteIssue(middle + 1))
		check("one deleted")
		b.ok(b.repo.DeleteIssue(middle + 2))
		b.many(202, 203)
		check("as many deleted as new")
	}
	b.same("after a restart", seen(b.poll(b.again())), b.open())
}

// closedWhileListed closes a pull request after its page was read, so that one of the next page moves to the one before.
func closedWhileListed(b *bench) {
	b.many(0, b.Page+4)
	b.World.Pass(time.Minute)
	var once sync.Once
	b.World.Before(func(req *http.Request) {
		if strings.HasSuffix(req.URL.Path, "/pulls") && req.URL.Query().Get("page") == "2" {
			once.Do(func() { b.ok(b.repo.Close("ada", b.Page+4)) })
		}
	})
	b.poll(b.host)
	b.World.Before(nil)
	b.same("the next poll", seen(b.poll(b.host)), b.open())
}

// idle counts what a poll costs while nothing happens.
func idle(b *bench) {
	for _, branch := range []string{"one", "two", "three"} {
		n, _ := b.topic(branch)
		must(b.repo.Comment("bob", n, "driftless plan"))(b)
	}
	since := b.World.Now()
	round := func() []forge.Comment {
		b.poll(b.host)
		return must(b.host.Comments(b.Context(), since))(b)
	}
	round()
	last := round()
	for range 3 {
		b.World.Pass(time.Minute)
		b.World.ForgetRequests()
		b.same("comments of an idle repository", round(), last)
		all := b.World.Requests()
		if len(all) > 2 {
			b.Errorf("%d requests, want two at most: %+v", len(all), all)
		}
		for _, r := range all {
			if b.Free && (r.Charged || r.Status != http.StatusNotModified) {
				b.Errorf("%s %s cost something: %d", r.Method, r.Path, r.Status)
			}
		}
	}
}

// merged asks how pull requests were merged.
func merged(b *bench) {
	for _, method := range []forges.Method{forges.MergeCommit, forges.Squash, forges.Rebase} {
		n, head := b.topic(string(method))
		from := b.repo.Head("main")
		b.poll(b.host)
		if _, ok, err := b.host.Merged(b.Context(), key(n), head, "", from); ok || err != nil {
			b.Errorf("open: %v, %v", ok, err)
		}
		must(b.repo.Review("carol", n, "COMMENTED", "hm"))(b)
		must(b.repo.Review("dave", n, "APPROVED", ""))(b)
		must(b.repo.Review("bob", n, "APPROVED", ""))(b)
		commit := must(b.repo.MergePull(n, method, "dave"))(b)
		want := forge.Merge{By: "dave", Reviewers: []string{"bob", "dave"}}
		check := func(what, to string) {
			b.Helper()
			m, ok, err := b.host.Merged(b.Context(), key(n), head, from, to)
			b.ok(err)
			b.same(fmt.Sprintf("%s, %s: %v", method, what, ok), m, want)
		}
		check("before Git shows it", from)
		b.poll(b.host)
		want.Commit = commit
		check("after", commit)
	}
	n, head := b.topic("closed")
	b.ok(b.repo.Close("ada", n))
	b.poll(b.host)
	if _, ok, err := b.host.Merged(b.Context(), key(n), head, "", b.repo.Head("main")); ok || err != nil {
		b.Errorf("closed: %v, %v", ok, err)
	}
	must(b.repo.Commit("ada", "release", "release", map[string]string{"release.tf": "r\n"}))(b)
	n, head = b.topic("elsewhere")
	b.ok(b.repo.Retarget("ada", n, "release"))
	must(b.repo.MergePull(n, forges.MergeCommit, "dave"))(b)
	b.poll(b.host)
	if m, ok, err := b.host.Merged(b.Context(), key(n), head, "", b.repo.Head("main")); ok || err != nil {
		b.Errorf("merged into another branch: %+v, %v, %v", m, ok, err)
	}
	_, _, err := b.host.Merged(b.Context(), "999", head, "", b.repo.Head("main"))
	b.gone("how nothing was merged", err)
}
