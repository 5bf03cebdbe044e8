package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner/supervisor"
	"github.com/driftlessops/driftless/runner/tfstate"
)

// aftermath is all that an apply left: it is recorded in one transaction.
type aftermath struct {
	status   Status
	reason   string
	stale    bool // nothing was applied, because the state had overtaken the plan
	steps    []engine.Step
	versions []supervisor.Version // of the state, oldest first
	rescued  map[string][]byte    // states that the engine left in files
	taken    bool                 // one of them is among versions
	refused  []string             // why states were not kept
}

// aftermath reads how an apply ended. died: its supervisor could not say.
func (j *job) aftermath(ctx context.Context, f *following, result supervisor.Result, died bool) (o aftermath, err error) {
	o.steps, o.refused, o.rescued = f.output.Steps(), result.Refused, map[string][]byte{}
	if o.versions, err = f.apply.Versions(0); err != nil {
		return o, err
	}
	before, err := f.apply.Before()
	if err != nil {
		return o, err
	}
	names := []string{erroredState}
	if len(o.versions) == 0 {
		names = append(names, strayState)
	}
	for _, name := range names {
		if err := o.rescue(filepath.Join(j.at, filepath.FromSlash(j.traits.Dir), name), j.traits.managed(), before); err != nil {
			return o, err
		}
	}
	switch {
	case died:
		o.status, o.reason = Interrupted, "The supervisor of the engine died, or its machine stopped, during the apply."
	case !result.Sure():
		o.status, o.reason = Interrupted, j.unsure(ctx, f.apply.Order, result)
	case result.Exit == 0:
		j.succeeded(&o)
	default:
		failure := f.output.Failure(errors.New(result.Error))
		o.status, o.stale = Failed, failure.Stale && j.run.Attempt < 3
		o.reason = j.interruptedBy(ctx, f.apply.Order, result, o.steps) + j.whyFailed(ctx, failure)
		for _, why := range o.refused {
			o.reason += "\n\ndriftless refused to keep the state: " + why
		}
	}
	return o, nil
}

// rescue takes up a state that an engine could not write to its backend: it is the only record of what was made. When it
// continues the state that driftless keeps, it becomes the newest version.
func (o *aftermath) rescue(name string, managed bool, before *tfstate.Header) error {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	o.rescued[filepath.Base(name)] = data
	if !managed {
		return nil
	}
	if len(o.versions) > 0 {
		before = &o.versions[len(o.versions)-1].Header
	}
	if content, header, ok := continues(before, data); ok {
		o.versions, o.taken = append(o.versions, supervisor.Version{Header: header, Content: content}), true
	}
	return nil
}

// succeeded looks whether the state of an apply that went well reached driftless: the only copy would go with the checkout.
func (j *job) succeeded(o *aftermath) {
	changed := j.run.Summary
	changed.Invoke = 0
	o.status = Applied
	switch {
	case !j.traits.managed():
		j.prior.Exists = j.prior.Exists || !changed.Empty()
	case len(o.versions) > 0:
		last := o.versions[len(o.versions)-1]
		j.prior = planner.Prior{Lineage: last.Lineage, Serial: last.Serial, Exists: true}
	case !changed.Empty():
		o.status = Failed
		o.reason = "the engine applied the plan and did not give its state to driftless: something in " + j.traits.Dir + " sets another backend. Look for the state where that backend keeps it, and remove the setting or add a backend block"
	}
}

// unsure says why it is not known what the engine did.
func (j *job) unsure(ctx context.Context, order supervisor.Order, result supervisor.Result) string {
	if result.Killed {
		return j.interruptedBy(ctx, order, result, nil) + fmt.Sprintf("The engine did not end within %s (`cancel` of `timeouts`) after it was interrupted, and was killed.", order.Wait)
	}
	return j.interruptedBy(ctx, order, result, nil) + "The engine was ended by a signal (" + result.Error + ")."
}

// interruptedBy says who or what interrupted the engine, and how far it got; "" = nobody did.
func (j *job) interruptedBy(ctx context.Context, order supervisor.Order, result supervisor.Result, steps []engine.Step) string {
	text := ""
	switch result.Interrupted {
	case supervisor.Asked:
		who, err := j.canceledBy(ctx)
		if err != nil || who == "" {
			text = "it was interrupted by a signal during the apply."
			break
		}
		text = "canceled by " + who + " during the apply."
	case supervisor.Limit:
		text = fmt.Sprintf("the apply took longer than its limit of %s (`apply` of `timeouts`) and was interrupted.", order.Limit)
	default:
		return ""
	}
	if steps != nil || result.Sure() {
		text += stepsText(steps)
	}
	return text + "\n"
}

// conclude writes down how an apply ended, with everything that it left, and releases the lock of its state. It tries again for
// as long as the store does not take it. A run that was given up meanwhile, because its replica was silent, takes its end
// all the same, unless a person decided about it.
func (j *job) conclude(ctx context.Context, o aftermath) error {
	if j.run.Status != Applying && j.run.Status != Interrupted {
		return j.recordLost(ctx, o)
	}
	if foreign, err := j.overtaken(ctx, o); err != nil {
		return err
	} else if foreign && o.status == Applied {
		o.status = Failed
		o.reason = "the engine applied the plan, and somebody changed the state meanwhile, so the engine's could not become the newest one: it is kept with the run as " + lateState + ". Compare the two, and put right what is missing: `driftless state push` makes a state the newest one"
	}
	j.run.Reason = j.mask.String(o.reason)
	kinds := map[Status]string{Applied: "applied", Failed: "apply failed", Interrupted: "apply interrupted"}
	if o.status == Applied {
		j.keepApplied(ctx)
	}
	for {
		if o.status == Interrupted {
			j.run.Reason = j.interruption(ctx, o)
		}
		message := firstLine(j.run.Reason)
		if o.status == Applied {
			message = j.run.Summary.String()
		}
		err := j.persist(ctx, o.status, kinds[o.status], message, func(tx Tx, jr *journal, run *Run) error { return j.write(tx, jr, *run, o) })
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if taken, err := j.tookOver(ctx); err != nil || taken {
			return errors.Join(err, j.recordLost(ctx, o))
		}
	}
}

// overtaken reports whether somebody wrote another state while the engine worked: its lock was taken away.
func (j *job) overtaken(ctx context.Context, o aftermath) (foreign bool, err error) {
	if len(o.versions) == 0 {
		return false, nil
	}
	err = j.insist(ctx, o.status, func() error {
		return j.r.opts.Store.View(ctx, func(tx Tx) error {
			newest, err := newestHeader(tx, j.run.Workspace)
			last := o.versions[len(o.versions)-1].Header
			if err == nil && newest != nil {
				foreign = newest.Lineage != last.Lineage || newest.Serial > last.Serial
			}
			return err
		})
	})
	return foreign, err
}

// tookOver reports whether somebody decided about a run while its apply had no end on record.
func (j *job) tookOver(ctx context.Context) (bool, error) {
	var run Run
	err := j.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		run, err = tx.Run(j.run.ID)
		return err
	})
	if err != nil || run.Attempt != j.run.Attempt || run.Status != Interrupted || j.run.Status == Interrupted {
		return true, err
	}
	j.run.Status = Interrupted
	return false, nil
}

// recordLost keeps what an apply left whose run was settled without it.
func (j *job) recordLost(ctx context.Context, o aftermath) error {
	if n := len(o.versions); n > 0 {
		o.rescued[lateState] = o.versions[n-1].Content
	}
	return j.r.update(ctx, func(tx Tx, jr *journal) error {
		for name, data := range o.rescued {
			if err := tx.PutBlob(blobKey(j.run.ID, name), data); err != nil {
				return err
			}
		}
		run, err := tx.Run(j.run.ID)
		if err != nil {
			return err
		}
		message := fmt.Sprintf("the apply ended as %s after a person had decided about the run", o.status)
		if len(o.rescued) > 0 {
			message += "; the state that it wrote is kept with the run as " + lateState
		}
		return errors.Join(
			tx.DeleteBlobs(blobKey(run.ID, traitsBlob)), jr.run(lateResult, run, message), jr.changed(run, o.status, o.steps))
	})
}

// write writes all that belongs to the end of an apply.
func (j *job) write(tx Tx, jr *journal, run Run, o aftermath) error {
	err := errors.Join(jr.changed(run, o.status, o.steps), j.keepLeft(tx, jr, run, o), tx.DeleteBlobs(blobKey(run.ID, traitsBlob)))
	if err != nil {
		return err
	}
	if o.status == Interrupted {
		return setSync(jr, run, SyncFailed, run.Reason)
	}
	if err := freeState(tx, run); err != nil {
		return err
	}
	switch {
	case o.status == Applied:
		return j.settle(jr, run)
	case o.stale:
		return j.planAgain(tx, jr, run)
	}
	return setSync(jr, run, SyncFailed, firstLine(run.Reason))
}

// keepLeft keeps the states that the engine wrote, those that it left in files, and why others were refused.
func (j *job) keepLeft(tx Tx, jr *journal, run Run, o aftermath) error {
	for _, why := range o.refused {
		if err := jr.add(Event{Kind: StateRefused, Repository: run.Repository, Workspace: run.Workspace, RunID: run.ID, Message: why}); err != nil {
			return err
		}
	}
	files := maps.Clone(o.rescued)
	for _, v := range o.versions {
		if err := keepVersion(tx, run, v); errors.Is(err, errForeignState) {
			files[lateState] = v.Content
		} else if err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := tx.PutBlob(blobKey(run.ID, name), files[name]); err != nil {
			return err
		}
		message := "the engine could not write its state; it is kept with the run as " + name
		switch {
		case name == lateState:
			message = "the state was changed by somebody else during the apply; the engine's is kept with the run as " + name
		case o.taken:
			message = "the engine could not write its state; the one it left behind was taken over"
		}
		err := jr.add(Event{
			Kind: stateRescued, Repository: run.Repository, Workspace: run.Workspace, RunID: run.ID, PullID: run.PullID, Commit: run.Commit, Message: message,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lateResult is the kind of an event that says how an apply ended about which a person had decided.
const lateResult = "late result"

// lateState is a state that an apply wrote and that did not become the newest one.
const lateState = "late.tfstate"

// interruption is why a run is interrupted, with what is known and the next step.
func (j *job) interruption(ctx context.Context, o aftermath) string {
	held := ""
	if j.traits.managed() {
		held = lockedStill
	}
	_ = j.r.opts.Store.View(ctx, func(tx Tx) error {
		held = heldStill(tx, j.run)
		return nil
	})
	text := interruptedText(j.run) + held + "\n" + strings.TrimSpace(o.reason) + stepsText(o.steps)
	if !j.traits.managed() {
		text += "\nThe engine's own backend may still hold its lock: look there, and release it if nobody works on the state."
	}
	return j.mask.String(text)
}

// persist is to for what has happened already and must be on record.
func (j *job) persist(ctx context.Context, status Status, kind, message string, also func(tx Tx, jr *journal, run *Run) error) error {
	return j.insist(ctx, status, func() error { return j.to(ctx, status, kind, message, also) })
}

// passPatience is for how long a single pass waits for a store that takes nothing.
const passPatience = 20 * time.Second

// insist tries again for as long as the store does not take something. What an apply left stays in its directory until then, also
// when this process is killed.
func (j *job) insist(ctx context.Context, status Status, write func() error) error {
	begin := time.Now()
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := write()
		if err == nil || errors.Is(err, ErrConflict) || status == Queued && j.r.members.isLeaving() {
			return err
		} else if j.r.passing.Load() && time.Since(begin) > passPatience {
			return err // the next pass takes it up
		}
		j.log.Error("what became of a run is not on record yet", "result", status, "error", err)
		time.Sleep(wait)
	}
}
