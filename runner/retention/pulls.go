package retention

import (
	"context"
	"errors"
	"slices"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// pulls removes pull requests that ended long ago, with their reports. Their runs are as old, and go by themselves.
func (p *pass) pulls(ctx context.Context) error {
	return p.each(ctx, func(tx runner.Tx) (int, error) {
		all, err := tx.Pulls(runner.PullFilter{After: p.last, Oldest: true, Limit: batch})
		if err != nil {
			return 0, err
		}
		for _, pull := range all {
			p.last = pull.ID
			if pull.UpdatedAt.After(p.before(p.k.opts.Keep.Runs)) || pull.MergedAt.After(p.before(p.k.opts.Keep.Runs)) {
				continue
			}
			needed, err := pullNeeded(tx, pull)
			if err != nil {
				return 0, err
			} else if needed {
				continue
			}
			p.removed.PullRequests++
			if err := p.remove(func() error { return tx.DeletePull(pull.ID) }); err != nil {
				return 0, err
			}
		}
		return len(all), nil
	})
}

// pullNeeded reports whether somebody looks at a pull request, or what was reviewed on it may still be applied: while a
// workspace that it touches is not what the tracked branch wants.
func pullNeeded(tx runner.Tx, pull runner.Pull) (bool, error) {
	if pull.State == runner.Open {
		return true, nil
	}
	news, err := tx.News(runner.NewsFilter{PullID: pull.ID})
	if err != nil || len(news) > 0 {
		return true, err
	}
	for _, id := range slices.Concat(pull.Affected, pull.Orphans, pull.Before) {
		rec, err := tx.Workspace(id)
		if errors.Is(err, runner.ErrNotFound) {
			continue
		} else if err != nil {
			return true, err
		}
		if rec.Reserved == pull.ID || unsettled(rec) {
			return true, nil
		}
	}
	for _, kind := range []runner.PostKind{runner.PostReport, runner.PostMerge} {
		post, err := tx.Post(pull.Repository, kind, pull.Key)
		if errors.Is(err, runner.ErrNotFound) {
			continue
		}
		if err != nil || post.Waiting() {
			return true, err
		}
	}
	return false, nil
}

// unsettled reports whether something of a workspace is merged and not applied.
func unsettled(rec runner.Workspace) bool {
	return rec.TargetDigest != rec.AppliedDigest && (rec.TargetDigest != "" || !rec.Orphan)
}

// shows reports whether a report of a pull request shows a run, or did while people agreed to it.
func shows(tx runner.Tx, run runner.Run) (bool, error) {
	report, err := tx.Report(run.PullID)
	if errors.Is(err, runner.ErrNotFound) {
		return false, nil
	} else if err != nil {
		return true, err
	}
	for _, shown := range append([]runner.Shown{{Runs: report.Runs}}, report.Earlier...) {
		if shown.Runs[run.Workspace] == run.ID {
			return true, nil
		}
	}
	return false, nil
}

// record is the record of a workspace; the zero value when it is gone.
func record(tx runner.Tx, id workspaces.ID) (runner.Workspace, error) {
	rec, err := tx.Workspace(id)
	if errors.Is(err, runner.ErrNotFound) {
		return runner.Workspace{}, nil
	}
	return rec, err
}
