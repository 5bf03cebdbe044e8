package forgetest

import (
	"fmt"
	"strings"
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
	three, _ := b.topic("three")
	b.World.Pass(time.Second)
	b.same("three: how many", len(b.polled()), 2)
	b.ok(b.repo.DeleteIssue(number(two.Key))) // by the forge's staff; Git may keep its ref
	b.World.Pass(time.Second)
	left := b.polled()
	b.same("deleted: how many", len(left), 1)
	b.same("deleted: the other", left[key(three)].Key, key(three))
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
