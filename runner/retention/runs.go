package retention

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// newestRuns is how many runs of each purpose a workspace keeps, whatever their age.
const newestRuns = 10

// settled are the statuses of runs that nobody waits for. Plans of pull requests end besides as ready or blocked.
var settled = []runner.Status{runner.Unchanged, runner.Applied, runner.Failed, runner.Canceled, runner.Superseded}

// waits reports whether a run may go on, or a person may let it.
func waits(run runner.Run) bool {
	if run.Purpose == runner.PurposePlan && (run.Status == runner.Ready || run.Status == runner.Blocked) {
		return false
	}
	return !slices.Contains(settled, run.Status)
}

// touched is when a run was last written.
func touched(run runner.Run) time.Time {
	last := run.CreatedAt
	for _, at := range []time.Time{run.StartedAt, run.PlannedAt, run.AppliedAt, run.FinishedAt} {
		if at.After(last) {
			last = at
		}
	}
	return last
}

// runs removes old runs with their artifacts.
func (p *pass) runs(ctx context.Context) error {
	cutoff := p.before(p.k.opts.Keep.Runs)
	return p.each(ctx, func(tx runner.Tx) (int, error) {
		all, err := tx.Runs(runner.RunFilter{After: p.last, Oldest: true, Limit: batch})
		if err != nil {
			return 0, err
		}
		for _, run := range all {
			p.last = run.ID
			if run.CreatedAt.After(cutoff) {
				return 0, nil // so are all after it
			}
			if touched(run).After(cutoff) {
				continue
			}
			if err := p.removeRun(tx, run); err != nil {
				return 0, err
			}
		}
		return len(all), nil
	})
}

func (p *pass) removeRun(tx runner.Tx, run runner.Run) error {
	needed, err := runNeeded(tx, run)
	if err != nil || needed {
		return err
	}
	p.removed.Runs++
	return p.remove(func() error { return tx.DeleteRun(run.ID) }, func() error { return tx.DeleteBlobs(runner.BlobKey(run.ID, "")) },
		func() error { return runner.ForgetRescued(tx, run.ID) })
}

// runNeeded reports whether anything refers to an old run, or it is among the newest of its workspace.
func runNeeded(tx runner.Tx, run runner.Run) (bool, error) {
	if waits(run) {
		return true, nil
	}
	approvals, err := tx.Runs(runner.RunFilter{Approves: run.ID, Limit: 1})
	if err != nil || len(approvals) > 0 {
		return true, err
	}
	rec, err := record(tx, run.Workspace)
	if err != nil || rec.AppliedRun == run.ID {
		return true, err
	}
	if lock, err := tx.StateLock(run.Workspace); err == nil && lock.RunID == run.ID || err != nil && !errors.Is(err, runner.ErrNotFound) {
		return true, err
	}
	if rescues, err := runner.Rescues(tx, run.ID); err != nil || rescues {
		return true, err
	}
	if run.PullID != 0 {
		if shown, err := shows(tx, run); err != nil || shown {
			return true, err
		}
	}
	return isNewest(tx, run, rec, newestRuns)
}

// isNewest reports whether a run is among the newest ones of its workspace and purpose; those of a pull request count for
// themselves as long as it is on record. A workspace that is not on record, as one that only a pull request had, has none.
func isNewest(tx runner.Tx, run runner.Run, rec runner.Workspace, most int) (bool, error) {
	f := runner.RunFilter{Workspace: run.Workspace, Purposes: []runner.Purpose{run.Purpose}, Limit: most}
	if run.PullID != 0 {
		switch _, err := tx.Pull(run.PullID); {
		case err == nil:
			f.PullID = run.PullID
		case !errors.Is(err, runner.ErrNotFound):
			return true, err
		}
	}
	if f.PullID == 0 && rec.ID == "" {
		return false, nil
	}
	newest, err := tx.Runs(f)
	return slices.ContainsFunc(newest, func(r runner.Run) bool { return r.ID == run.ID }), err
}
