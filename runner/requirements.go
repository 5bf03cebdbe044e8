package runner

import (
	"context"
	"fmt"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
)

// requirements says what a workspace requires of a pull request before it is applied that the pull request does not have.
func (w *watcher) requirements(ctx context.Context, pull Pull, b before, state forge.PullState) error {
	name := plainWord(afterRepository(b.ws.ID))
	switch {
	case !state.Open || state.Merged:
		return userError("This pull request is not open any more.")
	case pull.Aside != "":
		return userError(pull.Aside)
	case pull.Target != "" && state.Base != pull.Target:
		return userError(fmt.Sprintf("This pull request asks to be merged into `%s` by now, and was planned on `%s`: wait for its report.", plainWord(state.Base), plainWord(pull.Target)))
	case state.Draft && !w.conf.Drafts:
		return userError(fmt.Sprintf("`%s` is not applied from a draft: mark the pull request as ready for review.", name))
	case b.ws.Apply != workspaces.BeforeMerge:
		return userError(fmt.Sprintf("The tracked branch says by now that `%s` is applied after the merge (apply = %q).", name, b.ws.Apply))
	case state.Head != pull.Head:
		return userError(fmt.Sprintf("The newest commit is `%.12s`, and driftless has not planned it yet: wait for its report, and say it again.", state.Head))
	}
	for _, r := range b.ws.Require {
		var err error
		switch r {
		case workspaces.Approved:
			err = w.approved(ctx, name, state)
		case workspaces.Mergeable:
			err = mergeable(name, state)
		case workspaces.Undiverged:
			if !b.clean {
				err = userError(fmt.Sprintf("What `%s` reads has changed on the tracked branch since this branch was made: bring the branch up to date, and say it again when it is planned.", name))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// approved wants a review of this very head by somebody who may write here, and nobody's review that asks for changes.
func (w *watcher) approved(ctx context.Context, name string, state forge.PullState) error {
	if len(state.Rejected) > 0 {
		return userError(fmt.Sprintf("`%s` is not applied while a review asks for changes (%s).", name, strings.Join(state.Rejected, ", ")))
	}
	for _, login := range state.Approved {
		has, err := w.host.Permission(ctx, login)
		if err != nil {
			return err
		}
		if has >= forge.Write {
			return nil
		}
	}
	text := fmt.Sprintf("`%s` requires an approving review of this commit by somebody else who may write here", name)
	switch {
	case len(state.Outdated) > 0:
		text += fmt.Sprintf("; the one of %s is about an earlier commit", strings.Join(state.Outdated, ", "))
	case len(state.Approved) > 0:
		text += fmt.Sprintf("; %s may not", strings.Join(state.Approved, ", "))
	}
	return userError(text + ".")
}

func mergeable(name string, state forge.PullState) error {
	switch {
	case state.Draft:
		return userError(fmt.Sprintf("`%s` is not applied from a draft: mark the pull request as ready for review.", name))
	case len(state.Failing) > 0:
		return userError(fmt.Sprintf("`%s` is not applied while a status fails: %s.", name, plainWord(strings.Join(state.Failing, ", "))))
	case state.Mergeable == forge.NotYet:
		return &forge.Later{Reason: "the forge does not know yet whether the pull request can be merged"}
	case state.Mergeable == forge.No:
		return userError(fmt.Sprintf("`%s` is applied only from a pull request that can be merged, and the forge says this one cannot%s.", name, reasonOf(state.Reason)))
	}
	return nil
}

func reasonOf(text string) string {
	if text == "" {
		return ""
	}
	return " (" + plainWord(text) + ")"
}
