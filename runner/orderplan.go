package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/workspaces"
)

// planFork lets the commit of a fork be planned that the comment names: whoever wrote it has read that one, and no later.
func (h *hearing) planFork(ctx context.Context, pull Pull) (action, error) {
	switch {
	case h.w.conf.Forks != workspaces.ForksOnCommand:
		return nil, userError(pull.Aside)
	case h.cmd.Commit == "":
		return nil, userError(fmt.Sprintf("This pull request comes from a fork: name the commit that you have read. If that is the newest one, write `driftless plan %s`.", pull.Head))
	case !strings.HasPrefix(pull.Head, h.cmd.Commit):
		return nil, userError(fmt.Sprintf("The head of this pull request is `%.12s`, not `%.12s`: read what changed, then write `driftless plan %[1]s`.", pull.Head, h.cmd.Commit))
	case pull.Head != h.cmd.Commit: // another commit with the same beginning is quickly made
		return nil, userError(fmt.Sprintf("A fork is planned by its whole commit: whoever pushes there can make another one that begins with `%s`. If you have read this one, write `driftless plan %s`.", h.cmd.Commit, pull.Head))
	}
	set, err := h.w.judgedSet(ctx, orElse(pull.Tree, pull.Head))
	if err != nil {
		return nil, err
	}
	var touched []*workspaces.Workspace
	for _, id := range pull.Affected {
		if ws := set.Workspace(id); ws != nil {
			touched = append(touched, ws)
		}
	}
	if err := h.permitted(ctx, touched); err != nil {
		return nil, err
	}
	return func(j *journal) (string, error) {
		now, err := j.tx.Pull(pull.ID)
		if err != nil {
			return "", err
		}
		now.Trusted, now.TrustedBy = pull.Head, h.c.Author
		if err := j.tx.PutPull(&now); err != nil {
			return "", err
		}
		return "lets it be planned", j.add(Event{
			Kind: "fork trusted", Actor: h.c.Author, Repository: pull.Repository, PullID: pull.ID, Commit: pull.Head,
			Message: fmt.Sprintf("%s: %.12s may be planned", pull.Key, pull.Head),
		})
	}, nil
}

// plan plans workspaces of an open pull request again.
func (h *hearing) plan(pull Pull, targets []*workspaces.Workspace) (action, error) {
	if c := h.cmd.Commit; c != "" && !strings.HasPrefix(pull.Head, c) {
		return nil, userError(fmt.Sprintf("The head of this pull request is `%.12s`, not `%s`.", pull.Head, c))
	}
	if len(targets) == 0 {
		return nil, userError("This pull request touches no workspace: there is nothing to plan.")
	}
	return func(j *journal) (string, error) {
		for _, ws := range targets {
			runs, err := j.tx.Runs(RunFilter{Workspace: ws.ID, PullID: pull.ID, Purposes: []Purpose{PurposePlan}})
			if err != nil {
				return "", err
			}
			runs = slices.DeleteFunc(runs, func(r Run) bool { return r.Status == Superseded || r.Status == Queued })
			if err := supersede(j, runs, "because "+h.c.Author+" asked for a new plan", &h.stop); err != nil {
				return "", err
			}
		}
		return "plans again", nil
	}, nil
}
