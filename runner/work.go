package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/driftlessops/driftless/runner/supervisor"
)

var (
	errSuperseded = errors.New("superseded by a newer commit")
	errShutdown   = errors.New("driftless is stopping")
)

// recover takes up what an earlier process left: plans go back into the queue, and applies are gone along with to their end.
// The data directory is held by this process alone.
func (r *Runner) recover(ctx context.Context) error {
	r.endOrphans()
	applies, err := r.clearRuns(ctx)
	if err = errors.Join(r.checkouts.clear(), err); err != nil {
		return err
	}
	err = r.update(ctx, func(tx Tx, j *journal) error {
		runs, err := tx.Runs(RunFilter{Statuses: []Status{Planning, Planned, Ready, Applying}})
		if err != nil {
			return err
		}
		for _, run := range runs {
			if run.Purpose == PurposePlan && run.Status == Ready || applies[run.ID].ID != 0 || !r.members.own(run) {
				continue // final for a pull request, goes on, or another replica's
			}
			if err := r.recoverRun(j, run); err != nil {
				return fmt.Errorf("recover run %d: %w", run.ID, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, run := range applies {
		follow, err := r.adopt(ctx, run)
		if err != nil { // it is interrupted, and stops no other
			r.log.Error("an apply could not be taken up", "run", run.ID, "error", err)
			why := err
			err = r.update(ctx, func(tx Tx, j *journal) error {
				if run.Status != Applying {
					return nil
				}
				return errors.Join(interrupt(j, run, "What its apply did cannot be read: "+why.Error()), tx.DeleteBlobs(blobKey(run.ID, traitsBlob)))
			})
			if err != nil {
				return err
			}
			continue
		}
		r.adopted = append(r.adopted, follow)
	}
	return nil
}

// clearRuns removes what earlier runs left: plan files, with values in clear. It returns the applies that have begun and whose
// end is not on record: their directories stay until it is.
func (r *Runner) clearRuns(ctx context.Context) (applies map[int64]Run, err error) {
	dirs, err := os.ReadDir(filepath.Join(r.opts.DataDir, "runs"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	applies = map[int64]Run{}
	for _, dir := range dirs {
		id, _ := strconv.ParseInt(dir.Name(), 10, 64)
		path := filepath.Join(r.opts.DataDir, "runs", dir.Name())
		run, what, failed := r.leftIn(ctx, path, id)
		switch {
		case failed != nil:
			err = errors.Join(err, failed)
		case what == toFollow:
			applies[id] = run
		case what == toKeep:
			kept := filepath.Join(r.opts.DataDir, "rescued", "run-"+dir.Name())
			r.log.Error("an apply that is not on record left this behind; its states may be the only ones there are", "run", id, "kept", kept)
			err = errors.Join(err, os.MkdirAll(filepath.Dir(kept), 0o700), os.Rename(path, kept))
		case what == toRemove:
			err = errors.Join(err, os.RemoveAll(path))
		}
	}
	return applies, err
}

// What is to become of a run's directory that an earlier process left.
const (
	toRemove = iota
	toLeave  // somebody works in it, or it says what became of an apply
	toFollow // its apply has begun, and its end is not on record
	toKeep   // its apply has begun, and nothing of it is on record
)

// leftIn looks what a run's directory is.
func (r *Runner) leftIn(ctx context.Context, path string, id int64) (run Run, what int, err error) {
	err = r.opts.Store.View(ctx, func(tx Tx) error {
		apply, failed := supervisor.Find(filepath.Join(path, "apply"))
		begun := failed == nil && (apply.Alive() || apply.Begun())
		run, err = tx.Run(id)
		switch {
		case errors.Is(err, ErrNotFound) && begun && apply.Alive():
			what, err = toLeave, nil
		case errors.Is(err, ErrNotFound) && begun:
			what, err = toKeep, nil
		case errors.Is(err, ErrNotFound):
			err = nil
		case err != nil:
		case begun:
			if _, missing := traitsOf(tx, run); !errors.Is(missing, ErrNotFound) {
				what = toFollow
			}
		case run.Status == Applying || failed != nil && !errors.Is(failed, fs.ErrNotExist):
			what = toLeave
		case processIn(r.workDir(run.Workspace)) != "":
			what = toLeave
		}
		return err
	})
	return run, what, err
}

// lockedStill is said of an interrupted run as long as it holds the lock of the state.
const lockedStill = " The state is still locked by this run until then."

func (r *Runner) recoverRun(j *journal, run Run) error {
	from := run.Status
	if from == Applying {
		if unbegun, err := r.unbegun(j.tx, run); err != nil {
			return err
		} else if !unbegun { // and nobody here reports its end any more
			return errors.Join(interrupt(j, run, "driftless or its machine stopped during the apply."), j.tx.DeleteBlobs(blobKey(run.ID, traitsBlob)))
		}
		if err := errors.Join(freeState(j.tx, run), j.tx.DeleteBlobs(blobKey(run.ID, traitsBlob))); err != nil {
			return err
		}
		run.AppliedAt = zeroTime
	}
	run.Status, run.Owner = Queued, ""
	if err := j.tx.UpdateRun(run, from); err != nil {
		return err
	}
	return j.run("run taken up again", run, "driftless stopped while it was "+string(from))
}

// interrupt gives up an apply whose end is not known.
func interrupt(j *journal, run Run, why string) error {
	from := run.Status
	run.Status, run.FinishedAt = Interrupted, now()
	run.Reason = interruptedText(run) + heldStill(j.tx, run) + "\n" + why
	if err := j.tx.UpdateRun(run, from); err != nil {
		return err
	}
	if err := setSync(j, run, SyncFailed, run.Reason); err != nil {
		return err
	}
	return j.run("apply interrupted", run, run.Reason)
}

// interruptedText says that a person must decide about a run, and how.
func interruptedText(run Run) string {
	then := "plans again and applies what is missing"
	if run.PullID != 0 {
		then = "settles that, and `" + applyOne(run) + "` goes on"
	}
	return fmt.Sprintf("what it did is not known: look at the resources and the state, then `driftless resume %d` %s\n`driftless discard %[1]d` settles it without applying anything.", run.ID, then)
}

// heldStill is what is to be said of an interrupted run's lock.
func heldStill(tx Tx, run Run) string {
	if lock, err := tx.StateLock(run.Workspace); err == nil && lock.RunID == run.ID {
		return lockedStill
	}
	return ""
}

// work claims and executes runs until ctx is done, as many at a time as the configuration allows.
func (r *Runner) work(ctx context.Context) {
	var group sync.WaitGroup
	for _, follow := range r.takeAdopted() {
		group.Go(func() {
			defer r.Wake()
			follow()
		})
	}
	slots := make(chan struct{}, r.limit)
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		run, ok := r.claim(ctx)
		if !ok {
			<-slots
			select {
			case <-ctx.Done():
			case <-r.wake:
			case <-tick.C:
			}
			continue
		}
		execute := r.begin(ctx, run)
		group.Go(func() {
			defer r.Wake()
			defer func() { <-slots }()
			execute()
		})
	}
	r.cancelAll(errShutdown)
	group.Wait()
}

// takeAdopted are the applies of an earlier process that are to be gone along with.
func (r *Runner) takeAdopted() []func() {
	all := r.adopted
	r.adopted = nil
	return all
}

// drain executes runs until none can be claimed, and returns how many it executed.
func (r *Runner) drain(ctx context.Context) int {
	var done atomic.Int64
	var group sync.WaitGroup
	active := make(chan struct{}, r.limit)
	finished := make(chan struct{}, r.limit)
	for ctx.Err() == nil {
		active <- struct{}{}
		run, ok := r.claim(ctx)
		if ok {
			done.Add(1)
			execute := r.begin(ctx, run)
			group.Go(func() {
				execute()
				<-active
				select {
				case finished <- struct{}{}:
				default:
				}
			})
			continue
		}
		<-active
		if len(active) == 0 {
			break
		}
		select {
		case <-finished: // a finished run may have freed one that waited for it
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		r.cancelAll(errShutdown)
	}
	group.Wait()
	return int(done.Load())
}

// claim takes the next run that may start: applies first, then pull requests, then drift, each oldest first.
func (r *Runner) claim(ctx context.Context) (claimed Run, ok bool) {
	if !r.members.alive() {
		return claimed, false
	}
	err := r.update(ctx, func(tx Tx, j *journal) (err error) {
		r.members.drop(claimed.ID)
		claimed, ok = Run{}, false
		if err := r.members.holding(tx); err != nil {
			return err
		}
		for _, purposes := range priorities {
			if claimed, ok, err = r.claimOf(tx, purposes); err != nil {
				return err
			} else if ok {
				r.members.take(claimed.ID)
				return j.run("planning", claimed, claimed.Trigger)
			}
		}
		return nil
	})
	if err != nil {
		r.members.drop(claimed.ID)
		if ctx.Err() == nil && !errors.Is(err, errLost) {
			r.log.Error("claim", "error", err)
		}
	}
	return claimed, ok && err == nil
}

// priorities are the purposes in the order in which their runs start.
var priorities = [][]Purpose{{PurposePush, PurposeUnlock}, {PurposeApply, PurposeDestroy}, {PurposePlan}, {PurposeDrift}}

// claimBatch is how much of the queue is read at a time: the first run that is looked at may start, most of the time.
const claimBatch = 20

// claimOf takes the oldest run for one of the purposes that may start.
func (r *Runner) claimOf(tx Tx, purposes []Purpose) (claimed Run, ok bool, err error) {
	for last := int64(0); ; {
		queue, err := tx.Runs(RunFilter{Purposes: purposes, Statuses: []Status{Queued}, After: last, Oldest: true, Limit: claimBatch})
		if err != nil {
			return claimed, false, err
		}
		for _, run := range queue {
			last = run.ID
			if ok, err = r.tryClaim(tx, &run); ok && err == nil {
				return run, true, nil
			} else if err != nil {
				r.log.Error("claim", append(subject(run.Repository, string(run.Workspace), run.ID, run.Commit, ""), "error", err)...) // the others go on
			}
		}
		if len(queue) < claimBatch {
			return claimed, false, nil
		}
	}
}

// tryClaim takes one run, unless it must wait; then it says for what.
func (r *Runner) tryClaim(tx Tx, run *Run) (bool, error) {
	if r.members.worksOn(run.ID) {
		return false, nil // put back by a job of this process that has not ended yet: both would use one directory
	}
	waits, err := r.waits(tx, *run)
	if err != nil {
		return false, err
	}
	mine, nobody, err := r.members.takes(tx, *run)
	if err != nil {
		return false, err
	} else if waits == "" && !mine {
		if waits = nobody; waits == "" && !strings.HasPrefix(run.Reason, untaken) {
			return false, nil
		}
	}
	if waits != "" || !mine {
		if run.Reason != waits {
			run.Reason = waits
			if err := tx.UpdateRun(*run, Queued); err != nil || run.Purpose != PurposeApply {
				return false, err
			}
			return false, setSync(&journal{tx: tx}, *run, Pending, waits)
		}
		return false, nil
	}
	if run.Purpose != PurposePlan {
		if err := dropDeadLock(&journal{tx: tx}, *run); err != nil {
			return false, err
		}
	}
	if r.putOff(run.ID) {
		return false, nil
	}
	next := *run
	next.Status, next.Owner, next.StartedAt, next.Reason = Planning, r.members.self.ID, now(), ""
	next.Attempt++
	switch err := tx.UpdateRun(next, Queued); {
	case errors.Is(err, ErrConflict):
		return false, nil // another run holds the workspace
	case err != nil:
		return false, err
	}
	*run = next
	return true, nil
}

// waits says what a run must wait for; "" = nothing.
func (r *Runner) waits(tx Tx, run Run) (string, error) {
	if r.opts.Short != nil {
		if why := r.opts.Short(); why != "" {
			return why, nil
		}
	}
	if why := r.awaits(run.Repository); why != "" {
		return why, nil
	}
	why, err := waitsFor(tx, run)
	if why == "" && run.Purpose != PurposePlan {
		if pid := processIn(r.workDir(run.Workspace)); pid != "" {
			r.endOrphans() // then it is tried again
			why = "waits for the engine of an earlier run to end (process " + pid + ")"
		}
	}
	return why, err
}

// dropDeadLock frees a state from the lock of a run that was killed while it planned: nothing was applied under it, and no
// engine works in the workspace any more. The lock of an apply stays for a person to decide.
func dropDeadLock(j *journal, run Run) error {
	lock, err := j.tx.StateLock(run.Workspace)
	if errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	holder, err := j.tx.Run(lock.RunID)
	if errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	if !holder.AppliedAt.IsZero() || holder.ID != run.ID && (holder.Status.Active() || holder.Status == Ready) {
		return nil
	}
	if err := j.tx.UnlockState(run.Workspace); err != nil {
		return err
	}
	return j.add(Event{Kind: "state unlocked", Repository: run.Repository, Workspace: run.Workspace, RunID: holder.ID, Message: "lock of a plan that was killed"})
}

// waitsFor names the workspaces that a run of the tracked branch must wait for, or is "".
func waitsFor(tx Tx, run Run) (string, error) {
	if run.Purpose != PurposeApply {
		return "", nil
	}
	rec, err := tx.Workspace(run.Workspace)
	if errors.Is(err, ErrNotFound) {
		return "waits for its workspace to be seen on the tracked branch", nil
	} else if err != nil {
		return "", err
	}
	if run.InputDigest == rec.AppliedDigest {
		return "", nil // a repair of what is applied already depends on nothing new
	}
	var waits []string
	for _, id := range rec.DependsOn {
		up, err := tx.Workspace(id)
		switch {
		case errors.Is(err, ErrNotFound):
			waits = append(waits, fmt.Sprintf("%s (unknown)", id))
		case err != nil:
			return "", err
		case run.PullID != 0 && up.Reserved == run.PullID:
			if done, err := appliedFor(tx, run.PullID, up); err != nil {
				return "", err
			} else if !done {
				waits = append(waits, fmt.Sprintf("%s (%s)", id, up.Sync))
			}
		case up.TargetDigest == "" || up.TargetDigest != up.AppliedDigest:
			waits = append(waits, fmt.Sprintf("%s (%s)", id, up.Sync))
		}
	}
	if len(waits) == 0 {
		return "", nil
	}
	return "waits for " + strings.Join(waits, ", "), nil
}

// running registers the cancel function of a run that this process works on.
func (r *Runner) running(id int64, cancel context.CancelCauseFunc) (done func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancels[id] = cancel
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.cancels, id)
	}
}

func (r *Runner) cancel(id int64, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel := r.cancels[id]; cancel != nil {
		cancel(why)
	}
}

func (r *Runner) cancelAll(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, cancel := range r.cancels {
		cancel(why)
	}
}
