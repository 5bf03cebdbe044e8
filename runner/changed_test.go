package runner

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/driftlessops/driftless/planner/engine"
)

func TestStepsTaken(t *testing.T) {
	t.Parallel()
	got := stepsTaken([]engine.Step{
		{Address: "a.made", Action: "create", Ended: true}, {Address: "a.broken", Action: "update", Ended: true, Failed: true}, {Address: "a.cut", Action: "delete"},
	})
	want := []RunChange{{Address: "a.made", Action: "create"}, {Address: "a.broken", Action: "update, failed"}, {Address: "a.cut", Action: "delete, began"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
