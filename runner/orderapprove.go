package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/driftlessops/driftless/runner/command"
	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
)

// approve approves what waits in the workspaces of a pull request that is merged, or closed after an apply; or the runs that
// the comment names. Of an open one only an interrupted apply can wait.
func (h *hearing) approve(ctx context.Context, pull Pull, targets []*workspaces.Workspace) (action, error) {
	names, err := h.names(ctx, pull, targets)
	if err != nil {
		return nil, err
	}
	return func(j *journal) (string, error) {
		runs, err := h.waiting(j.tx, pull, targets)
		if err != nil {
			return "", err
		}
		if len(runs) == 0 {
			return "", userError("Nothing of this pull request waits for an approval.")
		}
		if err := h.read(j.tx, pull, runs); err != nil {
			return "", err
		}
		for _, run := range runs {
			if err := h.settleable(j.tx, run); err != nil {
				return "", err
			}
			if err := h.notOwn(j.tx, run, pull, names); err != nil {
				return "", err
			}
			if err := h.shownBefore(run); err != nil {
				return "", err
			}
			if h.cmd.Verb == command.Discard {
				err = discardIn(j, run, h.c.Author, "")
			} else {
				_, err = approveIn(j, run, h.c.Author, "")
			}
			if err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("%s %d", done[h.cmd.Verb], len(runs)), nil
	}, nil
}

// done is what was done, on record.
var done = map[command.Verb]string{command.Approve: "approved", command.Resume: "resumed", command.Discard: "discarded"}

// settleable says why a run cannot be approved, resumed or discarded.
func (h *hearing) settleable(tx Tx, run Run) error {
	if run.Status != Interrupted && h.cmd.Verb != command.Approve {
		return userError(fmt.Sprintf("Run %d is %s: only an interrupted run is resumed or discarded.", run.ID, run.Status))
	}
	if run.Status == Interrupted {
		if err := (&Commander{DataDir: h.w.r.opts.DataDir}).over(tx, run, false); err != nil {
			return err
		}
		if h.cmd.Verb == command.Approve {
			return lookFirst(run)
		}
	}
	if h.cmd.Verb == command.Discard {
		return nil
	}
	if err := approvable(tx, run); err != nil || run.Status == Interrupted {
		return err
	}
	return (&Commander{DataDir: h.w.r.opts.DataDir}).noneWaits(tx, run)
}

// waiting are the runs that a comment approves.
func (h *hearing) waiting(tx Tx, pull Pull, targets []*workspaces.Workspace) (runs []Run, err error) {
	for _, ws := range targets {
		run, ok, err := lastApply(tx, ws.ID)
		if err != nil {
			return nil, err
		}
		if pull.State == Open && (run.PullID != pull.ID || run.Status != Interrupted) {
			continue
		}
		waits := run.Status == Interrupted || h.cmd.Verb == command.Approve && (run.Status.Waiting() || run.Status == Failed)
		if ok && (len(h.cmd.Runs) == 0 && waits || slices.Contains(h.cmd.Runs, run.ID)) {
			runs = append(runs, run)
		}
	}
	for _, id := range h.cmd.Runs {
		if !slices.ContainsFunc(runs, func(r Run) bool { return r.ID == id }) {
			return nil, userError(fmt.Sprintf("Run %d is not what waits in a workspace of this pull request.", id))
		}
	}
	return runs, nil
}

// notOwn refuses an approval by somebody whose own change is to be applied. names are the logins of authors as they are now.
func (h *hearing) notOwn(tx Tx, run Run, pull Pull, names map[string]string) error {
	since, err := appliedSince(tx, run.Workspace)
	if err != nil {
		return err
	}
	waiting, err := changesOf(tx, pull, run.Workspace, since)
	if err != nil {
		return err
	}
	for _, p := range waiting {
		if strings.EqualFold(p.Author, h.c.Author) || strings.EqualFold(names[p.Author], h.c.Author) {
			return userError(fmt.Sprintf("Nobody approves a change of their own: `%s` waits with what you changed in #%s. Somebody else who may approve must do it.", plainWord(afterRepository(run.Workspace)), p.Key))
		}
	}
	return nil
}

// appliedSince is the time after which a merge became known that is not applied yet: when the last run that applied was made,
// which may be long before it was done.
func appliedSince(tx Tx, id workspaces.ID) (time.Time, error) {
	rec, err := tx.Workspace(id)
	if err != nil || rec.AppliedRun == 0 {
		return rec.AppliedAt, err
	}
	run, err := tx.Run(rec.AppliedRun)
	return run.CreatedAt, err
}

// changesOf are the pull requests whose changes wait in a workspace, as far as that is known: the one at hand, and those
// whose merge became known since.
func changesOf(tx Tx, pull Pull, id workspaces.ID, since time.Time) ([]Pull, error) {
	merged, err := mergedSince(tx, pull.Repository, id, since)
	merged = slices.DeleteFunc(merged, func(p Pull) bool { return p.ID == pull.ID })
	return append(merged, pull), err
}

// names asks the forge what the authors of what waits in the workspaces are called by now.
func (h *hearing) names(ctx context.Context, pull Pull, targets []*workspaces.Workspace) (map[string]string, error) {
	asks := map[string]string{} // a pull request of each author
	err := h.w.r.opts.Store.View(ctx, func(tx Tx) error {
		for _, ws := range targets {
			since, err := appliedSince(tx, ws.ID)
			if errors.Is(err, ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
			waiting, err := changesOf(tx, pull, ws.ID, since)
			if err != nil {
				return err
			}
			for _, p := range waiting {
				asks[p.Author] = p.Key
			}
		}
		return nil
	})
	for author, key := range asks {
		if err != nil {
			return nil, err
		}
		if asks[author], err = h.w.host.Author(ctx, key); errors.Is(err, forge.ErrGone) {
			err = nil // what is deleted has no author any more
		}
	}
	return asks, err
}

// read refuses an approval that names no run, unless the report was as it is now when it was written. Who names a run has
// read of it.
func (h *hearing) read(tx Tx, pull Pull, runs []Run) error {
	if len(h.cmd.Runs) > 0 || len(runs) == 0 {
		return nil
	}
	post, err := tx.Post(pull.Repository, PostReport, pull.Key)
	if errors.Is(err, ErrNotFound) || err == nil && (post.Waiting() || h.before(post.ShownAt)) {
		return userError(fmt.Sprintf("The report has changed since you wrote this, or is about to: read it, and say it again, or name what you mean: `driftless %s %d`.", h.cmd.Verb, runs[0].ID))
	}
	return err
}

// before reports whether the comment was written before a moment. Forges tell the second of a comment.
func (h *hearing) before(at time.Time) bool { return at.Truncate(time.Second).After(h.c.Created) }

// shownBefore refuses a command that was written before what it is about could be seen.
func (h *hearing) shownBefore(run Run) error {
	if h.before(run.PlannedAt) {
		return userError(fmt.Sprintf("Run %d was planned after you wrote this: read what it shows, and say it again.", run.ID))
	}
	return nil
}
