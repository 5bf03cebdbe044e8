package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/driftlessops/driftless/workspaces"
)

// Commander carries out what people ask for. It needs only the store: a runner that is not running finds the outcome when
// it starts.
type Commander struct {
	Store   Store
	DataDir string        // where engines work and states are rescued on this machine; "" = not known
	Notify  func([]Event) // after the events were recorded; may be nil
}

func (c *Commander) update(ctx context.Context, f func(j *journal) error) error {
	var j *journal
	err := c.Store.Update(ctx, func(tx Tx) error {
		j = &journal{tx: tx}
		return f(j)
	})
	if err == nil && c.Notify != nil {
		c.Notify(j.events)
	}
	return err
}

// Approve approves the changes that a run shows and returns the run that plans again and applies them. Anything beyond
// them is held again.
func (c *Commander) Approve(ctx context.Context, runID int64, actor string) (next Run, err error) {
	err = c.update(ctx, func(j *journal) error {
		run, err := knownRun(j.tx, runID)
		if err != nil {
			return err
		}
		if run.Status == Interrupted {
			if err := c.over(j.tx, run, false); err != nil {
				return err
			}
			return lookFirst(run)
		}
		if run, err = sameDrift(j.tx, run); err != nil {
			return err
		}
		if err := approvable(j.tx, run); err != nil {
			return err
		}
		if err := c.noneWaits(j.tx, run); err != nil {
			return err
		}
		next, err = approveIn(j, run, actor, "")
		return err
	})
	return next, err
}

// lookFirst says why an interrupted run is not approved: nobody knows what it did, so that there is nothing to agree to.
func lookFirst(run Run) error {
	return userError(fmt.Sprintf("run %d was interrupted, and is not approved: %s", run.ID, interruptedText(run)))
}

// sameDrift returns the newest drift check in place of an earlier one that found the very same: an issue names the one that
// it was written for.
func sameDrift(tx Tx, run Run) (Run, error) {
	if run.Purpose != PurposeDrift || run.Status != Superseded {
		return run, nil
	}
	newer, err := tx.Runs(RunFilter{Workspace: run.Workspace, Purposes: []Purpose{PurposeDrift}, Statuses: []Status{Held}, Limit: 1})
	if err == nil && len(newer) > 0 && newer[0].PlanDigest == run.PlanDigest && newer[0].InputDigest == run.InputDigest {
		return newer[0], nil
	}
	return run, err
}

// approvable says why a run cannot be approved.
func approvable(tx Tx, run Run) error {
	if run.Purpose == PurposePlan {
		return userError(notApprovable(run))
	}
	if run.Purpose.order() {
		return userError(fmt.Sprintf("run %d is the %s of a state: ask for it again", run.ID, run.Purpose))
	}
	if run.PullID != 0 && run.Status != Interrupted {
		return userError(fmt.Sprintf("run %d is an apply before a merge: mend what it says, and comment `driftless apply` on the pull request again", run.ID))
	}
	switch run.Status {
	case Held, Failed, Interrupted, Canceled:
	case Blocked:
		if run.Purpose == PurposeApply && named(run.Unreviewed, policyMark) {
			break // only policies that are not in force any more deny it: a person may settle that
		}
		return userError(fmt.Sprintf("run %d is blocked by policy, and an approval does not overrule that: change the code or the policy", run.ID))
	case Superseded:
		return userError(fmt.Sprintf("run %d was superseded: `driftless runs` lists what took its place", run.ID))
	default:
		is := string(run.Status)
		if run.Status == Queued && run.Reason != "" {
			is += " (" + run.Reason + ")"
		}
		return userError(fmt.Sprintf("run %d is %s: only a held, failed or canceled run can be approved", run.ID, is))
	}
	rec, err := tx.Workspace(run.Workspace)
	if err != nil {
		return err
	}
	if rec.Reserved != 0 && run.PullID != rec.Reserved {
		holder, err := tx.Pull(rec.Reserved)
		if err != nil {
			return err
		}
		return userError(fmt.Sprintf("%s is reserved by pull request %s, which is applied before its merge: merge or close that one first, or give it up there with `driftless unlock`", run.Workspace, holder.Key))
	}
	if run.Purpose == PurposeDrift {
		if first, err := comesFirst(tx, rec); err != nil {
			return err
		} else if first != "" {
			return userError(fmt.Sprintf("the drift of %s cannot be repaired yet: %s", run.Workspace, first))
		}
	}
	if rec.Orphan {
		return userError(fmt.Sprintf("the directory of %s is gone from the tracked branch: nothing of it is applied any more", run.Workspace))
	}
	if run.InputDigest != rec.TargetDigest && run.Status != Interrupted {
		return userError(fmt.Sprintf("run %d is about an earlier commit: `driftless runs -w %s` lists the newer one", run.ID, run.Workspace))
	}
	newer, err := tx.Runs(RunFilter{Workspace: run.Workspace, Purposes: []Purpose{PurposeApply}, Limit: 1})
	if err == nil && len(newer) > 0 && newer[0].ID > run.ID {
		return userError(fmt.Sprintf("run %d took the place of run %d and is %s", newer[0].ID, run.ID, newer[0].Status))
	}
	return err
}

// notApprovable says what is to be done with a pull request's plan instead.
func notApprovable(run Run) string {
	text := fmt.Sprintf("run %d is the plan of a pull request", run.ID)
	switch run.Status {
	case Failed:
		return text + " and failed: push a fix"
	case Blocked:
		return text + " and is blocked by policy: push a fix"
	case Canceled:
		return text + " and was canceled: push another commit, or comment `driftless plan` on the pull request, and it is planned again"
	case Superseded:
		return fmt.Sprintf("%s and %s: `driftless runs` lists what took its place", text, orElse(run.Reason, "is "+string(run.Status)))
	}
	return text + ": it is applied when the pull request is merged"
}

// approveIn queues the run that an approval asks for; said is what the person said besides, as it follows their name. An interrupted run that a newer commit overtook is only settled: the
// tracked branch says what comes next.
func approveIn(j *journal, run Run, actor, said string) (Run, error) {
	if run.Status == Interrupted && !ended(j.tx, run) {
		if err := lost(j, run); err != nil {
			return Run{}, err
		}
	}
	rec, err := j.tx.Workspace(run.Workspace)
	if err != nil {
		return Run{}, err
	}
	if _, err := releaseLock(j, run, actor); err != nil {
		return Run{}, err
	}
	held := run.PullID != 0 && rec.Reserved == run.PullID
	if run.Status == Interrupted && (held || run.InputDigest != rec.TargetDigest) {
		then := "a newer commit takes its place"
		if held {
			then = "`driftless apply` on its pull request goes on"
		}
		run.Status, run.Reason = Superseded, then+": settled by "+actor+said
		if err := j.tx.UpdateRun(run, Interrupted); err != nil {
			return Run{}, err
		}
		return Run{}, j.run("interruption settled", run, run.Reason)
	}
	kind, asked, then := "approved", "approval", "applies it, if the plan is the same still"
	if run.Status == Interrupted {
		kind, asked, then = "resumed", "resumption", "plans again and applies what is missing"
	}
	next := Run{
		Repository: run.Repository, Workspace: run.Workspace, Purpose: PurposeApply, Status: Queued, Commit: run.Commit, Tree: run.Tree,
		Base: run.Base, Labels: run.Labels, InputDigest: run.InputDigest, Approves: run.ID, Actor: actor,
		Trigger: fmt.Sprintf("%s of run %d by %s%s", asked, run.ID, actor, said), CreatedAt: now(),
	}
	if err := j.tx.InsertRun(&next); err != nil {
		return next, err
	}
	from := run.Status
	if from == Held || from == Interrupted || from == Blocked {
		run.Status, run.Reason = Superseded, fmt.Sprintf("%s by %s: run %d %s", kind, actor, next.ID, then)
		if err := j.tx.UpdateRun(run, from); err != nil {
			return next, err
		}
	}
	return next, j.run(kind, next, next.Trigger)
}

// releaseLock frees the state from the lock of a run that did not give it back and of which nothing is at work, if there is one.
func releaseLock(j *journal, run Run, actor string) (freed bool, err error) {
	lock, err := j.tx.StateLock(run.Workspace)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	holder, err := j.tx.Run(lock.RunID)
	if err != nil && !errors.Is(err, ErrNotFound) || err == nil && (holder.Status.Active() || holder.Status == Ready) {
		return false, err
	}
	if err := j.tx.UnlockState(run.Workspace); err != nil {
		return false, err
	}
	err = j.add(Event{Kind: "state unlocked", Actor: actor, Repository: run.Repository, Workspace: run.Workspace, RunID: run.ID, Message: "was locked by " + LockOf(j.tx, lock).String()})
	if err != nil {
		return false, err
	}
	return true, unlockedNow(j, holder)
}

// unlockedNow takes back what was said of the lock of an interrupted run, also in the reports that show it.
func unlockedNow(j *journal, run Run) error {
	said := run.Reason
	run.Reason = strings.Replace(said, lockedStill, "", 1)
	if run.Status != Interrupted || run.Reason == said {
		return nil
	}
	if err := j.tx.UpdateRun(run, Interrupted); err != nil {
		return err
	}
	return j.toldAnew(run, said)
}

// toldAnew lets reports, and the workspace, say the reason of a run in place of what was said of it before.
func (j *journal) toldAnew(run Run, before string) error {
	pulls, err := showing(j.tx, run)
	if err != nil {
		return err
	}
	if err := j.tell(pulls...); err != nil {
		return err
	}
	rec, err := j.tx.Workspace(run.Workspace)
	if err != nil || rec.Reason != before {
		return ignoreMissing(err)
	}
	return setSync(j, run, rec.Sync, run.Reason)
}

// Acknowledge accepts a tracked branch that was rewritten.
func (c *Commander) Acknowledge(ctx context.Context, repository, actor string) error {
	return c.update(ctx, func(j *journal) error {
		repo, err := j.tx.Repository(repository)
		if errors.Is(err, ErrNotFound) {
			return userError(fmt.Sprintf("there is no repository %q", repository))
		} else if err != nil {
			return err
		}
		if repo.Diverged == "" {
			return userError(fmt.Sprintf("repository %s has no rewritten branch to acknowledge", repository))
		}
		repo.PrevHead, repo.Head, repo.Diverged, repo.Error = repo.Head, repo.Diverged, "", ""
		if err := j.tx.PutRepository(repo); err != nil {
			return err
		}
		return j.add(Event{Kind: "rewritten branch acknowledged", Actor: actor, Repository: repository, Commit: repo.Head})
	})
}

// CheckDrift queues a drift check of each of the workspaces that has been applied and is not being worked on. It returns
// the ones that were queued.
func (c *Commander) CheckDrift(ctx context.Context, ids []workspaces.ID, actor string) (queued []Run, err error) {
	err = c.update(ctx, func(j *journal) (err error) {
		queued, err = checkDriftIn(j, ids, actor)
		return err
	})
	return queued, err
}

func checkDriftIn(j *journal, ids []workspaces.ID, actor string) (queued []Run, err error) {
	for _, id := range ids {
		rec, err := j.tx.Workspace(id)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		busy, err := j.tx.Runs(RunFilter{Workspace: id, Purposes: trackedPurposes, Statuses: []Status{Queued, Planning, Planned, Ready, Applying}})
		if err != nil {
			return nil, err
		}
		if rec.AppliedDigest == "" || len(busy) > 0 || rec.Orphan {
			continue
		}
		run, err := insertDrift(j, rec, "asked for by "+actor, actor)
		if err != nil {
			return nil, err
		}
		queued = append(queued, run)
	}
	return queued, nil
}
