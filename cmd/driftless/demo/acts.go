package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/examples"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// acts are the acts, in order. Each checks with the cloud itself that what driftless says has happened.
var acts = []struct {
	name string
	play func(ctx context.Context, s *stage) (detail string, err error)
}{
	{"plan", planAct}, {"policy", policyAct}, {"apply", applyAct}, {"drift", driftAct}, {"repair", repairAct}, {"rollback", rollbackAct},
}

const (
	production = workspaces.ID("shop//production/shop")
	staging    = workspaces.ID("shop//staging/shop")
)

// planAct sets the stage, approves the first sight of every workspace, and opens a pull request.
func planAct(ctx context.Context, s *stage) (string, error) {
	s.say.heading("The stage")
	s.say.text("A Git repository with three workspaces, a simulated cloud, and driftless watching the one for the other:\nall of it in " + s.dir)
	if err := s.set(ctx); err != nil {
		return "", err
	}
	s.say.text("driftless never applies what it sees for the first time. It plans, and waits for a person:")
	if err := s.approveAll(ctx); err != nil {
		return "", err
	}
	s.say.heading("1. A pull request")
	s.say.text("Ada wants a second, larger server in production. On a plain Git server a pull request is a branch:")
	if err := s.push(ctx, "driftless/bigger", "01-plan", "Production gets a second, larger server"); err != nil {
		return "", err
	}
	run, report, err := s.planned(ctx, "driftless/bigger", production)
	if err != nil {
		return "", err
	}
	s.say.text("This is what the reviewers read:")
	s.say.block(report)
	if run.Status != runner.Ready || run.Summary.Empty() {
		return "", fmt.Errorf("run %d is %s (%s): %s", run.ID, run.Status, run.Summary, run.Reason)
	}
	return fmt.Sprintf("pull request driftless/bigger was planned: %s in %s, policy %s", run.Summary, run.Workspace, run.Verdict.Status), nil
}

// approveAll approves what is held until every workspace is in sync.
func (s *stage) approveAll(ctx context.Context) error {
	approved := map[int64]bool{}
	return s.await(ctx, "every workspace to be in sync", func(tx runner.Tx) (bool, error) {
		all, err := tx.Workspaces(runner.WorkspaceFilter{})
		if err != nil {
			return false, err
		}
		runs, err := tx.Runs(runner.RunFilter{})
		if err != nil {
			return false, err
		}
		for _, run := range runs {
			switch {
			case run.Status == runner.Failed || run.Status == runner.Blocked:
				return false, fmt.Errorf("run %d of %s is %s: %s", run.ID, run.Workspace, run.Status, run.Reason)
			case run.Status == runner.Held && !approved[run.ID]:
				approved[run.ID] = true
				s.say.command(fmt.Sprintf("driftless approve %d", run.ID))
				go func() { _, _ = s.d.Commander().Approve(ctx, run.ID, "Ada") }()
			}
		}
		synced := func(w runner.Workspace) bool { return w.Sync == runner.Synced }
		return len(all) == 3 && !slices.ContainsFunc(all, func(w runner.Workspace) bool { return !synced(w) }), nil
	})
}

// push lays an act's files over a new branch and pushes it.
func (s *stage) push(ctx context.Context, branch, act, message string) error {
	if err := s.clone.run(ctx, "switch", "--quiet", "-c", branch, "main"); err != nil {
		return err
	}
	if err := examples.Write(s.clone.dir, "acts/"+act); err != nil {
		return err
	}
	if err := s.clone.run(ctx, "commit", "--quiet", "-am", message); err != nil {
		return err
	}
	return s.clone.run(ctx, "push", "--quiet", "origin", branch)
}

// planned waits until a pull request's plan of a workspace is done and reported.
func (s *stage) planned(ctx context.Context, branch string, id workspaces.ID) (run runner.Run, report string, err error) {
	head, err := s.clone.output(ctx, "rev-parse", branch)
	if err != nil {
		return run, "", err
	}
	err = s.await(ctx, "the plan of "+branch, func(tx runner.Tx) (bool, error) {
		pulls, err := tx.Pulls(runner.PullFilter{Key: branch})
		if err != nil || len(pulls) == 0 || pulls[0].Head != head {
			return false, err
		}
		runs, err := tx.Runs(runner.RunFilter{PullID: pulls[0].ID, Workspace: id, Limit: 1})
		if err != nil || len(runs) == 0 || runs[0].FinishedAt.IsZero() {
			return false, err
		}
		run = runs[0]
		shown, err := tx.Report(pulls[0].ID)
		report = strings.Join(shown.Pages, "\n")
		return err == nil && (shown.Runs[id] == run.ID || run.Status == runner.Failed), err
	})
	return run, report, err
}

// policyAct opens a pull request that policy denies.
func policyAct(ctx context.Context, s *stage) (string, error) {
	s.say.heading("2. A pull request that policy blocks")
	s.say.text("Somebody makes a bucket public. policies/buckets.rego on the main branch has something to say about that:")
	if err := s.push(ctx, "driftless/public", "02-policy", "Serve the assets from the bucket"); err != nil {
		return "", err
	}
	run, report, err := s.planned(ctx, "driftless/public", staging)
	if err != nil {
		return "", err
	}
	s.say.block(report)
	if run.Status != runner.Blocked {
		return "", fmt.Errorf("run %d is %s, not blocked", run.ID, run.Status)
	}
	return "pull request driftless/public is blocked: " + run.Verdict.Results[0].Message, nil
}

// applyAct merges the first pull request.
func applyAct(ctx context.Context, s *stage) (string, error) {
	s.say.heading("3. A merge and its apply")
	s.say.text("The first pull request is merged. driftless plans again at the merge, and applies only what the report showed:")
	if err := s.merge(ctx, "driftless/bigger"); err != nil {
		return "", err
	}
	run, err := s.applied(ctx, production)
	if err != nil {
		return "", err
	}
	if got := s.servers("shop-production"); got != "2 × large" {
		return "", fmt.Errorf("the cloud has %s, not 2 × large", got)
	}
	return fmt.Sprintf("run %d applied %s, reviewed in %s; the cloud has %s", run.ID, run.Summary, strings.Join(run.Reviewers, ", "), s.servers("shop-production")), nil
}

func (s *stage) merge(ctx context.Context, branch string) error {
	for _, args := range [][]string{
		{"switch", "--quiet", "main"}, {"merge", "--quiet", "--no-ff", "-m", "Merge " + branch, branch}, {"push", "--quiet", "origin", "main"},
	} {
		if err := s.clone.run(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// applied waits until the head of main is applied to a workspace.
func (s *stage) applied(ctx context.Context, id workspaces.ID) (run runner.Run, err error) {
	head, err := s.clone.output(ctx, "rev-parse", "main")
	if err != nil {
		return run, err
	}
	err = s.await(ctx, "the apply of "+string(id), func(tx runner.Tx) (bool, error) {
		runs, err := tx.Runs(runner.RunFilter{Workspace: id, Purposes: []runner.Purpose{runner.PurposeApply}, Limit: 1})
		if err != nil || len(runs) == 0 || runs[0].Commit != head || runs[0].FinishedAt.IsZero() {
			return false, err
		}
		if run = runs[0]; run.Status != runner.Applied {
			return false, fmt.Errorf("run %d is %s: %s", run.ID, run.Status, run.Reason)
		}
		return true, nil
	})
	return run, err
}

// servers says how many servers the cloud has whose names begin with a prefix, and their sizes.
func (s *stage) servers(prefix string) string {
	sizes := map[string]int{}
	for _, object := range s.cloud.Objects() {
		if object.Kind == "server" && strings.HasPrefix(object.Name(), prefix) {
			size, _ := object.Attributes["size"].(string)
			sizes[size]++
		}
	}
	var all []string
	for size, n := range sizes {
		all = append(all, fmt.Sprintf("%d × %s", n, size))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// driftAct changes the cloud behind Git's back, and lets driftless look.
func driftAct(ctx context.Context, s *stage) (string, error) {
	s.say.heading("4. Drift")
	data, err := fs.ReadFile(examples.FS, "acts/04-drift/edit.json")
	if err != nil {
		return "", err
	}
	var edit struct {
		Kind, Name string
		Attributes map[string]any
	}
	if err := json.Unmarshal(data, &edit); err != nil {
		return "", err
	}
	was := map[string]any{}
	for _, object := range s.cloud.Objects() {
		if object.Kind == edit.Kind && object.Name() == edit.Name {
			was = object.Attributes
		}
	}
	s.say.text(fmt.Sprintf("At night somebody changes the %s %s by hand, in the cloud's console: %s", edit.Kind, edit.Name, editText(was, edit.Attributes)))
	if _, err := s.cloud.Edit(edit.Kind, edit.Name, edit.Attributes); err != nil {
		return "", err
	}
	s.say.command("driftless drift --check staging/shop")
	queued, err := s.d.Commander().CheckDrift(ctx, []workspaces.ID{staging}, "Ada")
	if err != nil || len(queued) != 1 {
		return "", fmt.Errorf("the drift check was not queued: %w", err)
	}
	var found runner.Run
	err = s.await(ctx, "the drift report", func(tx runner.Tx) (bool, error) {
		found, err = tx.Run(queued[0].ID)
		if err == nil && (found.Status == runner.Unchanged || found.Status == runner.Failed) {
			return false, fmt.Errorf("run %d is %s: %s", found.ID, found.Status, found.Reason)
		}
		return err == nil && !found.FinishedAt.IsZero(), err
	})
	if err != nil {
		return "", err
	}
	message, err := s.eventOf(ctx, found.ID, "drift found")
	return message, err
}

// editText says what an edit makes of attributes: "size from small to xlarge".
func editText(was, is map[string]any) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(is)) {
		all = append(all, fmt.Sprintf("%s from %v to %v", name, was[name], is[name]))
	}
	return strings.Join(all, ", ")
}

// eventOf returns the message of an event of a run.
func (s *stage) eventOf(ctx context.Context, runID int64, kind string) (message string, err error) {
	err = s.d.Store.View(ctx, func(tx runner.Tx) error {
		events, err := tx.Events(runner.EventFilter{RunID: runID, Kind: kind, Limit: 1})
		if err != nil || len(events) == 0 {
			return fmt.Errorf("run %d has no event %q: %w", runID, kind, err)
		}
		message = events[0].Message
		return nil
	})
	return message, err
}

// repairAct waits for the repair that staging allows by itself.
func repairAct(ctx context.Context, s *stage) (string, error) {
	s.say.heading("5. Its repair")
	s.say.text("driftless.hcl says reconcile = true for staging: what was changed from outside is put back, unless something would be deleted or replaced.")
	err := s.await(ctx, "the repair", func(tx runner.Tx) (bool, error) {
		rec, err := tx.Workspace(staging)
		if err == nil && rec.Sync == runner.SyncFailed {
			return false, fmt.Errorf("%s failed: %s", staging, rec.Reason)
		}
		return err == nil && rec.Sync == runner.Synced && rec.DriftSince.IsZero(), err
	})
	if err != nil {
		return "", err
	}
	if got := s.servers("shop-staging"); got != "1 × small" {
		return "", fmt.Errorf("the cloud has %s, not 1 × small", got)
	}
	return "staging is Synced again; the cloud has " + s.servers("shop-staging"), nil
}

// rollbackAct takes the merge back, the way everything is done here: by a pull request.
func rollbackAct(ctx context.Context, s *stage) (string, error) {
	s.say.heading("6. A rollback is git revert")
	for _, args := range [][]string{
		{"switch", "--quiet", "-c", "driftless/revert", "main"}, {"revert", "--no-edit", "-m", "1", "HEAD"}, {"push", "--quiet", "origin", "driftless/revert"},
	} {
		if err := s.clone.run(ctx, args...); err != nil {
			return "", err
		}
	}
	run, _, err := s.planned(ctx, "driftless/revert", production)
	if err != nil {
		return "", err
	}
	if run.Status != runner.Ready {
		return "", fmt.Errorf("run %d is %s: %s", run.ID, run.Status, run.Reason)
	}
	s.say.text("Its report said: " + run.Summary.String() + ". It is merged:")
	if err := s.merge(ctx, "driftless/revert"); err != nil {
		return "", err
	}
	if run, err = s.applied(ctx, production); err != nil {
		return "", err
	}
	if got := s.servers("shop-production"); got != "1 × medium" {
		return "", fmt.Errorf("the cloud has %s, not 1 × medium", got)
	}
	return fmt.Sprintf("run %d applied %s; the cloud has %s, as before", run.ID, run.Summary, s.servers("shop-production")), nil
}
