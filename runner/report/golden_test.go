package report

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs (go test ./runner/report -update writes it anew); got:\n%s", path, got)
	}
}

const pageBreak = "\n<<<<<<<< page >>>>>>>>\n"

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, doc := range documents() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := 65536
			if name == "continued" {
				limit = 1600
			}
			pages := Render(doc, limit)
			golden(t, name+".md", strings.Join(pages, pageBreak))
			golden(t, name+".txt", Text(pages))
			for _, page := range pages {
				checkPage(t, page, limit)
			}
		})
	}
}

func TestGoldenDrift(t *testing.T) {
	t.Parallel()
	caused := func(c planner.Change, cause planner.Cause) planner.Change { c.Cause = cause; return c }
	for name, doc := range map[string]DriftDocument{
		"drift": {
			Workspace: "infra//prod/app", Owner: "@acme/platform", RunID: 31, Commit: "1a2b3c4d5e6f",
			Since: time.Date(2026, 3, 1, 7, 30, 0, 0, time.UTC), CheckedAt: time.Date(2026, 3, 2, 7, 30, 0, 0, time.UTC),
			Changes: []planner.Change{caused(replaced, planner.Upstream), caused(updated, planner.External), caused(created, planner.External), caused(output, planner.Unknown),
				server("cloud_server.key", planner.Update, planner.PathChange{Path: "password", Before: "(sensitive value)", After: "(sensitive value)", Sensitive: true}, planner.PathChange{Path: "ip", Before: `"10.0.0.1"`, After: "(known after apply)", Unknown: true}, planner.PathChange{Path: "tags.by", Before: `"hand"`})},
		},
		"drift-none": {Workspace: "infra//prod/app", Commit: "1a2b3c4d5e6f", CheckedAt: time.Date(2026, 3, 2, 7, 30, 0, 0, time.UTC)},
		"drift-hostile": {Workspace: evil[0], Owner: evil[2], Changes: []planner.Change{
			caused(server(evil[0], planner.Update, planner.PathChange{Path: evil[1], Before: evil[4], After: evil[7]}), "<b>"),
			server(evil[8], planner.Delete), server(evil[5], planner.Action(evil[3]), planner.PathChange{Path: evil[8], Before: "(" + evil[3] + ")", After: evil[8]}),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := RenderDrift(doc)
			golden(t, name+".md", got)
			golden(t, name+".txt", Text([]string{got}))
			checkMarkdown(t, got)
		})
	}
}
