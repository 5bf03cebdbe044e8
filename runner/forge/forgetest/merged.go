package forgetest

import (
	"fmt"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/test/forges"
)

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
		issue := must(b.repo.Issue(n))(b)
		want := forge.Merge{At: issue.Pull.Merged.UTC().Truncate(time.Second), By: "dave", Reviewers: []string{"bob", "dave"}}
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
	b.unmerged()
}

// unmerged are closed, merged into another branch, and not there.
func (b *bench) unmerged() {
	b.Helper()
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
