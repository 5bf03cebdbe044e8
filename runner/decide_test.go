package runner

import (
	"slices"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner"
)

func TestDecideTracked(t *testing.T) {
	t.Parallel()
	want := wish{digest: "d1", tree: "t1", revision: "p1"}
	apply := func(id int64, status Status, digest string, more ...func(*Run)) Run {
		run := Run{ID: id, Purpose: PurposeApply, Status: status, InputDigest: digest, PolicyRevision: "p1"}
		for _, f := range more {
			f(&run)
		}
		return run
	}
	approved := func(r *Run) { r.Approves = 1 }
	for name, c := range map[string]struct {
		applied   string
		replaced  int64 // the newest run when the state was replaced
		runs      []Run // newest first
		create    bool
		supersede []int64
	}{
		"first sight":                                 {create: true},
		"in sync":                                     {applied: "d1"},
		"new digest":                                  {applied: "d0", runs: []Run{apply(1, Applied, "d0")}, create: true},
		"under way":                                   {applied: "d0", runs: []Run{apply(2, Planning, "d1")}},
		"queued for an older digest":                  {applied: "d0", runs: []Run{apply(2, Queued, "dx")}, create: true, supersede: []int64{2}},
		"planning an older digest":                    {applied: "d0", runs: []Run{apply(2, Planning, "dx")}, create: true, supersede: []int64{2}},
		"an apply under way is never touched":         {runs: []Run{apply(2, Applying, "dx")}},
		"an interrupted apply stops everything":       {runs: []Run{apply(2, Interrupted, "dx")}},
		"held waits for a person":                     {applied: "d0", runs: []Run{apply(2, Held, "d1")}},
		"held for an older digest":                    {applied: "d0", runs: []Run{apply(2, Held, "dx")}, create: true, supersede: []int64{2}},
		"failed is never repeated by itself":          {runs: []Run{apply(2, Failed, "d1")}},
		"canceled is never repeated by itself":        {runs: []Run{apply(2, Canceled, "d1")}},
		"failed, then a new digest":                   {runs: []Run{apply(2, Failed, "dx")}, create: true},
		"failed half-way, then reverted":              {runs: []Run{apply(3, Failed, "dx"), apply(2, Applied, "d1")}, create: true},
		"blocked by the same policies":                {applied: "d0", runs: []Run{apply(2, Blocked, "d1")}},
		"blocked by other policies":                   {applied: "d0", runs: []Run{apply(2, Blocked, "d1", func(r *Run) { r.PolicyRevision = "p0" })}, create: true, supersede: []int64{2}},
		"reverted before it was applied":              {applied: "d1", runs: []Run{apply(3, Held, "dx"), apply(2, Applied, "d1")}, supersede: []int64{3}},
		"a repair that was asked for goes on":         {applied: "d1", runs: []Run{apply(3, Queued, "d1", approved)}},
		"a repair is superseded by a newer commit":    {applied: "d0", runs: []Run{apply(3, Queued, "d0", approved)}, create: true, supersede: []int64{3}},
		"an approved run is under way":                {applied: "d0", runs: []Run{apply(3, Queued, "d1", approved), apply(2, Superseded, "d1")}},
		"a superseded run answers nothing":            {applied: "d0", runs: []Run{apply(2, Superseded, "d1")}, create: true},
		"drift runs are another matter":               {applied: "d1", runs: []Run{{ID: 4, Purpose: PurposeDrift, Status: Held, InputDigest: "d1"}}},
		"applied once, then overtaken and back":       {applied: "d0", runs: []Run{apply(3, Applied, "d0"), apply(2, Applied, "d1")}, create: true},
		"in sync, but an unapproved run is left over": {applied: "d1", runs: []Run{apply(3, Queued, "d1")}, supersede: []int64{3}},
		"held, then another state":                    {replaced: 2, runs: []Run{apply(2, Held, "d1")}, create: true, supersede: []int64{2}},
		"failed twice, then another state":            {replaced: 3, runs: []Run{apply(3, Failed, "d1"), apply(2, Failed, "d1")}, create: true},
		"canceled, then another state":                {replaced: 2, runs: []Run{apply(2, Canceled, "d1")}, create: true},
		"held after another state":                    {replaced: 2, runs: []Run{apply(3, Held, "d1"), apply(2, Superseded, "d1")}},
		"approved, then another state":                {replaced: 3, runs: []Run{apply(3, Queued, "d1", approved)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := decideTracked(want, Workspace{AppliedDigest: c.applied, Prior: planner.Prior{ReplacedAfter: c.replaced}}, c.runs)
			if got.create != c.create || !slices.Equal(ids(got.supersede), c.supersede) {
				t.Errorf("create %v, supersede %v; want %v, %v", got.create, ids(got.supersede), c.create, c.supersede)
			}
		})
	}
}

func TestDecidePull(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	want := wish{digest: "d1", tree: "t1", revision: "p1"}
	plan := func(id int64, status Status, more ...func(*Run)) Run {
		run := Run{ID: id, Purpose: PurposePlan, Status: status, InputDigest: "d1", Tree: "t1", PolicyRevision: "p1", StartedAt: at, PlannedAt: at}
		for _, f := range more {
			f(&run)
		}
		return run
	}
	digest := func(d string) func(*Run) { return func(r *Run) { r.InputDigest = d } }
	tree := func(v string) func(*Run) { return func(r *Run) { r.Tree = v } }
	revision := func(v string) func(*Run) { return func(r *Run) { r.PolicyRevision = v } }
	for name, c := range map[string]struct {
		runs      []Run
		appliedAt time.Time
		after     time.Duration
		create    bool
		supersede []int64
	}{
		"first push":                              {create: true},
		"the same again":                          {runs: []Run{plan(1, Ready)}},
		"another commit, the same inputs":         {runs: []Run{plan(1, Ready, tree("t0"))}},
		"the same inputs, too old":                {runs: []Run{plan(1, Ready, tree("t0"))}, after: 25 * time.Hour, create: true, supersede: []int64{1}},
		"nothing moved, however old":              {runs: []Run{plan(1, Ready)}, after: 1000 * time.Hour},
		"new inputs":                              {runs: []Run{plan(1, Ready, digest("d0"))}, create: true, supersede: []int64{1}},
		"new inputs while planning":               {runs: []Run{plan(1, Planning, digest("d0"))}, create: true, supersede: []int64{1}},
		"applied since it was planned":            {runs: []Run{plan(1, Ready)}, appliedAt: at.Add(time.Second), create: true, supersede: []int64{1}},
		"applied while it is planned":             {runs: []Run{plan(1, Planning)}, appliedAt: at.Add(time.Second), create: true, supersede: []int64{1}},
		"other policies":                          {runs: []Run{plan(1, Blocked, revision("p0"))}, create: true, supersede: []int64{1}},
		"failed, nothing moved":                   {runs: []Run{plan(1, Failed)}},
		"failed, another commit":                  {runs: []Run{plan(1, Failed, tree("t0"))}, create: true},
		"canceled by a person":                    {runs: []Run{plan(1, Canceled)}},
		"older plans are moot":                    {runs: []Run{plan(2, Queued), plan(1, Ready, digest("d0"))}, supersede: []int64{1}},
		"not touched for a while, then again":     {runs: []Run{plan(1, Superseded)}, create: true},
		"a failed one stays failed on the record": {runs: []Run{plan(1, Failed, digest("d0"))}, create: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := decidePull(want, Workspace{AppliedAt: c.appliedAt}, c.runs, 24*time.Hour, at.Add(c.after))
			if got.create != c.create || !slices.Equal(ids(got.supersede), c.supersede) {
				t.Errorf("create %v, supersede %v; want %v, %v", got.create, ids(got.supersede), c.create, c.supersede)
			}
		})
	}
}

func ids(runs []Run) []int64 {
	var out []int64
	for _, run := range runs {
		out = append(out, run.ID)
	}
	return out
}

// Every status that something may still come of can be superseded, or the runner would fail on it again and again.
func TestPendingMayBeSuperseded(t *testing.T) {
	t.Parallel()
	for _, s := range []Status{Queued, Planning, Planned, Unchanged, Blocked, Held, Ready, Applying, Applied, Failed, Canceled, Superseded, Interrupted} {
		if s.superseded() && !MayFollow(s, Superseded) {
			t.Errorf("%s cannot be superseded", s)
		}
	}
}
