package runner

import (
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/report"
)

func rowsOf(n, underway int) []report.Row {
	rows := make([]report.Row, n)
	for i := range rows {
		if rows[i].Status = string(Ready); i < underway {
			rows[i].Status = string(Queued)
		}
	}
	return rows
}

func TestProgressIsShownNowAndThenAndInTheEnd(t *testing.T) {
	t.Parallel()
	var p progress
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	at := func(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }
	late := func(by time.Time) bool { return len(p.late(by)) > 0 }
	if !p.news(1, 1, noon) {
		t.Error("what was never reported is not")
	}
	p.reported(1, rowsOf(1, 1), noon)
	if !p.news(1, 0, noon) {
		t.Error("what one workspace does is spaced")
	}
	p.reported(1, rowsOf(fewWorkspaces, 3), noon)
	p.reported(1, rowsOf(fewWorkspaces, 3), noon)
	if p.news(1, 1, at(0.9)) || !p.news(1, 1, at(1)) {
		t.Error("few workspaces are not shown each second")
	}
	p.forget(1)
	p.reported(1, rowsOf(300, 300), noon)
	if late(at(100)) {
		t.Error("it is behind though nothing happened")
	}
	if p.news(1, 1, at(1)) || p.news(1, 0, at(2)) || late(at(29)) {
		t.Error("it is not waited between reports of many workspaces")
	}
	if !late(at(30)) || !p.news(1, 1, at(31)) {
		t.Error("it is waited for too long")
	}
	p.reported(1, rowsOf(300, 2), at(31.1))
	if late(at(100)) {
		t.Error("it is behind though it was just reported")
	}
	if p.news(1, 1, at(32)) || !p.news(1, 1, at(33)) {
		t.Error("not only the last one is shown at once")
	}
	p.reported(1, rowsOf(300, 0), at(33))
	if late(at(100)) || !p.news(1, 1, at(34)) {
		t.Error("what is done is spaced")
	}
}

// TestProgressLosesNothing has a run end after a report read the store and before that report is known to be made.
func TestProgressLosesNothing(t *testing.T) {
	t.Parallel()
	var p progress
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	p.reported(1, rowsOf(300, 5), noon)
	read := noon.Add(time.Second)
	p.news(1, 1, read.Add(time.Millisecond))
	p.reported(1, rowsOf(300, 1), read)
	if ids := p.late(read.Add(mostPace)); len(ids) != 1 {
		t.Error("what ended meanwhile is not shown")
	}
	p.reported(1, rowsOf(3000, 5), noon)
	p.news(1, 0, noon)
	if ids := p.late(noon.Add(mostPace)); len(ids) != 1 {
		t.Error("it is waited for longer than a minute")
	}
}

// TestProgressGrowsRarer: a pull request that is planned for an hour is not edited every few seconds for that long.
func TestProgressGrowsRarer(t *testing.T) {
	t.Parallel()
	var p progress
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	edits := 0
	for end := now.Add(time.Hour); now.Before(end); now = now.Add(time.Second) {
		if p.news(1, 0, now) {
			p.reported(1, rowsOf(50, 50), now)
			edits++
		}
	}
	if edits < 60 || edits > 66 {
		t.Errorf("%d edits in an hour", edits)
	}
}
