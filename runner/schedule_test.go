package runner

import (
	"testing"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

func TestDriftDue(t *testing.T) {
	t.Parallel()
	checked := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	rec := Workspace{AppliedDigest: "d", AppliedCommit: "c", CheckedAt: checked}
	ws := &workspaces.Workspace{ID: "r//a", Freshness: 10 * time.Hour}
	failed := func(ago ...time.Duration) (runs []Run) {
		for _, d := range ago {
			runs = append(runs, Run{Purpose: PurposeDrift, Status: Failed, FinishedAt: checked.Add(d)})
		}
		return runs
	}
	for name, c := range map[string]struct {
		rec   Workspace
		ws    workspaces.Workspace
		runs  []Run
		after time.Duration
		due   bool
	}{
		"fresh":                        {rec: rec, ws: *ws, after: 7 * time.Hour},
		"before it gets stale":         {rec: rec, ws: *ws, after: 9 * time.Hour, due: true},
		"never by itself":              {rec: rec, ws: workspaces.Workspace{ID: "r//a"}, after: 9000 * time.Hour},
		"by its schedule":              {rec: rec, ws: workspaces.Workspace{ID: "r//a", DriftSchedule: "*/10 * * * *"}, after: 12 * time.Minute, due: true},
		"not yet by its schedule":      {rec: rec, ws: workspaces.Workspace{ID: "r//a", DriftSchedule: "*/10 * * * *"}, after: 9 * time.Minute},
		"the clock went back":          {rec: rec, ws: *ws, after: -9000 * time.Hour, due: true},
		"it failed by another clock":   {rec: rec, ws: *ws, runs: failed(9 * time.Hour), after: -9000 * time.Hour, due: true},
		"never applied":                {rec: Workspace{}, ws: *ws, after: 9000 * time.Hour},
		"an orphan":                    {rec: Workspace{AppliedDigest: "d", AppliedCommit: "c", Orphan: true}, ws: *ws, after: 9000 * time.Hour},
		"being worked on":              {rec: rec, ws: *ws, runs: []Run{{Status: Planning}}, after: 9 * time.Hour},
		"it failed just now":           {rec: rec, ws: *ws, runs: failed(9 * time.Hour), after: 9*time.Hour + 30*time.Second},
		"it failed a while ago":        {rec: rec, ws: *ws, runs: failed(9 * time.Hour), after: 9*time.Hour + 2*time.Minute, due: true},
		"it fails again and again":     {rec: rec, ws: *ws, runs: failed(9*time.Hour, 9*time.Hour, 9*time.Hour), after: 9*time.Hour + 2*time.Minute},
		"it failed before it was fine": {rec: rec, ws: *ws, runs: append([]Run{{Status: Unchanged}}, failed(0)...), after: 9 * time.Hour, due: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if since, due := driftDue(&c.ws, c.rec, c.runs, checked.Add(c.after)); due != c.due {
				t.Errorf("due %v, since %s", due, since)
			}
		})
	}
}
