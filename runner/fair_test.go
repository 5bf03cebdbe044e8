package runner_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// waitingRuns puts runs into the queue, each written as "REPOSITORY#PULL" with how many, in this order; #0 is the tracked branch.
func (e *estate) waitingRuns(purpose runner.Purpose, all ...string) {
	e.b.Helper()
	e.update(func(tx runner.Tx) error {
		for i, subject := range all {
			var name string
			var pull int64
			var n int
			if _, err := fmt.Sscanf(strings.NewReplacer("#", " ", "*", " ").Replace(subject), "%s %d %d", &name, &pull, &n); err != nil {
				return err
			}
			for k := range n {
				id := workspaces.ID(fmt.Sprintf("%s//%s-%d-%d", name, purpose, i, k))
				run := runner.Run{Repository: name, Workspace: id, Purpose: purpose, Status: runner.Queued, PullID: pull, CreatedAt: time.Now()}
				if err := tx.InsertRun(&run); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// claims takes so many runs, and says whose they are.
func (e *estate) claims(n int) (whose []string) {
	e.b.Helper()
	for range n {
		run, ok := e.r.Claim(e.b.Context())
		if !ok {
			return append(whose, "nothing")
		}
		whose = append(whose, fmt.Sprintf("%s#%d %s", run.Repository, run.PullID, run.Purpose))
	}
	return whose
}

// TestWhoAsksForLittleWaitsForLittle: runs start in turn, while a pull request that touches much came first.
func TestWhoAsksForLittleWaitsForLittle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		before int      // runs that are under way before the others come
		first  []string // in the queue by then
		then   []string
		want   []string
	}{
		{"a pull request of the same repository", 3, []string{"a#1*8"}, []string{"a#2*2"}, []string{"a#2 plan", "a#2 plan", "a#1 plan"}},
		{"one of another repository", 3, []string{"a#1*8"}, []string{"b#2*2"}, []string{"b#2 plan", "b#2 plan", "a#1 plan", "a#1 plan"}},
		{"repositories before pull requests", 2, []string{"a#1*8"}, []string{"a#2*2", "b#3*1"}, []string{"b#3 plan", "a#2 plan", "a#2 plan", "a#1 plan"}},
		{"nothing is under way", 0, []string{"a#1*2", "b#2*2"}, nil, []string{"a#1 plan", "b#2 plan", "a#1 plan", "b#2 plan", "nothing"}},
		{"one waits alone", 1, []string{"a#1*3"}, nil, []string{"a#1 plan", "a#1 plan", "nothing"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := estateOf(t, workspaces.Repository{Name: "infra", Forge: "hub"})
			e.waitingRuns(runner.PurposePlan, test.first...)
			e.claims(test.before)
			e.waitingRuns(runner.PurposePlan, test.then...)
			if got := e.claims(len(test.want)); !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestOneRunAtATime: with room for one run alone nothing is under way when the next one begins, and everybody has a turn all the same.
func TestOneRunAtATime(t *testing.T) {
	t.Parallel()
	e := estateOf(t, workspaces.Repository{Name: "infra", Forge: "hub"})
	e.waitingRuns(runner.PurposePlan, "a#1*40", "a#2*1", "b#3*1")
	var got []string
	for range 4 {
		got = append(got, e.claims(1)...)
		e.endAll()
	}
	if want := []string{"a#1 plan", "b#3 plan", "a#2 plan", "a#1 plan"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestALongApplyTakesNoTurns: whoever has a long apply under way is not last among those who want a plan.
func TestALongApplyTakesNoTurns(t *testing.T) {
	t.Parallel()
	e := estateOf(t, workspaces.Repository{Name: "infra", Forge: "hub"})
	e.waitingRuns(runner.PurposeDestroy, "a#0*1")
	e.claims(1)
	e.waitingRuns(runner.PurposePlan, "b#1*9", "a#2*1")
	want := []string{"b#1 plan", "a#2 plan", "b#1 plan"}
	if got := e.claims(len(want)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// endAll ends what is under way.
func (e *estate) endAll() {
	e.b.Helper()
	e.update(func(tx runner.Tx) error {
		runs, err := tx.UnderWay()
		for _, run := range runs {
			from := run.Status
			run.Status = runner.Failed
			err = errors.Join(err, tx.UpdateRun(run, from))
			e.r.Drop(run.ID)
		}
		return err
	})
}

// TestPurposesComeBeforeFairness: drift waits for pull requests, and these for what was merged, whoever has how much under way.
func TestPurposesComeBeforeFairness(t *testing.T) {
	t.Parallel()
	e := estateOf(t, workspaces.Repository{Name: "infra", Forge: "hub"})
	e.waitingRuns(runner.PurposePlan, "a#1*4")
	e.claims(2)
	e.waitingRuns(runner.PurposeDrift, "b#0*2", "a#0*1", "c#0*1")
	e.waitingRuns(runner.PurposeDestroy, "a#0*1")
	want := []string{"a#0 destroy", "a#1 plan", "a#1 plan", "b#0 drift", "c#0 drift", "a#0 drift", "b#0 drift", "nothing"}
	if got := e.claims(len(want)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestWhoWaitsForMemoryIsNotOvertaken: who is in turn says once what it waits for, and gets what becomes free.
func TestWhoWaitsForMemoryIsNotOvertaken(t *testing.T) {
	t.Parallel()
	free := int64(5000)
	e := estateOn(t, workspaces.Repository{Name: "infra", Forge: "hub"}, "", func(o *runner.Options) {
		o.Memory = func() (int64, bool) { return free, true }
	})
	e.waitingRuns(runner.PurposePlan, "a#1*3", "b#2*3")
	first, _ := e.r.Claim(t.Context())
	e.r.Uses(first, 1000)()
	second, _ := e.r.Claim(t.Context())
	end := e.r.Uses(second, 1000)
	free = 900
	for range 2 {
		if run, ok := e.r.Claim(t.Context()); ok {
			t.Errorf("run %d was taken", run.ID)
		}
	}
	if n := e.turn.number.Load(); n != 3 {
		t.Errorf("%d turns for two runs and a reason", n)
	}
	e.must(e.db.View(t.Context(), func(tx runner.Tx) error {
		runs, err := tx.Runs(runner.RunFilter{Statuses: []runner.Status{runner.Queued}, Oldest: true})
		for i, run := range runs {
			if strings.HasPrefix(run.Reason, "waits for memory") != (i == 0) {
				t.Errorf("run %d of %s says %q", run.ID, run.Repository, run.Reason)
			}
		}
		return err
	}))
	free = 5000
	if run, ok := e.r.Claim(t.Context()); !ok || run.Reason != "" {
		t.Errorf("run %d was taken: %t: %q", run.ID, ok, run.Reason)
	}
	free = 900
	end()
	if _, ok := e.r.Claim(t.Context()); !ok {
		t.Error("nothing is under way here, and nothing may begin")
	}
}

// TestWhoMustWaitLosesNoTurnForOthers: the first in turn waits for something, and the next of the same pull request does not.
func TestWhoMustWaitLosesNoTurnForOthers(t *testing.T) {
	t.Parallel()
	e := estateOf(t, workspaces.Repository{Name: "infra", Forge: "hub"})
	e.waitingRuns(runner.PurposePlan, "a#1*70", "b#2*9")
	e.update(func(tx runner.Tx) error {
		runs, err := tx.Runs(runner.RunFilter{Repository: "a", Oldest: true, Limit: 60})
		for _, run := range runs {
			run.NotBefore = time.Now().Add(time.Hour)
			if err == nil {
				err = tx.UpdateRun(run, runner.Queued)
			}
		}
		return err
	})
	want := []string{"a#1 plan", "b#2 plan", "a#1 plan", "b#2 plan"}
	if got := e.claims(len(want)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
