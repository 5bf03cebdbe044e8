package report

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner"
)

func caused(c planner.Change, cause planner.Cause) planner.Change { c.Cause = cause; return c }

var (
	monday = time.Date(2026, 3, 2, 7, 30, 0, 0, time.UTC)
	drifty = []planner.Change{
		caused(replaced, planner.Upstream), caused(updated, planner.External), caused(created, planner.External), caused(output, planner.Unknown),
		server("cloud_server.key", planner.Update, planner.PathChange{Path: "password", Before: "(sensitive value)", After: "(sensitive value)", Sensitive: true}, planner.PathChange{Path: "ip", Before: `"10.0.0.1"`, After: "(known after apply)", Unknown: true}, planner.PathChange{Path: "tags.by", Before: `"hand"`}),
	}
	drift = DriftDocument{
		Workspace: "infra//prod/app", Owner: "@acme/platform, @anna x@y.example", RunID: 31, Commit: "1a2b3c4d5e6f", AppliedAuthor: "Anna Bauer", AppliedBy: "ben",
		AppliedAt: monday.AddDate(0, 0, -7), Since: monday.AddDate(0, 0, -1), Changes: drifty, Metadata: "driftless drift=infra//prod/app",
	}
	evilDrift = DriftDocument{Workspace: evil[0], Owner: evil[2], AppliedAuthor: evil[3], AppliedBy: evil[4], Commit: evil[5], Refused: evil[6], Unwell: evil[7], Metadata: evil[1], Changes: []planner.Change{
		caused(server(evil[0], planner.Update, planner.PathChange{Path: evil[1], Before: evil[4], After: evil[7]}), "<b>"),
		server(evil[8], planner.Delete), server(evil[5], planner.Action(evil[3]), planner.PathChange{Path: evil[8], Before: "(" + evil[3] + ")", After: evil[8]}),
	}}
)

// many is drift of n objects.
func many(n int) []planner.Change {
	changes := make([]planner.Change, n)
	for i := range changes {
		changes[i] = server(fmt.Sprintf("cloud_server.web[%d]", i), planner.Update, planner.PathChange{Path: "size", Before: "1", After: "2"})
	}
	return changes
}

func TestGoldenIssues(t *testing.T) {
	t.Parallel()
	issue := func(title, body string) string { return "# " + title + "\n\n" + body }
	unchecked := UncheckedDocument{Workspace: "infra//prod/app", Owner: "@acme/platform", RunID: 32, Since: monday, CheckedAt: monday.AddDate(0, 0, -1), Error: engineFailure, Metadata: "x"}
	for name, text := range map[string]string{
		"drift":         issue(DriftIssue(drift, 65000)),
		"drift-refused": issue(DriftIssue(with(drift, func(d *DriftDocument) { d.Refused, d.Changes = "policy denies it: ask @platform, fixes #3", many(1) }), 65000)),
		"drift-first": issue(DriftIssue(with(drift, func(d *DriftDocument) {
			d.First, d.Changes = "#4 waits to be applied, which comes first: `driftless approve` there settles it", many(1)
			d.Unwell = "check.tls failed: The certificate has *expired*."
		}), 65000)),
		"drift-many":     issue(DriftIssue(with(drift, func(d *DriftDocument) { d.Changes = many(200) }), 4000)),
		"drift-hostile":  issue(DriftIssue(evilDrift, 65000)),
		"drift-gone":     DriftGone(drift),
		"drift-back":     DriftBack(drift),
		"drift-over":     issue("Over", Over("run 9 applied `1a2b3c4`, approved by @cleo", monday, second(DriftIssue(with(drift, func(d *DriftDocument) { d.Changes = many(1) }), 65000)), 65000)),
		"drift-other":    DriftOther(drift),
		"drift-moot":     DriftMoot("infra//prod/app", "its directory is gone from the tracked branch"),
		"unchecked":      issue(UncheckedIssue(unchecked, 65000)),
		"unchecked-new":  issue(UncheckedIssue(UncheckedDocument{Workspace: "infra//it's", Error: strings.Repeat("long line\n", 900)}, 3000)),
		"unchecked-gone": UncheckedGone(unchecked), "unchecked-back": UncheckedBack(unchecked), "unchecked-now": UncheckedNow(unchecked),
		"drift-summary": issue(DriftSummaryIssue(DriftSummary{Metadata: "all", Rows: []DriftRow{
			{Workspace: "infra//prod/app", RunID: 31, Objects: 3, Since: monday}, {Workspace: "infra//a|b`c", Objects: 1, Unchecked: true, RunID: 32}, {Workspace: "infra//x", Objects: 1},
		}}, 65000)),
		"drift-summary-many": issue(DriftSummaryIssue(DriftSummary{Rows: slices.Repeat([]DriftRow{{Workspace: "infra//prod/app", RunID: 31, Objects: 3, Since: monday}}, 100)}, 2100)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name+".md", text)
			_, body, _ := strings.Cut(text, "\n\n")
			checkMarkdown(t, strings.NewReplacer("@acme/platform", "x", "@anna", "y").Replace(body))
		})
	}
}

func second(_, body string) string { return body }

// checkIssues checks every text about drift with s everywhere, in at most limit bytes.
func checkIssues(t *testing.T, s string, limit int) {
	t.Helper()
	doc := DriftDocument{Workspace: s, Owner: strings.ReplaceAll(s, "@", ""), Commit: s, AppliedAuthor: s, AppliedBy: s, Refused: s, First: s, Unwell: s, Metadata: s, RunID: 1 << 40, Since: monday, AppliedAt: monday,
		Changes: append(many(9), caused(server(s, planner.Action(s), planner.PathChange{Path: s, Before: "(" + s, After: s}), planner.Unknown), updated)}
	unchecked := UncheckedDocument{Workspace: s, Owner: doc.Owner, RunID: 1 << 40, Since: monday, CheckedAt: monday, Error: s, Metadata: s}
	var bodies []string
	add := func(title, body string) {
		checkVisible(t, title)
		if len(title) > 200 || strings.Contains(title, "\n") {
			t.Errorf("title %q", title)
		}
		if len(body) > limit {
			t.Errorf("%d bytes, limit %d", len(body), limit)
		}
		if got, ok := Metadata(body); limit >= minIssue && len(s) < 50 && s != "" && (!ok || got != s) {
			t.Errorf("metadata came back as %q", got)
		}
		bodies = append(bodies, body)
	}
	add(DriftIssue(doc, limit))
	add(UncheckedIssue(unchecked, limit))
	add(DriftSummaryIssue(DriftSummary{Rows: slices.Repeat([]DriftRow{{Workspace: s, RunID: 1 << 40, Objects: 3, Since: monday}}, 30), Metadata: s}, limit))
	for _, body := range bodies {
		add("over", Over(s, monday, body, limit))
	}
	bodies = append(bodies, DriftGone(doc), DriftBack(doc), DriftOther(doc), DriftMoot(s, s), UncheckedGone(unchecked), UncheckedNow(unchecked), UncheckedBack(unchecked))
	bodies = append(bodies, Reply(Answer{Line: s, Done: s, Refused: s, Others: 2, Metadata: s}), Reply(Answer{Line: s, Refused: "x\n" + s}))
	for _, body := range bodies {
		checkMarkdown(t, body)
	}
}

func TestIssuesKeepWithinTheirLimit(t *testing.T) {
	t.Parallel()
	for _, s := range append(evil, "", "x", strings.Repeat("`", 3000), strings.Repeat("&|`", 1000), strings.Repeat("\x00", 3000), strings.Repeat("a\n", 3000)) {
		for _, limit := range []int{20, minIssue - 1, minIssue, 2500, 3333, 9000, 65000} {
			checkIssues(t, s, limit)
			if t.Failed() {
				t.Fatalf("text %.20q, limit %d", s, limit)
			}
		}
	}
}

func TestDriftFingerprint(t *testing.T) {
	t.Parallel()
	base := DriftFingerprint(drifty)
	shuffled := slices.Clone(drifty)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	change := func(f func(c *planner.Change)) []planner.Change {
		changes := slices.Clone(drifty)
		changes[1].Paths = slices.Clone(changes[1].Paths)
		f(&changes[1])
		return changes
	}
	for name, changes := range map[string][]planner.Change{
		"another order":      shuffled,
		"another value":      change(func(c *planner.Change) { c.Paths[0].Before, c.Paths[0].After = "1", "2" }),
		"another cause":      change(func(c *planner.Change) { c.Cause, c.Reason = planner.Upstream, "x" }),
		"paths turned round": change(func(c *planner.Change) { slices.Reverse(c.Paths) }),
		"a volatile path": change(func(c *planner.Change) {
			c.Paths = append(c.Paths, planner.PathChange{Path: "built_at", Volatile: true})
		}),
	} {
		if DriftFingerprint(changes) != base {
			t.Errorf("%s is other drift", name)
		}
	}
	seen := map[string]string{base: "itself"}
	for name, changes := range map[string][]planner.Change{
		"nothing":           nil,
		"one less":          drifty[1:],
		"another address":   change(func(c *planner.Change) { c.Address += "x" }),
		"a deposed object":  change(func(c *planner.Change) { c.Deposed = "1a2b" }),
		"another action":    change(func(c *planner.Change) { c.Action = planner.Replace }),
		"another attribute": change(func(c *planner.Change) { c.Paths[0].Path += "x" }),
		"an attribute more": change(func(c *planner.Change) { c.Paths = append(c.Paths, planner.PathChange{Path: "x"}) }),
		"attributes as one": change(func(c *planner.Change) {
			c.Paths = []planner.PathChange{{Path: c.Paths[0].Path + `","` + c.Paths[1].Path}}
		}),
	} {
		f := DriftFingerprint(changes)
		if other, ok := seen[f]; ok {
			t.Errorf("%s is the same as %s", name, other)
		}
		seen[f] = name
	}
}
