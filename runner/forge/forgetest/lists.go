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
