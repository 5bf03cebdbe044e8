package runner_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store/pgtest"
	"github.com/driftlessops/driftless/workspaces"
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
	f.must(f.db.View(t.Context(), func(tx runner.Tx) error {
		all, err := tx.Replicas()
		for _, r := range all {
			if !slices.Equal(r.Keys, f.db.Recipients()) {
				t.Errorf("replica %s has the keys %v", r.ID, r.Keys)
			}
		}
		return err
	}))
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
	for name, polls := range f.polls {
		if turns := len(slices.Compact(slices.Clone(polls))); turns > 3 { // both are led by the first one at first
			t.Errorf("%s is polled in turns: %v", name, polls)
		}
	}
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

// TestAReplicaThatIsCutOffLosesItsPlans: the others take over what it planned and led within its lease, and it stops by itself. When
// it is back, it works again, and nothing was done or told twice.
func TestAReplicaThatIsCutOffLosesItsPlans(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"one-dev"}})
	f.start("settles", f.url, nil)
	f.await("the tracked branch is planned", f.held)
	f.members[0].end()

	wire := pgtest.NewProxy(t, f.url)
	began, stopped := make(chan bool, 9), make(chan error, 9)
	first := f.start("first", wire.URL, func(o *runner.Options) {
		o.Environment = func(ctx context.Context, _ *workspaces.Workspace, _ bool) (map[string]string, error) {
			began <- true
			<-ctx.Done()
			stopped <- context.Cause(ctx)
			return nil, ctx.Err()
		}
	})
	f.commit("a", "driftless/x", "Change", map[string]string{"one-dev/more.tf": "output \"more\" {\n  value = 1\n}\n"})
	<-began
	second := f.start("second", f.url, nil)
	wire.Swallow()
	f.await("the pull request is reported", f.reported("a"))
	f.await("the second replica leads", func(tx runner.Tx) (string, error) { return f.spread(tx, 1) })
	if cause := <-stopped; cause == nil || !strings.Contains(cause.Error(), "lease") {
		t.Errorf("the first one stopped because of %v", cause)
	}
	if err := first.r.Lease(); err == nil {
		t.Error("the first one holds its lease")
	}
	wire.Heal()
	f.await("the first one is back", func(tx runner.Tx) (string, error) {
		all, err := tx.Replicas()
		if err == nil && first.r.Lease() != nil || len(all) != 2 || all[0].LeaseUntil.IsZero() || all[1].LeaseUntil.IsZero() {
			return fmt.Sprintf("%+v", all), err
		}
		return "", err
	})
	second.end()
	first.end()
	f.must(f.db.View(t.Context(), func(tx runner.Tx) error {
		for kind, want := range map[string]int{"planned": 1, "run taken over": 1, "run handed back": 0, "replica lost": 1} {
			events, err := tx.Events(runner.EventFilter{Kind: kind, After: f.settled})
			if err != nil || len(events) != want {
				t.Errorf("%d events of kind %q: %v", len(events), kind, err)
			}
		}
		return nil
	}))
}

// TestALongWriteCostsNobodyALease: all renew theirs while one writes for longer than a lease lasts.
func TestALongWriteCostsNobodyALease(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"one-dev"}})
	first, second := f.start("first", f.url, nil), f.start("second", f.url, nil)
	f.await("everything is planned", f.held)
	f.must(f.open(f.url).Update(t.Context(), func(tx runner.Tx) error { // many short statements, as the first look at thousands of workspaces
		before, err := tx.Replicas()
		for began := time.Now(); err == nil; time.Sleep(5 * time.Millisecond) {
			all, failed := tx.Replicas()
			if err = failed; len(all) == 2 && all[0].SeenAt.Sub(before[0].SeenAt) > shortLease && all[1].SeenAt.Sub(before[1].SeenAt) > shortLease {
				break
			} else if time.Since(began) > patience/4 {
				t.Errorf("their leases are not renewed: %+v", all)
				break
			}
		}
		return err
	}))
	first.end()
	second.end()
}

// TestTheDatabaseIsAwayForAWhile: nothing new begins, and everything goes on by itself when it is back.
func TestTheDatabaseIsAwayForAWhile(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"one-dev"}})
	wire := pgtest.NewProxy(t, f.url)
	began, first := make(chan bool, 9), true
	only := f.start("only", wire.URL, func(o *runner.Options) {
		o.Environment = func(ctx context.Context, w *workspaces.Workspace, _ bool) (map[string]string, error) {
			if !first {
				return map[string]string{}, nil
			}
			first = false
			began <- true
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	<-began
	wire.Swallow()
	for deadline := time.Now().Add(patience); only.r.Lease() == nil; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it holds its lease without a database")
		}
	}
	wire.Heal()
	f.await("everything is planned", f.held)
	f.commit("a", "driftless/x", "Change", map[string]string{"one-dev/more.tf": "output \"more\" {\n  value = 1\n}\n"})
	f.await("the pull request is reported", f.reported("a"))
	only.end()
	f.must(f.db.View(t.Context(), func(tx runner.Tx) error {
		runs, err := tx.Runs(runner.RunFilter{Tracked: true})
		if len(runs) != 1 || runs[0].Attempt != 2 {
			t.Errorf("%+v", runs)
		}
		return err
	}))
}

// TestLabelsSayWhichReplicaTakesARun: a pull request cannot label itself onto another one.
func TestLabelsSayWhichReplicaTakesARun(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"one-dev", "two-prod"}})
	f.start("leader", f.url, func(o *runner.Options) { o.Takes = runner.Selector{"env!=prod"} })
	f.await("what nobody takes says so", func(tx runner.Tx) (string, error) {
		runs, err := tx.Runs(runner.RunFilter{Workspace: "a//two-prod"})
		if err != nil || len(runs) == 0 || !strings.Contains(runs[0].Reason, "no replica that is alive takes runs of such") || !strings.Contains(runs[0].Reason, "env=prod") {
			return fmt.Sprintf("%+v", runs), err
		}
		return "", nil
	})
	worker := f.start("worker", f.url, func(o *runner.Options) { o.Kind = runner.Worker; o.Takes = runner.Selector{"env=prod"} })
	f.await("everything is planned", f.held)
	f.commit("a", "driftless/x", "Change", map[string]string{
		"driftless.hcl":    "workspace \"two-prod\" {\n  engine = \"terraform\"\n  labels = { env = \"dev\" }\n}\nworkspace \"one-dev\" {\n  engine = \"terraform\"\n  labels = { env = \"prod\" }\n}\n",
		"one-dev/more.tf":  "output \"more\" {\n  value = 1\n}\n",
		"two-prod/more.tf": "output \"more\" {\n  value = 1\n}\n",
		"new-prod/main.tf": "output \"env\" {\n  value = 1\n}\n",
	})
	f.await("the pull request is reported", f.reported("a"))
	id, err := os.ReadFile(filepath.Join(worker.dir, "instance"))
	f.must(err)
	f.must(f.db.View(t.Context(), func(tx runner.Tx) error {
		runs, err := tx.Runs(runner.RunFilter{})
		for _, run := range runs {
			if byWorker := run.Owner == strings.TrimSpace(string(id)); byWorker != (run.Workspace == "a//two-prod") {
				t.Errorf("run %d of %s was taken by the worker: %t", run.ID, run.Workspace, byWorker)
			}
		}
		return err
	}))
}

// TestACommitThatNobodyHas: each replica leaves it to the others once, and then the run says what is wrong.
func TestACommitThatNobodyHas(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"one-dev"}})
	f.start("first", f.url, nil)
	f.start("second", f.url, nil)
	f.await("both are alive", func(tx runner.Tx) (string, error) {
		all, err := tx.Replicas()
		return map[bool]string{false: "not yet"}[len(all) == 2], err
	})
	f.await("the tracked branch is planned", f.held)
	gone := strings.Repeat("ab", 20)
	run := runner.Run{Repository: "a", Workspace: "a//one-dev", Purpose: runner.PurposeDrift, Status: runner.Queued, Commit: gone, Tree: gone, Base: gone, CreatedAt: time.Now()}
	f.must(f.db.Update(t.Context(), func(tx runner.Tx) error { return tx.InsertRun(&run) }))
	f.await("the run has failed", func(tx runner.Tx) (string, error) {
		run, err := tx.Run(run.ID)
		if run.Status != runner.Failed {
			return fmt.Sprintf("it is %s: %s", run.Status, run.Reason), err
		}
		if run.Attempt != 2 || !strings.Contains(run.Reason, "abababab") || !strings.Contains(run.Reason, "no replica that takes this run kept it") {
			t.Errorf("attempt %d: %s", run.Attempt, run.Reason)
		}
		return "", err
	})
}

// TestAGitServerThatIsAway: a run whose commits nobody gives is left to others once, although they never take it, and waits then as
// for every outage: not for ever.
func TestAGitServerThatIsAway(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string][]string{"a": {"one-dev"}})
	f.start("only", f.url, nil)
	f.await("the tracked branch is planned", f.held)
	f.must(os.Rename(f.repo("a"), f.repo("a")+".away"))
	gone := strings.Repeat("ab", 20)
	insert := func(tries int) (run runner.Run) {
		f.must(f.db.Update(t.Context(), func(tx runner.Tx) error {
			all, err := tx.Replicas()
			run = runner.Run{Repository: "a", Workspace: "a//one-dev", Purpose: runner.PurposeDrift, Status: runner.Queued, Commit: gone, Tree: gone, Base: gone, CreatedAt: time.Now()}
			err = errors.Join(err, tx.InsertRun(&run), tx.PutReplica(runner.Replica{ID: "z", Kind: runner.Worker, LeaseUntil: time.Now().Add(time.Hour)}))
			left := runner.Facts{Run: &runner.RunFacts{Replica: all[0].ID}}.JSON()
			err = errors.Join(err, tx.Append(&runner.Event{Kind: "run left to other replicas", Repository: "a", RunID: run.ID, Data: left}))
			for range tries {
				err = errors.Join(err, tx.Append(&runner.Event{Kind: "run put off", Repository: "a", RunID: run.ID}))
			}
			return err
		}))
		return run
	}
	waits := insert(0)
	f.await("the run waits", func(tx runner.Tx) (string, error) {
		run, err := tx.Run(waits.ID)
		if run.Status != runner.Queued || run.NotBefore.IsZero() || !strings.Contains(run.Reason, "the Git server does not give them now") {
			return fmt.Sprintf("%s, not before %s: %s", run.Status, run.NotBefore, run.Reason), err
		}
		return "", err
	})
	waited := insert(12)
	f.await("the other has failed", func(tx runner.Tx) (string, error) {
		run, err := tx.Run(waited.ID)
		if run.Status != runner.Failed || !strings.Contains(run.Reason, "tried 13 times") {
			return fmt.Sprintf("%s: %s", run.Status, run.Reason), err
		}
		return "", err
	})
}
