package policy

import (
	"slices"
	"testing"
)

func TestStricter(t *testing.T) {
	t.Parallel()
	warn := Verdict{Status: Warn, Revision: "1", Policies: 2, Results: []Result{{Policy: "p", Level: "warn", Message: "w"}}}
	deny := Verdict{Status: Deny, Revision: "2", Policies: 3, Results: []Result{{Policy: "p", Level: "violation", Message: "v"}, {Policy: "p", Level: "warn", Message: "w"}}}
	for _, tc := range []struct {
		name     string
		a, b     Verdict
		status   Status
		revision string
		results  int
	}{
		{"both", warn, deny, Deny, "1+2", 2},
		{"turned", deny, warn, Deny, "2+1", 2},
		{"same", warn, warn, Warn, "1", 1},
		{"no policies before", Verdict{Status: Pass}, warn, Warn, "1", 1},
		{"unknown", Verdict{}, warn, Error, "1", 1},
		{"error", Verdict{Status: Error, Revision: "1"}, deny, Error, "1+2", 2},
	} {
		got := Stricter(tc.a, tc.b)
		if got.Status != tc.status || got.Revision != tc.revision || len(got.Results) != tc.results || got.Results == nil {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	var levels []string
	for _, r := range order([]Result{{Level: "warn"}, {Level: "violation"}, {Level: "error"}, {Level: "deny"}, {Level: "warn"}}) {
		levels = append(levels, r.Level)
	}
	if want := []string{"error", "deny", "violation", "warn"}; !slices.Equal(levels, want) {
		t.Errorf("got %v", levels)
	}
}
