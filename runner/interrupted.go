package runner

import (
	"context"
	"fmt"
	"strings"
)

// lockedStill is said of an interrupted run as long as it holds the lock of the state.
const lockedStill = " The state is still locked by this run until then."

// unsettledText is why a run of this machine is interrupted.
func unsettledText(tx Tx, run Run, why string) string {
	return interruptedText(run) + heldStill(tx, run) + "\n" + why
}

// interrupt gives up an apply whose end is not known.
func interrupt(j *journal, run Run, why string) error {
	from := run.Status
	if run.Status, run.Reason = Interrupted, why; from != Interrupted {
		run.FinishedAt = now()
	}
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
	text := interruptedText(j.run) + held + "\n" + strings.TrimSpace(o.reason)
	if !o.broken || len(o.steps) > 0 {
		text += stepsText(o.steps)
	}
	if !j.traits.managed() {
		text += "\nThe engine's own backend may still hold its lock: look there, and release it if nobody works on the state."
	}
	return j.mask.String(text)
}
