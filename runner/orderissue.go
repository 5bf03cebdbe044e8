package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/driftlessops/driftless/runner/command"
	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
)

// errNotOurs says that a comment stands where driftless has nothing to do.
var errNotOurs = errors.New("not a pull request or issue of driftless")

// unknownPull is how long a comment waits for its pull request to be seen.
const unknownPull = 2 * time.Minute

// orderIssue carries out what a comment on an issue about drift asks for.
func (h *hearing) orderIssue(ctx context.Context) (action, error) {
	id, found, err := h.issueOf(ctx)
	if err != nil {
		return nil, err
	} else if !found {
		return nil, errNotOurs
	} else if id == "" {
		return nil, userError("This issue lists the workspaces that have no issue of their own. Where driftless runs, `driftless approve RUN` repairs one of them, and `driftless drift --check WORKSPACE` checks it again.")
	}
	set := h.w.tracked.Load()
	if set == nil {
		return nil, &forge.Later{Reason: "the tracked branch was not looked at yet"}
	}
	ws := set.Workspace(id)
	if ws == nil {
		return nil, userError(fmt.Sprintf("`%s` is not on the tracked branch any more.", plainWord(string(id))))
	}
	if err := h.permitted(ctx, []*workspaces.Workspace{ws}); err != nil {
		return nil, err
	}
	switch h.cmd.Verb {
	case command.Approve:
		return h.approveRepair(ws)
	case command.Plan:
		return h.checkAgain(ws)
	}
	return nil, userError("In an issue about drift, `driftless approve` repairs it, and `driftless plan` checks again.")
}

// ours says with errNotOurs that a comment stands where driftless has nothing to do or to say. A pull request that is too new
// to be known is waited for.
func (h *hearing) ours(ctx context.Context) error {
	if _, found, err := h.pull(ctx); err != nil || found {
		return err
	}
	switch _, found, err := h.issueOf(ctx); {
	case err != nil || found:
		return err
	case time.Since(h.c.Created) < unknownPull:
		return &forge.Later{Reason: "pull request " + h.c.Key + " was not seen yet"}
	}
	return errNotOurs
}

// issueOf finds the workspace that an issue of ours is about.
func (h *hearing) issueOf(ctx context.Context) (id workspaces.ID, found bool, err error) {
	err = h.w.r.opts.Store.View(ctx, func(tx Tx) error {
		posts, err := tx.Posts(PostFilter{Repository: h.w.conf.Name, Kind: PostIssue})
		for _, post := range posts {
			if len(post.Remote) > 0 && post.Remote[0] == h.c.Key {
				id, found = workspaces.ID(post.Key), true
			}
		}
		return err
	})
	return id, found, err
}

// approveRepair approves the repair of a workspace's drift, as the newest check shows it. It must be what the issue tells
// of: a newer kind of drift is read first.
func (h *hearing) approveRepair(ws *workspaces.Workspace) (action, error) {
	return func(j *journal) (string, error) {
		if outcome, err := h.repairAgain(j, ws); outcome != "" || err != nil {
			return outcome, err
		}
		runs, err := j.tx.Runs(RunFilter{Workspace: ws.ID, Purposes: []Purpose{PurposeDrift}, Statuses: []Status{Held, Blocked, Failed}, Limit: 1})
		if err != nil {
			return "", err
		}
		if len(runs) == 0 {
			return "", userError("There is no repair to approve: `driftless plan` checks again.")
		} else if runs[0].Status == Failed {
			return "", userError("The last check failed, so nobody knows what a repair would do: mend what this issue says, and `driftless plan` checks again.")
		}
		if err := approvable(j.tx, runs[0]); err != nil {
			return "", err
		}
		if err := h.toldOf(j.tx, runs[0]); err != nil {
			return "", err
		}
		next, err := approveIn(j, runs[0], h.c.Author, "")
		return fmt.Sprintf("repairs by run %d", next.ID), err
	}, nil
}

// repairAgain approves a repair that did not end well, if the comment names it, and refuses what must wait for something else.
func (h *hearing) repairAgain(j *journal, ws *workspaces.Workspace) (outcome string, err error) {
	rec, err := j.tx.Workspace(ws.ID)
	if err != nil {
		return "", err
	}
	first, err := comesFirst(j.tx, rec)
	if err != nil || first == "" {
		return "", err
	}
	run, ok, err := lastApply(j.tx, ws.ID)
	if err != nil {
		return "", err
	}
	repairs, err := isRepair(j.tx, run)
	if err != nil {
		return "", err
	} else if !ok || !repairs || !slices.Equal(h.cmd.Runs, []int64{run.ID}) {
		return "", userError("The drift cannot be repaired yet: " + first + ".")
	}
	if err := approvable(j.tx, run); err != nil {
		return "", err
	}
	next, err := approveIn(j, run, h.c.Author, "")
	return fmt.Sprintf("repairs by run %d", next.ID), err
}

// toldOf refuses an approval that means something else than the repair that a check found: it names a check that found other
// drift, or it names none and was written before the issue told of this one.
func (h *hearing) toldOf(tx Tx, newest Run) error {
	for _, id := range h.cmd.Runs {
		run, err := tx.Run(id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if run.Workspace != newest.Workspace || run.Purpose != PurposeDrift || run.repair() != newest.repair() {
			return userError(fmt.Sprintf("Run %d is not what was found last: read this issue once it shows run %d, and say it again.", id, newest.ID))
		}
	}
	if len(h.cmd.Runs) > 0 {
		return nil
	}
	post, err := tx.Post(h.w.conf.Name, PostIssue, string(newest.Workspace))
	if err != nil {
		return err
	}
	var state issueState
	if err := json.Unmarshal(post.Want, &state); err != nil {
		return fmt.Errorf("read what the issue about %s shows: %w", newest.Workspace, err)
	}
	if post.Waiting() || h.before(post.ShownAt) || state.Says.Repair != newest.repair() {
		return userError("The drift has changed since you wrote this: read the issue, and say it again.")
	}
	return nil
}

// checkAgain looks at a workspace's world now.
func (h *hearing) checkAgain(ws *workspaces.Workspace) (action, error) {
	return func(j *journal) (string, error) {
		queued, err := checkDriftIn(j, []workspaces.ID{ws.ID}, h.c.Author)
		if err == nil && len(queued) == 0 {
			err = userError("It is being worked on already, or was never applied.")
		}
		return "checks again", err
	}, nil
}
