package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/planner/mask"
	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/workspaces"
)

// job is a run under way.
type job struct {
	r     *Runner
	w     *watcher
	run   Run
	rec   Workspace // as it was when the run started
	ws    *workspaces.Workspace
	root  *engine.Root
	dir   string // the run's own directory, removed with it
	mask  *mask.Masker
	undo  []func()
	init  string        // init key: what init reads of the inputs
	at    string        // absolute root of the checkout
	prior planner.Prior // the state that it planned from

	mu  sync.Mutex
	log bytes.Buffer
}

// execute works through one claimed run. Whatever goes wrong ends up on the run's record.
func (r *Runner) execute(ctx context.Context, run Run) {
	// Shutdown cancels the job only while it plans; see Runner.cancelAll.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer r.running(run.ID, cancel)()
	j := &job{r: r, w: r.watchers[run.Repository], run: run, mask: &mask.Masker{}}
	defer j.close()
	err := j.guarded(ctx)
	if err != nil {
		err = j.fail(context.WithoutCancel(ctx), err, context.Cause(ctx))
	}
	if err != nil {
		r.log.Error("run", "run", run.ID, "workspace", run.Workspace, "error", err)
	}
	if err := r.reportOf(context.WithoutCancel(ctx), run); err != nil {
		r.log.Error("report", "run", run.ID, "error", err)
	}
	if run.Purpose != PurposePlan && j.w != nil {
		j.w.touch()
	}
}

// guarded is do, in which a panic ends this run and no other.
func (j *job) guarded(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			j.r.log.Error("panic in a run", "run", j.run.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("a mistake in driftless, logged under run %d: %v", j.run.ID, p)
		}
	}()
	return j.do(ctx)
}

// do plans, judges, and applies what may be applied.
func (j *job) do(ctx context.Context) error {
	if err := j.prepare(ctx); err != nil {
		return err
	}
	plan, err := planner.Make(ctx, planner.Request{
		Root:    j.root,
		Options: engine.PlanOptions{Out: filepath.Join(j.dir, "plan.tfplan"), Lock: j.run.Purpose == PurposeApply},
		Parse: planner.ParseOptions{
			Key: j.r.opts.Key, Checkout: j.at, Settled: j.r.workDir(j.run.Workspace), Volatile: j.ws.Volatile, Engine: j.run.Engine,
			Drift: j.run.Purpose == PurposeDrift,
		},
	})
	if err != nil {
		return err
	}
	j.mask.Add(plan.Secrets...)
	if j.prior, _, err = planner.ReadPrior(filepath.Join(j.dir, "plan.tfplan")); err != nil {
		return err
	}
	verdict, revision, err := j.judge(ctx, plan)
	if err != nil {
		return err
	}
	if err := j.planned(ctx, plan, verdict, revision); err != nil {
		return err
	}
	switch j.run.Purpose {
	case PurposePlan:
		return j.finishPlan(ctx, plan, verdict)
	case PurposeDrift:
		return j.finishDrift(ctx, plan, verdict)
	}
	return j.finishApply(ctx, plan, verdict)
}

// prepare finds the workspace, and makes its checkout, engine and environment ready.
func (j *job) prepare(ctx context.Context) error {
	if j.w == nil {
		return fmt.Errorf("repository %s is not in the configuration any more", j.run.Repository)
	}
	if err := j.find(ctx); err != nil {
		return err
	}
	e, err := j.r.engineFor(ctx, j.ws)
	if err != nil {
		return err
	}
	j.run.Engine = e.String()
	j.dir = filepath.Join(j.r.opts.DataDir, "runs", fmt.Sprint(j.run.ID))
	if err := errors.Join(os.RemoveAll(j.dir), os.MkdirAll(j.dir, 0o700)); err != nil {
		return err
	}
	co, err := j.checkout(ctx)
	if err != nil {
		return err
	}
	env, err := j.r.opts.Environment(ctx, j.ws, j.run.Purpose == PurposeApply)
	if err != nil {
		return err
	}
	for _, value := range env {
		j.mask.Add(value)
	}
	if err := j.ready(ctx, co, e, env); err != nil {
		return err
	}
	if j.ws.Backend.Managed() {
		if err := j.grantState(ctx, env); err != nil {
			return err
		}
	}
	return j.open(e, env)
}

// find resolves the workspace as its purpose sees it.
func (j *job) find(ctx context.Context) error {
	trusted := ""
	if j.run.Purpose != PurposeApply {
		trusted = j.run.Base // a pull request is judged by the tracked branch it was merged with
	}
	if j.run.Purpose == PurposeDrift {
		if repo, err := j.repository(ctx); err == nil && repo.Head != "" {
			trusted = repo.Head
		}
	}
	set, err := j.w.resolveAnew(ctx, j.run.Tree, trusted)
	if err != nil {
		return err
	}
	if j.ws = set.Workspace(j.run.Workspace); j.ws == nil {
		return fmt.Errorf("workspace %s does not exist at %.8s", j.run.Workspace, j.run.Commit)
	}
	if len(j.ws.Problems) > 0 {
		return userError(strings.Join(j.ws.Problems, "\n"))
	}
	digest, err := j.w.digester.Digest(ctx, set, j.ws)
	if err != nil {
		return err
	}
	if !digest.Floating {
		j.init = digest.InitKey
	}
	return j.r.opts.Store.View(ctx, func(tx Tx) error {
		rec, err := tx.Workspace(j.run.Workspace)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		j.rec = rec
		return err
	})
}

func (j *job) repository(ctx context.Context) (repo Repository, err error) {
	err = j.r.opts.Store.View(ctx, func(tx Tx) error {
		repo, err = tx.Repository(j.run.Repository)
		return err
	})
	return repo, err
}

// checkout makes the tree of the run ready. A pull request's plans share one checkout per tree. What is applied gets a
// private one, always at the same path, so that abspath() says the same at every apply; a drift check sees the shared
// one through that path.
func (j *job) checkout(ctx context.Context) (*checkout, error) {
	path := j.r.workDir(j.run.Workspace)
	if j.run.Purpose != PurposePlan {
		if err := j.clearWork(ctx, path); err != nil {
			return nil, err
		}
		j.undo = append(j.undo, func() { _ = os.RemoveAll(path) })
	}
	if j.run.Purpose == PurposeApply {
		j.at = path
		return private(ctx, j.w.mirror, j.run.Tree, path)
	}
	co, release, err := j.r.checkouts.use(ctx, j.w.mirror, j.run.Repository, j.run.Tree)
	if err != nil {
		return nil, err
	}
	j.undo = append(j.undo, release)
	if j.at = co.path; j.run.Purpose == PurposePlan {
		return co, nil
	}
	j.at = path
	return co, errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.Symlink(co.path, path))
}

// judge asks the policies of the tracked branch; for an apply those from before the merge as well, the stricter winning.
func (j *job) judge(ctx context.Context, plan *planner.Plan) (policy.Verdict, string, error) {
	after, before := j.run.Base, ""
	if j.run.Purpose == PurposeApply {
		after, before = j.run.Commit, j.run.Base
	}
	was, is, err := j.w.policyPair(ctx, before, after)
	if err != nil {
		return policy.Verdict{}, "", err
	}
	in := policy.Input{Plan: plan.JSON, Driftless: j.policyContext(ctx, plan)}
	verdict := is.Evaluate(ctx, in)
	if was != nil {
		verdict = policy.Stricter(verdict, was.Evaluate(ctx, in))
	}
	return verdict, pairRevision(was, is), ctx.Err()
}

func (j *job) policyContext(ctx context.Context, plan *planner.Plan) policy.Context {
	c := policy.Context{
		Workspace: map[string]any{
			"id": string(j.ws.ID), "repository": j.ws.Repository, "dir": j.ws.Dir, "name": j.ws.Name,
			"labels": j.ws.TrustedLabels, "owner": j.ws.Owner, "engine": j.run.Engine,
		},
		Run: map[string]any{"id": j.run.ID, "purpose": string(j.run.Purpose), "commit": j.run.Commit, "tracked": j.run.PullID == 0},
	}
	if j.run.PullID != 0 {
		_ = j.r.opts.Store.View(ctx, func(tx Tx) error {
			p, err := tx.Pull(j.run.PullID)
			if err == nil {
				c.Change = map[string]any{"id": p.Key, "title": p.Title, "author": p.Author, "head": p.Head, "base": p.Base}
			}
			return err
		})
	}
	if j.run.Purpose == PurposeDrift {
		for _, change := range plan.Changes {
			c.Drift = append(c.Drift, map[string]any{"address": change.Address, "action": string(change.Action), "cause": string(change.Cause)})
		}
	}
	return c
}

// planned records the plan: artifacts, summary and verdict.
func (j *job) planned(ctx context.Context, plan *planner.Plan, verdict policy.Verdict, revision string) error {
	value, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	file, err := os.ReadFile(filepath.Join(j.dir, "plan.tfplan"))
	if err != nil {
		return err
	}
	next := j.run
	next.Status, next.PlannedAt, next.Summary, next.PlanDigest = Planned, now(), plan.Summary, plan.Digest
	next.Verdict, next.PolicyRevision = &verdict, revision
	err = j.r.update(ctx, func(tx Tx, jr *journal) error {
		err := errors.Join(
			tx.PutBlob(blobKey(next.ID, "plan"), value), tx.PutBlob(blobKey(next.ID, "plan.json"), plan.JSON),
			tx.PutBlob(blobKey(next.ID, "plan.tfplan"), file), tx.PutBlob(blobKey(next.ID, "log"), j.logged()))
		if err != nil {
			return err
		}
		if err := tx.UpdateRun(next, Planning); err != nil {
			return err
		}
		return jr.run("planned", next, fmt.Sprintf("%s; policy: %s", orElse(plan.Summary.String(), "no changes"), verdict.Status))
	})
	if err == nil {
		j.run = next
	}
	return err
}

// to moves the run to its next status and writes what else belongs to that in the same transaction.
func (j *job) to(ctx context.Context, status Status, kind, message string, also func(tx Tx, jr *journal, run *Run) error) error {
	next, from := j.run, j.run.Status
	next.Status = status
	if status != Planned && status != Applying && (status != Ready || next.Purpose != PurposeApply) {
		next.FinishedAt = now()
	}
	log := j.logged()
	err := j.r.update(ctx, func(tx Tx, jr *journal) error {
		run := next
		if err := tx.UpdateRun(run, from); err != nil {
			return err
		}
		if err := tx.PutBlob(blobKey(run.ID, "log"), log); err != nil {
			return err
		}
		if err := jr.run(kind, run, message); err != nil || also == nil {
			return err
		}
		return also(tx, jr, &run)
	})
	if err == nil {
		j.run = next
	}
	return err
}

// finishPlan ends a pull request's plan.
func (j *job) finishPlan(ctx context.Context, plan *planner.Plan, verdict policy.Verdict) error {
	status := Ready
	j.run.Reason = ""
	switch {
	case !verdict.Passed():
		status, j.run.Reason = Blocked, verdictReason(verdict)
	case len(plan.Changes) == 0:
		status = Unchanged
	}
	return j.to(ctx, status, string(status), j.run.Reason, nil)
}

// fail ends a run that could not go on. A run that was stopped for a shutdown goes back into the queue.
func (j *job) fail(ctx context.Context, err, cause error) error {
	if errors.Is(err, ErrConflict) || errors.Is(cause, errSuperseded) {
		return nil // its record was ended by what superseded it
	}
	if errors.Is(cause, errShutdown) && j.run.Status != Applying {
		return j.r.update(ctx, func(tx Tx, jr *journal) error {
			next := j.run
			next.Status, next.Owner = Queued, ""
			if err := tx.UpdateRun(next, j.run.Status); err != nil {
				return err
			}
			return jr.run("run handed back", next, "driftless stops")
		})
	}
	j.run.Reason = j.mask.String(userText(err))
	return j.to(ctx, Failed, "failed", firstLine(j.run.Reason), func(tx Tx, jr *journal, run *Run) error {
		if run.Purpose == PurposePlan {
			return nil
		}
		return setSync(jr, *run, SyncFailed, run.Reason)
	})
}

// close gives back what the run used. Its directory holds plan files with sensitive values.
func (j *job) close() {
	for i := len(j.undo) - 1; i >= 0; i-- {
		j.undo[i]()
	}
	if j.dir != "" {
		_ = os.RemoveAll(j.dir)
	}
}

func (j *job) line(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.log.WriteString(line)
	j.log.WriteByte('\n')
}

func (j *job) logged() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return []byte(j.mask.String(j.log.String()))
}
