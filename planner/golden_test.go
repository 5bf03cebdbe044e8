package planner

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// testOptions are the options for the fixture name.json; name-drift.json is a drift plan.
func testOptions(name string) ParseOptions {
	return ParseOptions{
		Key: []byte("key"), Checkout: "/checkout", Engine: "terraform 1.11.4",
		Volatile: []string{"*:tags.stamp", "output.stamp:*"},
		Drift:    strings.Contains(name, "drift"),
	}
}

// fixture reads a plan of testdata.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// stored is the plan as it comes back from a store.
func stored(t testing.TB, p *Plan) *Plan {
	t.Helper()
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back Plan
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	return &back
}

func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, err := Parse(fixture(t, name+".json"), testOptions(name))
			if err != nil {
				t.Fatal(err)
			}
			got := render(stored(t, plan))
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(fixture(t, name+".golden")); got != want {
				t.Errorf("differs from %s (go test -update writes it):\n%s", golden, got)
			}
		})
	}
}

// render shows all that a plan says to people.
func render(p *Plan) string {
	var out strings.Builder
	fmt.Fprintf(&out, "summary: %s\n", p.Summary)
	for _, w := range p.Warnings {
		fmt.Fprintf(&out, "warning: %s\n", w)
	}
	for _, v := range p.Volatile {
		fmt.Fprintf(&out, "volatile: %s\n", v)
	}
	for _, c := range p.Changes {
		fmt.Fprintf(&out, "\n== %s: %s %s\n%s", visible(c.Key()), c.Action, c.Cause, c.Diff())
	}
	for _, d := range p.Drift {
		fmt.Fprintf(&out, "\n== drifted: %s\n%s", visible(d.Address), d.Diff())
	}
	return out.String()
}
