package engine

import (
	"fmt"
	"strings"
	"testing"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	broken := frame("Error: Invalid reference\n\n  on main.tf line 3, in resource \"a\" \"b\":\n   3:   x = y\n\nSay what.\n")
	old := frame("Warning: Old\n\n  on ../../modules/a b/x.tf line 12:\n  (source code not available)\n\n  on other.tf line 4:\n")
	for text, want := range map[string]string{
		"":                                   "[]",
		"plain text\n  on main.tf line 3:\n": "[]",
		frame("Error: No place\n\nmain.tf line 3"): "[]",
		broken:                         "[main.tf:3 true]",
		broken + old + "after\n":       "[main.tf:3 true ../../modules/a b/x.tf:12 false]",
		strings.TrimSuffix(old, "╵\n"): "[../../modules/a b/x.tf:12 false]",
		frame("Error: S\n\n  on x.tf line 0, in locals:\n"): "[]",
	} {
		got := []string{}
		for _, p := range Places(text) {
			got = append(got, fmt.Sprintf("%s:%d %t", p.File, p.Line, p.Error))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
	if got := Places(broken)[0].Text; got != "Error: Invalid reference\n\n  on main.tf line 3, in resource \"a\" \"b\":\n   3:   x = y\n\nSay what." {
		t.Errorf("%q", got)
	}
}

func FuzzPlaces(f *testing.F) {
	f.Add(frame("Error: Invalid reference\n\n  on main.tf line 3, in locals:\n"))
	f.Add("│\n│   on  line 999999999999999:")
	f.Fuzz(func(t *testing.T, output string) {
		for _, p := range Places(output) {
			if p.Line <= 0 || p.File == "" || !strings.Contains(output, p.File) {
				t.Errorf("%+v", p)
			}
		}
	})
}
