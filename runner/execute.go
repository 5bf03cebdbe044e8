package runner

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/planner/mask"
	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/workspaces"
)

// job is a run under way.
type job struct {
	r      *Runner
	w      *watcher
	run    Run
	rec    Workspace // as it was when the run started
	rest   func()    // to be called when no engine is started any more
	ws     *workspaces.Workspace
	root   *engine.Root
	dir    string // the run's own directory, removed with it
	mask   *mask.Masker
	undo   []func()
	init   string         // init key: what init reads of the inputs
	at     string         // absolute root of the checkout
	head   string         // of the tracked branch, when it was judged
	cover  *coverage      // what people agreed to, for an apply
	prior  planner.Prior  // the state that it planned from
	known  []string       // what that knows of what was made by applies that did not end well
	waits  string         // why nothing is applied: a state waits for a person
	checks planner.Checks // as evaluated by its plan, also by one that failed

	log     *slog.Logger // names the run
	printed runLog
	stored  [sha256.Size]byte // of what is on record of it
	moves   []move            // that are on record with the next one

	traits traits     // of the workspace, to record the end of an apply
	end    *aftermath // of an apply that ended, and is not on record yet
	kept   string     // where it is kept what an apply left that could not be read
}

// begin takes up a claimed run: from now on it can be canceled. The function that it returns works through it.
func (r *Runner) begin(ctx context.Context, run Run, slot *slot) func() {
	// Shutdown cancels the job only while it plans; see Runner.cancelAll.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	done := r.running(run.ID, cancel)
	r.members.take(run.ID)
	ended := r.memory.begin(run)
	return func() {
		defer func() {
			if took := ended(); took > 0 {
				r.opts.Meter.Used(run, took)
			}
		}()
		defer r.members.drop(run.ID)
		defer cancel(nil)
		defer done()
		r.execute(ctx, run, func() {
			slot.rest()
			r.memory.rest(run.ID)
		})
	}
}

// execute works through one run. Whatever goes wrong ends up on the run's record.
func (r *Runner) execute(ctx context.Context, run Run, rest func()) {
	j := &job{r: r, w: r.watcher(run.Repository), run: run, rest: rest, mask: &mask.Masker{}}
	defer j.close()
	ctx, end := j.traced(ctx)
	defer end()
	j.workThrough(ctx, j.do)
}

// workThrough works through a run, from its beginning or from where another process left it.
func (j *job) workThrough(ctx context.Context, do func(context.Context) error) {
	j.w.applies(j.run, 1)
	err := j.guarded(ctx, do)
	if err != nil {
		err = j.fail(context.WithoutCancel(ctx), err, context.Cause(ctx))
	}
	for wait := time.Second; err != nil && (j.run.Status == Applying || j.end != nil) && !j.r.passing.Load(); wait = min(2*wait, time.Minute) {
		j.log.Error("the end of an apply is not on record yet", "error", err)
		time.Sleep(wait)
		err = j.guarded(context.WithoutCancel(ctx), j.goOn)
	}
	if err != nil {
		j.log.Error("run", "error", err)
	}
	j.rest()
	j.w.applies(j.run, -1)
	if err := j.phase(context.WithoutCancel(ctx), "report", j.report); err != nil {
		j.log.Error("report", "error", err)
	}
}

// ended shows what became of a run, where this process leads its repository: whoever does follows what others work on.
func (r *Runner) ended(ctx context.Context, run Run) error {
	w := r.watcher(run.Repository)
	if !r.leads(run.Repository) {
		if w != nil {
			w.keepTidy(ctx)
		}
		return nil
	}
	err := errors.Join(r.reportOf(ctx, run), r.aroundOf(ctx, run))
	if run.Purpose == PurposeApply && w != nil {
		w.touch()
	}
	return err
}

// guarded is do, in which a panic ends this run and no other.
func (j *job) guarded(ctx context.Context, do func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			j.log.Error("panic in a run", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("a mistake in driftless, logged under run %d: %v", j.run.ID, p)
		}
	}()
	return do(ctx)
}

// do plans, judges, and applies what may be applied.
func (j *job) do(ctx context.Context) error {
	if err := j.phase(ctx, "prepare", j.prepare); err != nil {
		return err
	}
	if j.run.Purpose.order() {
		return j.carryOut(ctx)
	}
	plan, err := planner.Make(ctx, planner.Request{
		Root:    j.root,
		Options: engine.PlanOptions{Out: filepath.Join(j.dir, "plan.tfplan"), Lock: j.run.Purpose == PurposeApply && !j.traits.managed()},
		Parse: planner.ParseOptions{
			Key: j.r.opts.Key, Checkout: j.at, Settled: j.r.workDir(j.run.Workspace), Volatile: j.ws.Volatile, Engine: j.run.Engine,
			Drift: j.run.Purpose == PurposeDrift,
		},
	})
	if plan != nil {
		j.mask.Add(plan.Secrets...)
		j.checks = plan.Checks
	}
	if err != nil {
		return err
	}
	if j.prior, _, err = planner.ReadPrior(plan.File); err != nil {
		return err
	}
	if j.known, err = j.rec.Prior.Known(plan); err != nil {
		return err
	}
	var said judgement
	err = j.phase(ctx, "policy", func(ctx context.Context) error {
		said, err = j.judge(ctx, plan)
		return err
	})
	if err != nil {
		return err
	}
	if j.run.Purpose != PurposeApply {
		j.rest()
	}
	if err := j.planned(plan, said.verdict(), said.revision); err != nil {
		return err
	}
	if j.run.Purpose == PurposePlan {
		return j.finishPlan(ctx, plan, *said.now)
	}
	if err := j.lookForWaiting(ctx); err != nil {
		return err
	}
	if j.run.Purpose == PurposeDrift {
		return j.finishDrift(ctx, plan, *said.now)
	}
	return j.finishApply(ctx, plan, said)
}

// report makes what people see of the run.
func (j *job) report(ctx context.Context) error {
	return j.r.ended(ctx, j.run)
}

// planned takes the plan down: artifacts, summary and verdict.
func (j *job) planned(plan *planner.Plan, verdict policy.Verdict, revision string) error {
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
	j.later(next, "planned", fmt.Sprintf("%s; %s", orElse(plan.Summary.String(), "no changes"), "policy: "+verdict.Word()), func(tx Tx) error {
		return errors.Join(tx.PutBlob(BlobKey(next.ID, "plan"), value), tx.PutBlob(BlobKey(next.ID, "plan.json"), plan.JSON),
			tx.PutBlob(BlobKey(next.ID, "plan.tfplan"), file))
	})
	return nil
}

// to moves the run to its next status and writes what else belongs to that in the same transaction.
func (j *job) to(ctx context.Context, status Status, kind, message string, also func(tx Tx, jr *journal, run *Run) error) error {
	return j.move(ctx, status, func(tx Tx, jr *journal, run *Run) error {
		told := *run
		told.Owner = j.run.Owner // also of one that it gives up
		if err := jr.run(kind, told, message); err != nil || also == nil {
			return err
		}
		return also(tx, jr, run)
	})
}

// move moves the run to its next status. record appends the event that says so, and writes what else belongs to it.
func (j *job) move(ctx context.Context, status Status, record func(tx Tx, jr *journal, run *Run) error) error {
	next, from := j.run, j.run.Status
	next.Status = status
	switch {
	case status == Queued:
		next = next.back()
	case status == Applying:
		next.AppliedAt = now()
	case status != Planned && (status != Ready || next.Purpose != PurposeApply):
		next.FinishedAt = now()
		if o := j.end; o != nil && o.ended.After(next.AppliedAt) { // it ended while nobody looked
			next.FinishedAt = o.ended
		}
	}
	log := j.logged()
	err := j.r.update(ctx, func(tx Tx, jr *journal) error {
		if err := j.writeMoves(tx, jr); err != nil {
			return err
		}
		run := next
		if err := tx.UpdateRun(run, from); err != nil {
			return err
		}
		if err := j.store(tx, log); err != nil {
			return err
		}
		return record(tx, jr, &run)
	})
	if err == nil {
		j.run, j.stored, j.moves = next, sha256.Sum256(log), nil
	}
	return err
}

// store puts the log on record, unless it is there.
func (j *job) store(tx Tx, log []byte) error {
	if j.stored == sha256.Sum256(log) {
		return nil
	}
	return tx.PutBlob(BlobKey(j.run.ID, "log"), log)
}

// back is a run that goes back into the queue: nobody works on it, and nothing of it was applied.
func (r Run) back() Run {
	r.Status, r.Owner, r.AppliedAt = Queued, "", zeroTime
	return r
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
	if !j.planning() {
		return err // the supervisor of an apply says how it ends
	}
	if errors.Is(err, ErrConflict) || errors.Is(cause, errSuperseded) || errors.Is(cause, errCanceled) {
		return nil // its record was ended by what superseded or canceled it
	}
	if errors.Is(cause, errShutdown) || errors.Is(cause, errLost) {
		j.giveUpMoves() // it is planned again
	} else if errors.Is(j.settleMoves(ctx), ErrConflict) {
		return nil
	}
	if errors.Is(cause, errShutdown) {
		return j.handBack(ctx, "driftless stops")
	} else if errors.Is(cause, errLost) {
		if before, failed := j.lostBefore(ctx); failed != nil {
			return failed
		} else if !before {
			return j.insist(ctx, Queued, func() error { return j.handBack(ctx, errLost.Error()) })
		}
		err = errLost
	}
	if lacks := new(lacking); errors.As(err, &lacks) {
		if err = j.forOthers(ctx, lacks); err == nil || errors.Is(err, ErrConflict) {
			return nil
		}
	}
	why := j.whyFailed(ctx, err)
	if outage := j.outage(err); outage != "" {
		j.mergeAgain(ctx, err)
		if waits, failed := j.tryAgain(ctx, outage, why); errors.Is(failed, ErrConflict) {
			return nil // its record was ended meanwhile
		} else if waits || failed != nil {
			return failed
		}
		why += fmt.Sprintf("\n\nIt was tried %d times, ever more slowly, and is not tried again by itself.", j.run.mostTries()+1)
	}
	j.run.Reason = why
	return j.persist(ctx, Failed, "failed", firstLine(j.run.Reason), func(tx Tx, jr *journal, run *Run) error {
		if run.Purpose == PurposePlan || run.Purpose.order() {
			return nil
		}
		if run.Purpose == PurposeDrift && len(j.checks.Failed) > 0 {
			if err := j.assessed(jr, *run, j.checks); err != nil {
				return err
			}
		}
		return setSync(jr, *run, SyncFailed, run.Reason)
	})
}

// handBack puts the run back into the queue, unless another replica did.
func (j *job) handBack(ctx context.Context, why string) error {
	err := j.r.update(ctx, func(tx Tx, jr *journal) error { return putBack(jr, j.run, runHandedBack, why) })
	if errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}

// close gives back what the run used. Its directory holds plan files with sensitive values.
func (j *job) close() {
	for i := len(j.undo) - 1; i >= 0; i-- {
		j.undo[i]()
	}
	if j.dir != "" && !j.undecided() {
		j.remove(j.dir)
	}
}

// undecided reports whether the apply of this run may be on record as begun, though driftless was not told: its directory says
// that nothing was started.
func (j *job) undecided() bool {
	if _, err := os.Stat(j.applyDir()); err != nil || !j.planning() {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), passPatience)
	defer cancel()
	var run Run
	err := j.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		run, err = tx.Run(j.run.ID)
		return err
	})
	return ignoreMissing(err) != nil || run.Status == Applying && run.Attempt == j.run.Attempt
}

// planning reports whether nothing was applied for the run, as far as driftless was told.
func (j *job) planning() bool {
	return j.run.Status == Planning || j.run.Status == Planned || j.run.Status == Ready
}

// remove removes what a run left on the disk, unless that is the only record of an apply.
func (j *job) remove(path string) {
	if j.run.Status != Applying && j.end == nil && (j.kept == "" || path != j.at) {
		_ = os.RemoveAll(path)
	}
}

func (j *job) line(line string) {
	if len(line) > maxLogPart {
		line = j.mask.String(line) // before it is cut in the middle of what is masked
	}
	j.printed.line(line)
}

func (j *job) logged() []byte { return []byte(j.mask.String(j.printed.text())) }
