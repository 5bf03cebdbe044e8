package runner_test

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store/pgtest"
	"github.com/driftlessops/driftless/workspaces"
)

// limited is an estate in which so many runs of what is labeled account=prod may be under way.
func limited(t *testing.T, runs int, url string) *estate {
	t.Helper()
	return estateOn(t, workspaces.Repository{Name: "infra", Forge: "hub"}, url, func(o *runner.Options) {
		o.Config.Limits = []workspaces.Limit{{Name: "prod account", Labels: map[string]string{"account": "prod"}, Runs: runs}}
	})
}

// labeled queues a plan for each workspace: "prod" is labeled so on record, "new" by the pull request alone, and "hidden" on record,
// while the pull request says that it is something else.
func (e *estate) labeled(kinds ...string) (runs []runner.Run) {
	e.b.Helper()
	e.update(func(tx runner.Tx) error {
		runs = nil
		for i, kind := range kinds {
			run := runner.Run{Repository: "infra", Workspace: workspaces.ID("infra//" + kind + strings.Repeat("x", i)), Purpose: runner.PurposePlan, Status: runner.Queued, PullID: 1}
			rec := runner.Workspace{ID: run.Workspace, Repository: "infra", Labels: map[string]string{"account": "prod", "env": "x"}}
			switch kind {
			case "new":
				run.Labels, rec.ID = rec.Labels, ""
			case "hidden":
				run.Labels = map[string]string{"account": "dev"}
			case "dev":
				rec.Labels = map[string]string{"account": "dev"}
			}
			if rec.ID != "" {
				if err := tx.PutWorkspace(rec); err != nil {
					return err
				}
			}
			if err := tx.InsertRun(&run); err != nil {
				return err
			}
			runs = append(runs, run)
		}
		return nil
	})
	return runs
}

// TestLimitsHoldByLabel: what a limit leaves no room for says so once, and the others go on.
func TestLimitsHoldByLabel(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"prod", "new", "hidden"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			e := limited(t, 2, "")
			runs := e.labeled("prod", kind, kind, kind, "dev")
			for _, want := range []int64{runs[0].ID, runs[1].ID, runs[4].ID} {
				if run, ok := e.r.Claim(t.Context()); !ok || run.ID != want {
					t.Errorf("run %d was taken: %t, want %d", run.ID, ok, want)
				}
			}
			const reason = `waits for a run to end: limit "prod account" allows no more at a time`
			e.must(e.db.View(t.Context(), func(tx runner.Tx) error {
				queued, err := tx.Runs(runner.RunFilter{Statuses: []runner.Status{runner.Queued}})
				if len(queued) != 2 || queued[0].Reason != reason || queued[1].Reason != reason {
					t.Errorf("%+v", queued)
				}
				return err
			}))
			e.turn.reset()
			if _, ok := e.r.Claim(t.Context()); ok || e.turn.number.Load() > 0 {
				t.Errorf("claimed: %t, turns: %d", ok, e.turn.number.Load())
			}
			e.update(func(tx runner.Tx) error {
				run, err := tx.Run(runs[0].ID)
				run.Status = runner.Failed
				return errors.Join(err, tx.UpdateRun(run, runner.Planning))
			})
			if run, ok := e.r.Claim(t.Context()); !ok || run.ID != runs[2].ID || run.Reason != "" {
				t.Errorf("run %d was taken: %t", run.ID, ok)
			}
			if run, ok := e.r.Claim(t.Context()); ok {
				t.Errorf("run %d was taken", run.ID)
			}
		})
	}
}

// TestLimitsHoldOverReplicas: many claim at once, on one database.
func TestLimitsHoldOverReplicas(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", pgtest.URL(t)} {
		e := limited(t, 3, url)
		e.labeled(slices.Repeat([]string{"prod"}, 30)...)
		var group sync.WaitGroup
		for range 4 {
			opts := e.opts
			opts.DataDir = t.TempDir()
			r, err := runner.New(t.Context(), opts)
			e.must(err)
			group.Go(func() {
				for range 5 {
					r.Claim(t.Context())
				}
			})
		}
		group.Wait()
		e.must(e.db.View(t.Context(), func(tx runner.Tx) error {
			now, err := tx.UnderWay()
			if len(now) != 3 {
				t.Errorf("%d runs are under way", len(now))
			}
			return err
		}))
	}
}

// TestNewWorkspacesBringTheirLabels: of what only a pull request has, its runs say the labels.
func TestNewWorkspacesBringTheirLabels(t *testing.T) {
	t.Parallel()
	dir := history(t, 1, 0)
	in := "commit refs/heads/driftless/x\ncommitter a <a@b> 1700000000 +0000\ndata 1\nx\nfrom refs/heads/main^0\n"
	for name, content := range map[string]string{
		"new/main.tf":   "terraform {\n  required_version = \"> 999\"\n}\nresource \"terraform_data\" \"a\" {}\n",
		"w0000/more.tf": "output \"a\" {\n  value = 1\n}\n",
		"driftless.hcl": "defaults {\n  labels = { account = \"prod\", y = \"2\" }\n}\n",
	} {
		in += fmt.Sprintf("M 100644 inline %s\ndata %d\n%s\n", name, len(content), content)
	}
	cmd := exec.Command("git", "-C", dir, "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(in)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	e := estateOf(t, workspaces.Repository{Name: "infra", URL: dir, Branch: "main", Branches: "driftless/*", Settings: workspaces.Settings{
		Defaults: []workspaces.Block{{Labels: map[string]string{"y": "1"}}},
	}})
	e.must(e.r.Once(t.Context()))
	labels := map[workspaces.ID]map[string]string{}
	e.must(e.db.View(t.Context(), func(tx runner.Tx) error {
		runs, err := tx.Runs(runner.RunFilter{Purposes: []runner.Purpose{runner.PurposePlan}})
		for _, run := range runs {
			labels[run.Workspace] = run.Labels
		}
		return err
	}))
	if got := labels["infra//new"]; len(labels) != 2 || len(got) != 2 || got["account"] != "prod" || got["y"] != "1" || labels["infra//w0000"] != nil {
		t.Errorf("%v", labels)
	}
}

// put queues a run of a workspace with labels.
func (e *estate) put(purpose runner.Purpose, dir string, labels, own map[string]string) (run runner.Run) {
	e.b.Helper()
	e.update(func(tx runner.Tx) error {
		run = runner.Run{Repository: "infra", Workspace: workspaces.ID("infra//" + dir), Purpose: purpose, Status: runner.Queued, Labels: own}
		if purpose == runner.PurposePlan {
			run.PullID = 1
		}
		return errors.Join(tx.PutWorkspace(runner.Workspace{ID: run.Workspace, Repository: "infra", Labels: labels}), tx.InsertRun(&run))
	})
	return run
}

// TestOrdersWaitForNoLimit: what a person orders of a state is one request, and mends something.
func TestOrdersWaitForNoLimit(t *testing.T) {
	t.Parallel()
	e := limited(t, 1, "")
	prod := map[string]string{"account": "prod"}
	e.put(runner.PurposePlan, "a", prod, nil)
	e.claims(1)
	for _, purpose := range []runner.Purpose{runner.PurposeUnlock, runner.PurposePush} {
		want := e.put(purpose, string(purpose), prod, nil)
		if run, ok := e.r.Claim(t.Context()); !ok || run.ID != want.ID {
			t.Errorf("%s: run %d was taken: %t", purpose, run.ID, ok)
		}
	}
}

// TestWhatTwoLimitsAreAboutComes: others that are in one of them each do not take turns without end.
func TestWhatTwoLimitsAreAboutComes(t *testing.T) {
	t.Parallel()
	e := estateOn(t, workspaces.Repository{Name: "infra", Forge: "hub"}, "", func(o *runner.Options) {
		o.Config.Limits = []workspaces.Limit{{Name: "a", Labels: map[string]string{"a": "1"}, Runs: 1}, {Name: "b", Labels: map[string]string{"b": "1"}, Runs: 1}}
	})
	for i := range 4 {
		e.put(runner.PurposePlan, fmt.Sprintf("a%d", i), map[string]string{"a": "1"}, nil)
		e.put(runner.PurposePlan, fmt.Sprintf("b%d", i), map[string]string{"b": "1"}, nil)
	}
	one, _ := e.r.Claim(t.Context())
	two, _ := e.r.Claim(t.Context())
	both := e.put(runner.PurposeApply, "both", map[string]string{"a": "1", "b": "1"}, nil)
	for i, run := range []runner.Run{one, two} {
		e.update(func(tx runner.Tx) error {
			run, err := tx.Run(run.ID)
			run.Status = runner.Failed
			return errors.Join(err, tx.UpdateRun(run, runner.Planning))
		})
		if next, ok := e.r.Claim(t.Context()); ok != (i == 1) || ok && next.ID != both.ID {
			t.Errorf("run %d was taken: %t", next.ID, ok)
		}
	}
}

// TestAppliedBeforeTheMergeIsLimited: a workspace that only a pull request has is on record once it is applied before the merge.
func TestAppliedBeforeTheMergeIsLimited(t *testing.T) {
	t.Parallel()
	e := limited(t, 1, "")
	prod := map[string]string{"account": "prod"}
	e.put(runner.PurposePlan, "old", prod, nil)
	e.claims(1)
	e.put(runner.PurposeApply, "new", map[string]string{"team": "x"}, prod)
	if run, ok := e.r.Claim(t.Context()); ok {
		t.Errorf("run %d was taken", run.ID)
	}
}
