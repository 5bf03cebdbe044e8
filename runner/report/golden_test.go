package report

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
			for _, page := range pages {
				checkPage(t, page, limit)
			}
		})
	}
}
