package runner

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/workspaces"
)

// one is a Tx with one workspace, and nothing else but a plan.
type one struct {
	Tx
	rec  Workspace
	repo Repository
	plan string // of every run; "" = it is gone
	runs []Run  // newest first
}

func (o *one) Workspace(workspaces.ID) (Workspace, error)    { return o.rec, nil }
func (o *one) Repository(string) (Repository, error)         { return o.repo, nil }
func (o *one) Blobs(string, string, int) ([]BlobInfo, error) { return nil, nil }

func (o *one) PutWorkspace(rec Workspace) error {
	o.rec = rec
	return nil
}

func (o *one) Blob(string) ([]byte, error) {
	if o.plan == "" {
		return nil, ErrNotFound
	}
	return []byte(o.plan), nil
}

func (o *one) Runs(f RunFilter) (found []Run, err error) {
	for _, run := range o.runs {
		if len(f.Statuses) == 0 || slices.Contains(f.Statuses, run.Status) {
			found = append(found, run)
		}
	}
	return found, nil
}

// TestMade: what an apply created, or began to, is known until it is destroyed; what it could not create is not there.
func TestMade(t *testing.T) {
	t.Parallel()
	did := func(action, address string) engine.Step {
		return engine.Step{Action: action, Address: address, Ended: true}
	}
	began := func(action, address string) engine.Step { return engine.Step{Action: action, Address: address} }
	failed := func(action, address string) engine.Step {
		return engine.Step{Action: action, Address: address, Ended: true, Failed: true}
	}
	const replaces = `{"changes":[{"kind":"resource","address":"a.x","action":"replace"}]}`
	for name, c := range map[string]struct {
		before   []string
		steps    []engine.Step
		plan     string
		want     []string
		replaced string
	}{
		"created":                           {nil, []engine.Step{did("create", "a.x"), did("update", "a.u"), did("read", "data.d")}, "", []string{"a.x"}, ""},
		"begun":                             {nil, []engine.Step{began("create", "a.x"), did("create", "a.y")}, "", []string{"a.x", "a.y"}, ""},
		"failed":                            {nil, []engine.Step{failed("create", "a.x")}, "", nil, ""},
		"known already":                     {[]string{"a.x"}, []engine.Step{did("create", "a.x")}, "", []string{"a.x"}, ""},
		"destroyed":                         {[]string{"a.w", "a.x"}, []engine.Step{did("delete", "a.x")}, "", []string{"a.w"}, ""},
		"perhaps destroyed":                 {[]string{"a.x"}, []engine.Step{began("delete", "a.x"), failed("delete", "a.x")}, "", []string{"a.x"}, ""},
		"destroyed and created":             {[]string{"a.x"}, []engine.Step{did("delete", "a.x"), began("create", "a.x")}, replaces, []string{"a.x"}, "run 3 was interrupted when it replaced a.x"},
		"destroyed, not created":            {[]string{"a.x"}, []engine.Step{did("delete", "a.x"), failed("create", "a.x")}, replaces, nil, ""},
		"created, then destroyed":           {nil, []engine.Step{did("create", "a.x"), did("delete", "a.x")}, replaces, []string{"a.x"}, "run 3 was interrupted when it replaced a.x"},
		"begun beside what it was":          {nil, []engine.Step{began("create", "a.x")}, replaces, []string{"a.x"}, "run 3 was interrupted when it replaced a.x"},
		"begun, and its plan is of another": {nil, []engine.Step{began("create", "a.y")}, replaces, []string{"a.y"}, ""},
	} {
		tx := &one{rec: Workspace{Prior: planner.Prior{Made: c.before}}, plan: c.plan}
		err := made(&journal{tx: tx}, Run{ID: 3, Status: Interrupted}, c.steps)
		if got := tx.rec.Prior; err != nil || !slices.Equal(got.Made, c.want) || !strings.Contains(got.Replaced, c.replaced) || (got.Replaced == "") != (c.replaced == "") {
			t.Errorf("%s: %q, %q, %v; want %q", name, got.Made, got.Replaced, err, c.want)
		}
	}
}

// TestManyMade: the record of a workspace stays small, however much an apply made: what comes next is held as a whole then.
func TestManyMade(t *testing.T) {
	t.Parallel()
	tx, steps := &one{}, []engine.Step{}
	for i := range 10_000 {
		steps = append(steps, engine.Step{Action: "create", Address: fmt.Sprintf("a.x[%d]", i), Ended: true})
	}
	err := made(&journal{tx: tx}, Run{ID: 3, Status: Failed}, steps)
	if got := tx.rec.Prior; err != nil || len(got.Made) != mostMade || !strings.Contains(got.Replaced, "run 3 did not end well") {
		t.Errorf("%d, %q, %v", len(got.Made), got.Replaced, err)
	}
}

// TestMadeIsNotForgotten: that there is nothing to do without it, as after a revert, says nothing of what may be there.
func TestMadeIsNotForgotten(t *testing.T) {
	t.Parallel()
	for _, purpose := range []Purpose{PurposeApply, PurposeDrift} {
		tx := &one{rec: Workspace{AppliedDigest: "d", TargetDigest: "d", Prior: planner.Prior{Lineage: "l", Serial: 2, Replaced: "x", Made: []string{"a.x", "a.y"}}}}
		j := &job{prior: planner.Prior{Lineage: "l", Serial: 3}, known: []string{"a.y"}}
		settle := j.settle
		if purpose == PurposeDrift {
			settle = func(jr *journal, run Run) error { return j.checked(jr, run, nil) }
		}
		err := settle(&journal{tx: tx}, Run{ID: 4, Purpose: purpose, InputDigest: "d"})
		if got := tx.rec.Prior; err != nil || got.Serial != 3 || got.Replaced != "" || !slices.Equal(got.Made, []string{"a.x"}) {
			t.Errorf("%s: %+v, %v", purpose, got, err)
		}
	}
}

// TestLost: of an apply that nobody reports the end of, all that it was to create may be there, also without its plan.
func TestLost(t *testing.T) {
	t.Parallel()
	const plan = `{"changes":[{"kind":"resource","address":"a.x","action":"create"},{"kind":"resource","address":"a.y","action":"replace"},
		{"kind":"resource","address":"a.z","action":"update"},{"kind":"output","address":"output.o","action":"create"}]}`
	for name, c := range map[string]struct {
		plan, replaced, says string
		want                 []string
	}{
		"with its plan":        {plan, "", "nobody said how the apply of run 3 ended", []string{"a.x", "a.y"}},
		"without":              {"", "", "nobody said how the apply of run 3 ended", nil},
		"after something else": {plan, "a backup was put back", "a backup was put back", []string{"a.x", "a.y"}},
	} {
		tx := &one{plan: c.plan, rec: Workspace{Prior: planner.Prior{Replaced: c.replaced}}, runs: []Run{{ID: 3, Status: Interrupted}}}
		err := lost(&journal{tx: tx}, Run{ID: 3, Status: Interrupted})
		if got := tx.rec.Prior; err != nil || !slices.Equal(got.Made, c.want) || !strings.Contains(got.Replaced, c.says) || got.ReplacedAfter != 3 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestDistrustLeavesTheQueueAlone: what is queued plans from what is there now, and is not planned twice.
func TestDistrustLeavesTheQueueAlone(t *testing.T) {
	t.Parallel()
	var rec Workspace
	if err := rec.distrust(&one{runs: []Run{{ID: 5, Status: Queued}, {ID: 4, Status: Held}}}, "x"); err != nil || rec.Prior.ReplacedAfter != 4 {
		t.Errorf("%+v, %v", rec.Prior, err)
	}
	var all []Status
	for s := range transitions {
		all = append(all, s)
	}
	for _, s := range append(all, Applied, Superseded) {
		if (s == Queued) == slices.Contains(notQueued, s) {
			t.Errorf("%s", s)
		}
	}
}

// TestMoreIsKnownBeforeItBegins: an apply does not begin when its plan was judged without what became known of the state meanwhile.
func TestMoreIsKnownBeforeItBegins(t *testing.T) {
	t.Parallel()
	plan := &planner.Plan{Changes: []planner.Change{{Kind: planner.KindResource, Address: "a.x", Action: planner.Create}}}
	was := Workspace{TargetDigest: "d", Prior: planner.Prior{Made: []string{"a.y"}}}
	j := &job{r: &Runner{members: &membership{}}, rec: was, head: "h"}
	for name, c := range map[string]struct {
		prior planner.Prior
		want  error
	}{
		"as it was":            {was.Prior, nil},
		"another was made":     {planner.Prior{Made: []string{"a.y", "a.z"}}, nil},
		"it was made":          {planner.Prior{Made: []string{"a.y", "a.x"}}, errNewDoubt},
		"a late result is bad": {planner.Prior{Made: []string{"a.y"}, Replaced: "run 3 ended late"}, errNewDoubt},
	} {
		is := was
		is.Prior = c.prior
		if _, err := j.mayBegin(&one{rec: is, repo: Repository{Head: "h"}}, Run{InputDigest: "d"}, plan); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
