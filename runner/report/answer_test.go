package report

import (
	"strings"
	"testing"
)

func TestGoldenReplies(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]Answer{
		"refused": {Line: "driftless approve 12 @anna", Refused: "run 12 is yours: the author of a change cannot approve it. Ask somebody of `@acme/platform`.", Metadata: "driftless reply=99"},
		"unknown": {Line: "driftless aply", Refused: "There is no command `aply`. Did you mean `driftless apply`?", Help: "| comment | what it does |\n|---|---|\n| `driftless plan` | plans |\n"},
		"partly":  {Line: "driftless apply", Done: "applies `prod/app`", Refused: "these cannot be applied before the merge:\n- `prod/db`: policy denies it\n- `prod/dns`: its plan failed", Others: 1},
		"hostile": {Line: evil[0] + "\ndriftless apply", Done: evil[3], Refused: strings.Join(evil, "\n"), Metadata: evil[1]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := Reply(a)
			golden(t, "reply-"+name+".md", text)
			if a.Help == "" {
				checkMarkdown(t, text)
			}
			if len(text) > 20_000 {
				t.Errorf("%d bytes", len(text))
			}
		})
	}
}

func TestCheckKeepsWithinItsLimit(t *testing.T) {
	t.Parallel()
	doc := pullRequest(ready("prod/app", 14, replaced, bigChange(9000)), unchanged("b", 2))
	mixed := documents()["mixed"]
	if title, summary := Check(mixed); title != "Planning 8 workspaces" || !strings.Contains(summary, "how far") {
		t.Errorf("while it is planned: %q, %q", title, summary)
	}
	mixed.Rows = mixed.Rows[:len(mixed.Rows)-1]
	title, summary := Check(mixed)
	golden(t, "check.md", "# "+title+"\n\n"+summary)
	title, summary = Check(doc)
	if title != headline(&doc) || len(summary) > MaxSummary || len(summary) < MaxSummary/2 || !strings.HasSuffix(summary, restInComment) {
		t.Errorf("%q, %d bytes", title, len(summary))
	}
	checkMarkdown(t, summary)
	if _, summary := Check(pullRequest()); strings.Contains(summary, "The rest") || !strings.Contains(summary, "Move the database") {
		t.Errorf("summary %q", summary)
	}
}
