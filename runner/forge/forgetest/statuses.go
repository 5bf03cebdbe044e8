package forgetest

import (
	"fmt"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
)

// statuses are set, and set again.
func statuses(b *bench) {
	_, head := b.topic("one")
	for _, state := range []forge.StatusState{forge.Pending, forge.Failure, forge.Errored, forge.Success, forge.Success} {
		want := forge.Status{Context: "driftless/plan", State: state, Description: strings.Repeat("é", 140)}
		b.ok(b.host.SetStatus(b.Context(), head, want))
		got := b.repo.Statuses(head)
		b.same("how many", len(got), 1)
		b.same("status", forge.Status{Context: got[0].Context, State: forge.StatusState(got[0].State), Description: got[0].Description, URL: got[0].URL}, want)
	}
	b.ok(b.host.SetStatus(b.Context(), head, forge.Status{Context: "driftless/apply", State: forge.Pending}))
	b.same("two contexts", len(b.repo.Statuses(head)), 2)
	if err := b.host.SetStatus(b.Context(), strings.Repeat("0", 40), forge.Status{Context: "c", State: forge.Success}); err == nil {
		b.Error("a commit that is not there has a status")
	}
}

// checks are made, and brought up to date.
func checks(b *bench) {
	checker, ok := b.host.(forge.Checker)
	if !ok {
		b.Skip("no check runs here")
	}
	_, head := b.topic("one")
	c := forge.Check{Name: "driftless/policy", State: forge.Pending, Title: "Planning", Summary: "soon"}
	b.ok(checker.PutCheck(b.Context(), head, c))
	c.State, c.Title, c.Summary = forge.Failure, "Denied", "see below"
	for i := range 120 {
		c.Annotations = append(c.Annotations, forge.Annotation{Path: "one.tf", Line: i + 1, Failure: i%2 == 0, Title: "no", Message: fmt.Sprintf("message %d", i)})
	}
	for range 2 { // again after a restart
		b.ok(checker.PutCheck(b.Context(), head, c))
		checker = b.again().(forge.Checker)
	}
	runs := b.repo.Checks(head)
	newest := runs[0]
	if newest.Name != c.Name || newest.Status != "completed" || newest.Conclusion != "failure" || newest.Title != "Denied" || newest.Summary != "see below" {
		b.Errorf("check run: %+v", newest)
	}
	lines := map[int]string{}
	for _, a := range newest.Annotations {
		lines[a.Start] = a.Level + " " + a.Message
	}
	b.same("annotations", len(lines), 120)
	b.same("the first", lines[1], "failure message 0")
	b.same("the second", lines[2], "warning message 1")
}
