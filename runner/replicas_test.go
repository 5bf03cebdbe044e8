package runner_test

import (
	"fmt"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

// TestReplicasShareTheWork: each repository is polled by one replica at a time, all of them work on runs, and one that stops leaves
// nothing undone.
func TestReplicasShareTheWork(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"one-dev", "two-dev", "three-dev"}, "b": {"one-prod"}})
	first := f.start("first", f.url, nil)
	f.await("the first replica leads all", func(tx runner.Tx) (string, error) { return f.spread(tx, 2) })
	second := f.start("second", f.url, nil)
	f.await("each replica leads one repository", func(tx runner.Tx) (string, error) { return f.spread(tx, 1, 1) })
	third := f.start("worker", f.url, func(o *runner.Options) { o.Kind = runner.Worker; o.Takes = runner.Selector{"env=prod"} })
	f.await("everything is planned", f.held)
	f.commit("a", "driftless/x", "Change", map[string]string{"one-dev/more.tf": "output \"more\" {\n  value = 1\n}\n", "two-dev/more.tf": "output \"more\" {\n  value = 1\n}\n"})
	f.commit("b", "driftless/y", "Change", map[string]string{"one-prod/more.tf": "output \"more\" {\n  value = 1\n}\n"})
	f.await("both pull requests are reported", f.reported("a", "b"))
	third.end()
	first.end()
	f.await("the second replica leads all", func(tx runner.Tx) (string, error) { return f.spread(tx, 2) })
	f.commit("a", "driftless/x", "Again", map[string]string{"one-dev/more.tf": "output \"more\" {\n  value = 2\n}\n"})
	f.await("the next commit is reported", f.reported("a"))
	second.end()
	f.must(f.db.View(t.Context(), func(tx runner.Tx) error {
		left, err := tx.Replicas()
		if len(left) > 0 {
			t.Errorf("replicas are left: %+v", left)
		}
		return err
	}))
}

// held is missing while a run of the tracked branch waits for something else than an approval.
func (f *fleet) held(tx runner.Tx) (string, error) {
	runs, err := tx.Runs(runner.RunFilter{Tracked: true})
	for _, run := range runs {
		switch run.Status {
		case runner.Held:
		case runner.Queued, runner.Planning, runner.Planned, runner.Ready:
			return fmt.Sprintf("run %d is %s: %s", run.ID, run.Status, run.Reason), err
		default:
			f.t.Fatalf("run %d is %s: %s", run.ID, run.Status, run.Reason)
		}
	}
	if len(runs) == 0 {
		return "there are no runs", err
	}
	return "", err
}

// spread is missing while not so many replicas lead so many repositories each.
func (f *fleet) spread(tx runner.Tx, want ...int) (string, error) {
	held, err := leaders(tx)
	counts := map[string]int{}
	for _, owner := range held {
		counts[owner]++
	}
	sizes := map[int]int{}
	for owner, n := range counts {
		if owner != "" {
			sizes[n]++
		}
	}
	for _, n := range want {
		sizes[n]--
	}
	for _, n := range sizes {
		if n != 0 {
			return fmt.Sprint(counts), err
		}
	}
	return "", err
}

// reported is missing while an open pull request of a repository has no report on its head that shows all of its plans.
func (f *fleet) reported(repositories ...string) func(tx runner.Tx) (string, error) {
	return func(tx runner.Tx) (string, error) {
		for _, name := range repositories {
			pulls, err := tx.Pulls(runner.PullFilter{Repository: name, State: runner.Open})
			if err != nil || len(pulls) != 1 {
				return fmt.Sprintf("%s has %d pull requests", name, len(pulls)), err
			}
			branch := map[string]string{"a": "driftless/x", "b": "driftless/y"}[name]
			if head := f.git(f.repo(name), "rev-parse", branch); head != pulls[0].Head {
				return "the pull request is at " + pulls[0].Head, nil
			}
			rep, err := tx.Report(pulls[0].ID)
			if err != nil || rep.Head != pulls[0].Head || len(rep.Runs) != len(pulls[0].Affected) {
				return fmt.Sprintf("%s: report %+v of %+v", name, rep.Runs, pulls[0].Affected), nil
			}
			newest := false
			for _, id := range rep.Runs {
				run, err := tx.Run(id)
				if run.Status != runner.Ready {
					f.t.Fatalf("run %d is %s: %s", id, run.Status, run.Reason)
				}
				if err != nil {
					return "", err
				}
				newest = newest || run.Commit == pulls[0].Head
			}
			if !newest {
				return fmt.Sprintf("no run of %s is of its head", name), nil
			}
		}
		return "", nil
	}
}
