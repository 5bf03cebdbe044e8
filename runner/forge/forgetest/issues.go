package forgetest

import (
	"slices"
	"strconv"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/test/forges"
)

// issues are opened, changed, closed and opened again; others' are left alone.
func issues(b *bench) {
	n, _ := b.topic("one")
	must(b.repo.OpenIssue("bob", "Not ours", "body", "driftless", "bug"))(b)
	b.same("none of ours", len(must(b.host.Issues(b.Context(), "driftless"))(b)), 0)
	b.same("of a label that is not there", len(must(b.host.Issues(b.Context(), "driftless:absent"))(b)), 0)

	want := forge.Issue{Title: "Drift in prod", Body: "what drifted", Open: true, Labels: []string{"driftless", "driftless:drift"}}
	want.Key = must(b.host.PutIssue(b.Context(), want))(b)
	b.same("its own number", want.Key == key(n), false)
	check := func(what string) {
		b.Helper()
		for _, label := range want.Labels {
			got := must(b.host.Issues(b.Context(), label))(b)
			if len(got) == 1 {
				slices.Sort(got[0].Labels)
			}
			b.same(what, got, []forge.Issue{want})
		}
	}
	check("opened")
	put := func(what string) {
		b.Helper()
		b.same("key", must(b.host.PutIssue(b.Context(), want))(b), want.Key)
		check(what)
	}
	want.Title, want.Body = "Drift in prod and test", "more drifted"
	put("changed")
	put("again")
	want.Open = false
	put("closed")
	want.Open = true
	put("reopened")

	number, _ := strconv.Atoi(want.Key)
	labelled := []string{"driftless", "driftless:drift", "keep"}
	b.ok(b.repo.EditIssue("bob", number, forges.IssueEdit{Labels: &labelled}))
	want.Labels = []string{"driftless", "driftless:unknown"}
	must(b.host.PutIssue(b.Context(), want))(b)
	labels := must(b.repo.Issue(number))(b).Labels
	slices.Sort(labels)
	b.same("labels: ours as they are now, others' as before", labels, []string{"driftless", "driftless:unknown", "keep"})
	b.same("no more of the old label", len(must(b.host.Issues(b.Context(), "driftless:drift"))(b)), 0)

	b.ok(b.repo.DeleteIssue(number))
	_, err := b.host.PutIssue(b.Context(), want)
	b.gone("change a deleted issue", err)
	shut := forge.Issue{Title: "Closed at once", Labels: []string{"driftless"}}
	shut.Key = must(b.host.PutIssue(b.Context(), shut))(b)
	b.same("opened and closed", must(b.host.Issues(b.Context(), "driftless"))(b), []forge.Issue{shut})
}

// manyIssues has more than a page of issues, and of labels.
func manyIssues(b *bench) {
	for i := range 60 {
		must(b.repo.AddLabel("a-"+strconv.Itoa(i), "ededed", ""))(b)
	}
	must(b.repo.AddLabel("driftless", "ededed", ""))(b)
	for i := range 120 {
		must(b.repo.OpenIssue(b.Login, "Drift "+strconv.Itoa(i), "body", "driftless"))(b)
	}
	b.same("issues", len(must(b.host.Issues(b.Context(), "driftless"))(b)), 120)
	must(b.host.PutIssue(b.Context(), forge.Issue{Title: "One more", Open: true, Labels: []string{"driftless"}}))(b)
	b.same("labels", len(b.repo.Labels()), 61)
	b.same("issues and one more", len(must(b.host.Issues(b.Context(), "driftless"))(b)), 121)
}
