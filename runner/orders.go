package runner

import (
	"context"
	"fmt"
	"strings"

	"github.com/driftlessops/driftless/runner/command"
	"github.com/driftlessops/driftless/workspaces"
)

// action does in a transaction what a comment asks for, and says what it did.
type action func(j *journal) (outcome string, err error)

// order finds out whether what a comment asks for may be done, and returns what does it.
func (h *hearing) order(ctx context.Context) (action, error) {
	pull, found, err := h.pull(ctx)
	if err != nil {
		return nil, err
	}
	if !found {
		return h.orderIssue(ctx)
	}
	if h.cmd.Verb == command.Plan && pull.State == Open && pull.Fork && pull.Trusted != pull.Head {
		return h.planFork(ctx, pull)
	}
	if err := h.untimely(ctx, pull); err != nil {
		return nil, err
	}
	targets, err := h.targets(ctx, pull)
	if err != nil {
		return nil, err
	}
	if err := h.permitted(ctx, targets); err != nil {
		return nil, err
	}
	switch h.cmd.Verb {
	case command.Plan:
		return h.plan(pull, targets)
	case command.Apply:
		if pull.State == Open {
			return h.applyBefore(ctx, pull, targets)
		}
		return h.applyAgain(pull, targets)
	case command.Approve, command.Resume, command.Discard:
		return h.approve(ctx, pull, targets)
	case command.Cancel:
		return h.cancel(pull, targets)
	case command.Unlock:
		return h.unlock(pull, targets)
	}
	return nil, userError("driftless cannot do that here.")
}

// untimely is why the command makes no sense as the pull request stands, whoever gives it, or nil: nobody is sent for
// somebody who may do what cannot be done.
func (h *hearing) untimely(ctx context.Context, pull Pull) error {
	switch verb := h.cmd.Verb; {
	case verb == command.Plan && pull.State != Open:
		return userError(fmt.Sprintf("This pull request is %s. `driftless apply` plans again what is not applied yet.", pull.State))
	case verb == command.Cancel && pull.State != Open:
		return userError("What is merged is not canceled: revert it, and the revert is planned, reviewed and applied like any change.")
	case verb == command.Apply && pull.State == Closed:
		return userError("This pull request was closed without a merge: there is nothing to apply.")
	case !verb.Settles() || pull.State != Open:
		return nil
	}
	return h.w.r.opts.Store.View(ctx, func(tx Tx) error {
		runs, err := tx.Runs(RunFilter{PullID: pull.ID, Purposes: []Purpose{PurposeApply}, Statuses: []Status{Interrupted}, Limit: 1})
		if err == nil && len(runs) == 0 {
			err = userError("Nothing of an open pull request waits for an approval by driftless: it is planned, reviewed on the forge, and applied when it is merged. What policy denies cannot be approved.")
		}
		return err
	})
}

// pull is the pull request that the comment stands on. One that is too new to be known is waited for.
func (h *hearing) pull(ctx context.Context) (pull Pull, found bool, err error) {
	err = h.w.r.opts.Store.View(ctx, func(tx Tx) error {
		pulls, err := tx.Pulls(PullFilter{Repository: h.w.conf.Name, Key: h.c.Key, Limit: 1})
		if err == nil && len(pulls) > 0 {
			pull, found = pulls[0], true
		}
		return err
	})
	return pull, found, err
}

// permitted reports whether the author of the comment may do this to all of the workspaces.
func (h *hearing) permitted(ctx context.Context, targets []*workspaces.Workspace) error {
	asked := map[string]bool{}
	if len(targets) == 0 {
		write := []string{"write"} // of nothing in particular
		targets = []*workspaces.Workspace{{Permissions: workspaces.Permissions{Plan: write, Apply: write, Approve: write}}}
	}
	for _, ws := range targets {
		words := h.words(ws.Permissions)
		key := strings.Join(words, "\n")
		if asked[key] {
			continue
		}
		ok, err := h.w.may(ctx, h.c.Author, words)
		if err != nil {
			return err
		}
		if !ok {
			where := ""
			if ws.ID != "" {
				where = " of `" + plainWord(afterRepository(ws.ID)) + "`"
			}
			next := "Ask one of them."
			if len(words) == 0 {
				next = "Its `permissions` say so."
			} else if len(targets) > 1 {
				next = "Ask one of them, or choose other workspaces with `-w`."
			}
			return userError(fmt.Sprintf("`driftless %s`%s is for %s. %s", h.cmd.Verb, where, whoMay(words), next))
		}
		asked[key] = true
	}
	return nil
}

// words are who may give the command.
func (h *hearing) words(p workspaces.Permissions) []string {
	switch h.cmd.Verb {
	case command.Approve, command.Resume, command.Discard:
		return p.Approve
	case command.Apply, command.Unlock:
		return p.Apply
	}
	return p.Plan
}
