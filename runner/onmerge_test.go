package runner

import (
	"testing"

	"github.com/driftlessops/driftless/planner"
)

// TestOnMerge: what a report promises of a merge is what a merge does, also where the state is not the one that was seen.
func TestOnMerge(t *testing.T) {
	t.Parallel()
	creates := &planner.Plan{Changes: []planner.Change{{Address: "t.a", Action: planner.Create}}}
	updates := &planner.Plan{Changes: []planner.Change{{Address: "t.a", Action: planner.Update}}}
	rolledBack := planner.Prior{Lineage: "l", Replaced: "its state was rolled back by anna"}
	halfMade := planner.Prior{Lineage: "l", Made: []string{"t.a"}}
	for name, c := range map[string]struct {
		prior          planner.Prior
		plan           *planner.Plan
		status         Status
		manual, before bool
		want           string
	}{
		"as planned":            {plan: creates, status: Ready, want: "applies these changes"},
		"manual":                {plan: creates, status: Ready, manual: true, want: "held: apply = \"manual\": `driftless approve` applies it"},
		"before":                {plan: creates, status: Ready, before: true, want: "applied before the merge: `driftless apply`"},
		"another state":         {prior: rolledBack, plan: updates, status: Ready, want: "held (its state was rolled back by anna): `driftless approve` applies it"},
		"another state, manual": {prior: rolledBack, plan: updates, status: Ready, manual: true, want: "held (its state was rolled back by anna): `driftless approve` applies it"},
		"another state, before": {prior: rolledBack, plan: updates, status: Ready, before: true, want: "not applied before the merge, and held after it (its state was rolled back by anna): `driftless approve` applies it"},
		"plan removed":          {prior: rolledBack, status: Ready, want: "held (its state was rolled back by anna): `driftless approve` applies it"},
		"nothing to do":         {prior: rolledBack, plan: &planner.Plan{}, status: Unchanged, want: "nothing to apply"},
		"made twice":            {prior: halfMade, plan: creates, status: Ready, want: "held (its state does not know t.a, which an apply that did not end well had created, or begun to: if it is there, it would be built a second time): `driftless approve` applies it"},
		"made and known":        {prior: halfMade, plan: updates, status: Ready, want: "applies these changes"},
		"made, no plan":         {prior: halfMade, status: Ready, want: "applies these changes"},
	} {
		rec := Workspace{Prior: c.prior}
		if got := onMerge(Run{Purpose: PurposePlan, Status: c.status}, inDoubt(rec, c.plan), c.manual, c.before); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := onMerge(Run{Purpose: PurposeApply, Status: Ready}, "", false, false); got != "" {
		t.Errorf("an apply says %q", got)
	}
}
