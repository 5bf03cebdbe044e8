package report

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
)

// author makes up documents.
type author struct{ *rand.Rand }

var letters = []string{"a", "b ", "ü", "世界", "\n", " ", "-", "+", "`", "```", "~~~", "|", "<b>", "</details>", "@x", "#1", "\x1b[1m", "\u202e", "\xff", "-->", "\\", "*", "_", "\t", "://", "word ", "another "}

func (a author) text(most int) string {
	var b strings.Builder
	for range a.IntN(most + 1) {
		b.WriteString(letters[a.IntN(len(letters))])
	}
	if a.IntN(8) == 0 {
		b.WriteString(strings.Repeat(letters[a.IntN(len(letters))], a.IntN(3000)))
	}
	return b.String()
}

func (a author) texts(most, length int) []string {
	texts := make([]string, a.IntN(most+1))
	for i := range texts {
		texts[i] = a.text(length)
	}
	return texts
}

func (a author) plan() *planner.Plan {
	var changes []planner.Change
	actions := []planner.Action{planner.Create, planner.Update, planner.Delete, planner.Replace, planner.Move}
	for range a.IntN(6) {
		c := server(a.text(6), actions[a.IntN(len(actions))])
		for range a.IntN(6) {
			c.Paths = append(c.Paths, planner.PathChange{Path: a.text(4), Before: fmt.Sprintf("%q", a.text(40)), After: a.text(40)})
		}
		changes = append(changes, c)
	}
	p := planOf(changes...)
	p.Warnings, p.Volatile, p.Errored = a.texts(3, 30), a.texts(3, 10), a.IntN(9) == 0
	return p
}

func (a author) document() Document {
	doc := Document{
		Repository: a.text(3), Title: a.text(12), Head: a.text(12), Branch: a.text(4), Base: a.text(12), Merged: a.IntN(2) == 0,
		MergedBy: a.text(2), Reviewers: a.texts(7, 3), Commands: a.IntN(2) == 0,
		Conflicts: a.texts(2, 9), Orphans: a.texts(2, 9), Notices: a.texts(3, 30), Metadata: a.text(20),
	}
	if a.IntN(4) == 0 {
		doc.Error = a.text(200)
	}
	doc.Closed = !doc.Merged && a.IntN(5) == 0
	statuses := []string{"queued", "planning", "ready", "unchanged", "blocked", "held", "applied", "applying", "failed", "interrupted", "superseded", ""}
	for i := range a.IntN(12) {
		r := Row{Workspace: a.text(5), RunID: int64(i), Status: statuses[a.IntN(len(statuses))], Reason: a.text(30), Failure: a.text(100), OnMerge: a.text(20), Owner: a.text(3), Command: a.text(9), BeforeMerge: a.IntN(3) == 0, Applied: a.IntN(4) == 0, Duration: time.Duration(a.IntN(1e10)), Reused: a.IntN(3) == 0}
		if a.IntN(3) > 0 {
			r.Plan = a.plan()
		}
		if a.IntN(3) > 0 {
			r.Verdict = &policy.Verdict{Status: []policy.Status{"pass", "warn", "deny", "error"}[a.IntN(4)]}
			for range a.IntN(4) {
				r.Verdict.Results = append(r.Verdict.Results, policy.Result{Policy: a.text(4), Level: []string{"deny", "warn", a.text(2)}[a.IntN(3)], Message: a.text(60), Resource: a.text(5)})
			}
		}
		doc.Rows = append(doc.Rows, r)
	}
	return doc
}

func TestRenderAnyDocumentAtAnyLimit(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		a := author{rand.New(rand.NewPCG(seed, 7))}
		doc := a.document()
		limit := MinLimit + a.IntN(3000)
		switch a.IntN(10) {
		case 0:
			limit = MinLimit
		case 1:
			limit = 65536
		}
		checkRender(t, doc, limit)
		checkSummaries(t, doc)
		if t.Failed() {
			t.Fatalf("seed %d, limit %d", seed, limit)
		}
	}
}

// checkRender checks everything that Render promises.
func checkRender(t *testing.T, doc Document, limit int) {
	t.Helper()
	pages := Render(doc, limit)
	for i, page := range pages {
		checkPage(t, page, limit)
		if place := fmt.Sprintf("page %d of %d", i+1, len(pages)); len(pages) > 1 && !strings.Contains(page, place) {
			t.Errorf("page does not say %q", place)
		}
	}
	whole := Render(doc, 0)
	if len(whole) != 1 {
		t.Errorf("%d pages without a limit", len(whole))
	}
	if most := 2 + 8*len(whole[0])/limit; len(pages) > most {
		t.Errorf("%d pages for %d bytes at limit %d", len(pages), len(whole[0]), limit)
	}
	var want strings.Builder
	for _, r := range byRisk(doc.Rows) {
		if r.Plan == nil {
			continue
		}
		for _, c := range r.Plan.Changes {
			want.WriteString(visible(c.Diff()))
		}
		for _, e := range newSection(&doc, r).drift {
			want.WriteString(visible(e.text))
		}
	}
	if got, want := diffContent(pages), squeeze(want.String()); got != want {
		t.Errorf("diffs differ; got\n%s\nwant\n%s", got, want)
	}
	checkFailures(t, doc, whole[0])
}

// checkSummaries checks what is said of a document elsewhere than in comments.
func checkSummaries(t *testing.T, doc Document) {
	t.Helper()
	checkStatuses(t, doc, len(doc.Rows))
	title, summary := Check(doc)
	if len(summary) > MaxSummary || len(title) > 200 {
		t.Errorf("a check of %d and %d bytes", len(title), len(summary))
	}
	checkMarkdown(t, summary)
}

// checkFailures checks that what the engine printed is shown whole.
func checkFailures(t *testing.T, doc Document, page string) {
	t.Helper()
	for _, r := range doc.Rows {
		want := strings.TrimRight(visible(plainOutput(r.Failure)), "\n")
		if !strings.Contains(want, strings.Repeat("`", maxFence)) && !strings.Contains(page, want) {
			t.Errorf("failure is not shown: %q", want)
		}
	}
}

// TestRenderFullestPage has every line that cannot be split at its longest, on the smallest page.
func TestRenderFullestPage(t *testing.T) {
	t.Parallel()
	for _, s := range append(evil, "`", "|", "&", "'", "\x00", "<", "@", "ü", "x ", "` ") {
		s = strings.Repeat(s, 2000/len(s))
		doc := hostile(s, s, s)
		doc.Merged = len(s)%2 == 0
		const n = maxPages
		for i := range doc.Rows {
			doc.Rows[i].Plan.Summary = planner.Summary{Create: n, Update: n, Replace: n, Delete: n, Import: n, Move: n, Forget: n, Outputs: n, Invoke: n}
			doc.Rows[i].RunID = 1 << 40
		}
		for i := range 9 {
			r := doc.Rows[0]
			r.Status, r.Verdict = []string{"held", "failed", "blocked", "queued", "ready"}[i%5], []*policy.Verdict{nil, denies(), {Status: policy.Error}, {Status: policy.Warn}}[i%4]
			doc.Rows = append(doc.Rows, r)
		}
		checkRender(t, doc, MinLimit)
		if t.Failed() {
			t.Fatalf("text %.20q", s)
		}
	}
}

var resumed = regexp.MustCompile("^@@ .* \\(continued\\) @@\n")

// diffContent is what stands in the diff fences of all pages, its lines whole again.
func diffContent(pages []string) string {
	var b strings.Builder
	for _, page := range pages {
		fence, content := "", ""
		for line := range strings.Lines(page) {
			switch mark := strings.TrimSuffix(line, "\n"); {
			case fence == "" && strings.HasPrefix(mark, "```") && !strings.Contains(strings.TrimLeft(mark, "`"), "`"):
				fence, content = strings.TrimRight(mark, "diftex"), ""
				if strings.HasSuffix(mark, "text") {
					content = "text"
				}
			case fence != "" && mark == fence:
				if !strings.HasPrefix(content, "text") {
					b.WriteString(resumed.ReplaceAllString(content, ""))
				}
				fence = ""
			case fence != "":
				content += line
			}
		}
	}
	return squeeze(regexp.MustCompile("\n[-+!# ]"+continued).ReplaceAllString(b.String(), ""))
}

// squeeze takes empty lines out, which stand between changes.
func squeeze(s string) string {
	return strings.TrimRight(regexp.MustCompile("\n\n+").ReplaceAllString(s, "\n"), "\n")
}

func TestRenderBelowTheSmallestLimit(t *testing.T) {
	t.Parallel()
	for limit := 1; limit < MinLimit; limit += 13 {
		pages := Render(hostile(evil...), limit)
		if len(pages) != 1 || len(pages[0]) > limit || pages[0] == "" {
			t.Errorf("limit %d: %q", limit, pages)
		}
	}
}

func FuzzRender(f *testing.F) {
	for i, s := range evil {
		f.Add(s, uint16(i*500))
	}
	f.Fuzz(func(t *testing.T, s string, extra uint16) {
		if strings.Contains(s, continued) {
			t.Skip("marks of continued lines could not be told apart")
		}
		doc := hostile(s, "app", evil[int(extra)%len(evil)])
		checkRender(t, doc, MinLimit+int(extra))
		if got, ok := Metadata(Render(doc, 0)[0]); !ok || got != doc.Metadata {
			t.Errorf("metadata %q came back as %q", doc.Metadata, got)
		}
		checkSummaries(t, doc)
		checkIssues(t, s, 1+int(extra))
	})
}

// largePlan is a document with so many workspaces, and how many bytes their plans have: 22 KB each.
func largePlan(workspaces int) (doc Document, size int) {
	value := strings.Repeat(`echo "a line of a script that is as long as lines are"\n`, 400)
	var rows []Row
	for i := range workspaces {
		r := ready(fmt.Sprintf("team-%d/app", i), int64(i+1), replaced, server("cloud_server.big", planner.Create, planner.PathChange{Path: "user_data", After: `"` + value + `"`}))
		rows = append(rows, r)
		size += len(r.Plan.Changes[1].Diff())
	}
	return pullRequest(rows...), size
}

func BenchmarkRender(b *testing.B) {
	doc, size := largePlan(360)
	b.Run("diffs alone", func(b *testing.B) {
		b.SetBytes(int64(size))
		for b.Loop() {
			for i := range doc.Rows {
				newSection(&doc, &doc.Rows[i])
			}
		}
	})
	for _, limit := range []int{0, 65536, MinLimit} {
		b.Run(fmt.Sprint(limit), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				Render(doc, limit)
			}
		})
	}
}
