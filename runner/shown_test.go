package runner

import (
	"maps"
	"testing"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// TestWhatAReportShowedAtAMoment: a report is replaced while somebody merges; what was there then is what they saw.
func TestWhatAReportShowedAtAMoment(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	runs := func(id int64) map[workspaces.ID]int64 { return map[workspaces.ID]int64{"r//a": id} }
	rep := Report{Head: "h", Runs: runs(1), At: begin}
	for i := int64(2); i < 10; i++ {
		next := Report{Head: "h", Runs: runs(i)}
		next.Earlier = rep.before(next)
		if i != 5 { // the fifth was never shown
			next.At = begin.Add(time.Duration(i) * time.Minute)
		}
		rep = next
	}
	if len(rep.Earlier) != mostEarlier {
		t.Errorf("%d reports are remembered", len(rep.Earlier))
	}
	for _, c := range []struct {
		after time.Duration
		want  int64 // 0: nothing
	}{{time.Hour, 9}, {9 * time.Minute, 9}, {8*time.Minute + 30*time.Second, 8}, {5 * time.Minute, 4}, {time.Minute, 0}} {
		shown, ok := rep.at(begin.Add(c.after))
		if ok != (c.want != 0) || ok && !maps.Equal(shown.Runs, runs(c.want)) {
			t.Errorf("after %s it showed %v, not run %d", c.after, shown.Runs, c.want)
		}
	}
	if got := rep.before(Report{Head: "other"}); got != nil {
		t.Errorf("a new head remembers %v", got)
	}
}
