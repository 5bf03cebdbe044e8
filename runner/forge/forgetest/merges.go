package forgetest

import (
	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/test/forges"
)

func mergeMethods(b *bench) {
	for _, method := range []forge.MergeMethod{forge.MergeCommit, forge.Squash, forge.Rebase} {
		n, head := b.topic(string(method))
		b.ok(b.host.Merge(b.Context(), key(n), head, method))
		i := must(b.repo.Issue(n))(b)
		if i.Open || i.Pull.MergedBy != b.Login || i.Pull.MergeCommit != b.repo.Head("main") {
			b.Errorf("%s: %+v", method, i.Pull)
		}
		b.ok(b.host.Merge(b.Context(), key(n), head, method)) // merged already
	}
}

func mergesRefused(b *bench) {
	n, head := b.topic("one")
	merge := func(head string) error { return b.host.Merge(b.Context(), key(n), head, forge.MergeCommit) }
	moved := must(b.repo.Commit("ada", "one", "more", map[string]string{"one.tf": "more\n"}))(b)
	b.denied("merge a head that has moved", merge(head), "head")
	b.repo.Protect("main", forges.Protection{Reviews: 1})
	b.denied("merge without a review", merge(moved), "approv")
	b.repo.Protect("main", forges.Protection{})
	b.ok(b.repo.SetDraft("ada", n, true))
	b.denied("merge a draft", merge(moved), "")
	b.ok(b.repo.SetDraft("ada", n, false))

	b.World.SetFaults(forges.Faults{UnknownMerges: 1})
	must(b.repo.Commit("bob", "main", "more", map[string]string{"more.tf": "m\n"}))(b)
	if err := merge(moved); err != nil { // a forge may as well try
		b.later("merge what is not known to be mergeable", err)
		b.ok(merge(moved))
	}
	b.World.SetFaults(forges.Faults{})
	if must(b.repo.Issue(n))(b).Pull.Merged.IsZero() {
		b.Error("not merged")
	}

	n, head = b.topic("two")
	must(b.repo.Commit("bob", "main", "in the way", map[string]string{"two.tf": "other\n"}))(b)
	b.poll(b.host)
	b.denied("merge a conflict", merge(head), "")
	b.ok(b.repo.Close("ada", n))
	b.denied("merge what is closed", merge(head), "")
	b.gone("merge nothing", b.host.Merge(b.Context(), "999", head, forge.MergeCommit))
}
