package github

import (
	"context"
	"fmt"
	"slices"
	"strings"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// State implements forge.Host.
func (h *Host) State(ctx context.Context, key string) (forge.PullState, error) {
	what := "ask for the state of " + h.at(key)
	n, err := number(key)
	if err != nil {
		return forge.PullState{}, fmt.Errorf("%s: %w", what, err)
	}
	pr, _, err := h.api.PullRequests.Get(ctx, segment(h.owner), segment(h.name), n)
	if err != nil {
		return forge.PullState{}, explain(what, "pull requests: read", err)
	}
	state := forge.PullState{
		Open: pr.GetState() == "open", Merged: pr.GetMerged(), Draft: pr.GetDraft(), Author: pr.GetUser().GetLogin(), Head: pr.GetHead().GetSHA(), Base: pr.GetBase().GetRef(),
	}
	reviews, err := h.reviews(ctx, n)
	if err != nil {
		return forge.PullState{}, explain(what, "pull requests: read", err)
	}
	last := judge(reviews, pr)
	if last.rejected, err = h.binding(ctx, last.rejected); err != nil {
		return forge.PullState{}, err
	}
	state.Approved, state.Outdated, state.Rejected = last.approved, last.outdated, last.rejected
	signals, err := h.signals(ctx, state.Head)
	if err != nil {
		return forge.PullState{}, explain(what, "commit statuses: read", err)
	}
	state.Failing = signals.failing()
	if state.Mergeable, state.Reason, err = h.mergeable(ctx, pr, last, signals); err != nil {
		return forge.PullState{}, explain(what, "metadata: read", err)
	}
	return state, nil
}

// Author implements forge.Host.
func (h *Host) Author(ctx context.Context, key string) (string, error) {
	what := "ask who opened " + h.at(key)
	n, err := number(key)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	pr, _, err := h.api.PullRequests.Get(ctx, segment(h.owner), segment(h.name), n)
	if err != nil {
		return "", explain(what, "pull requests: read", err)
	}
	return pr.GetUser().GetLogin(), nil
}

// signals are the statuses and check runs on a commit: context or name → "success", "failure" or "pending".
type signals map[string]string

// failing are the contexts, others' than driftless's, that failed, sorted.
func (s signals) failing() (contexts []string) {
	for context, state := range s {
		if state == "failure" && !own(context) {
			contexts = append(contexts, context)
		}
	}
	slices.Sort(contexts)
	return contexts
}

// own reports whether a context or the name of a check run is driftless's, and not only one that begins like it.
func own(context string) bool { return context == ours || strings.HasPrefix(context, ours+"/") }

// signals asks for them. Check runs that may not be seen are left out: Access tells of the missing permission, and those that
// a branch requires are in GitHub's own word about merging.
func (h *Host) signals(ctx context.Context, commit string) (signals, error) {
	all := signals{}
	statuses, err := pages(func(page api.ListOptions) ([]*api.RepoStatus, *api.Response, error) {
		combined, resp, err := h.api.Repositories.GetCombinedStatus(ctx, segment(h.owner), segment(h.name), commit, &page)
		if err != nil {
			return nil, resp, err
		}
		return combined.Statuses, resp, nil
	})
	if err != nil {
		return nil, err
	}
	for _, one := range statuses {
		all[one.GetContext()] = outcome(one.GetState())
	}
	runs, err := h.checkRuns(ctx, commit, api.ListCheckRunsOptions{})
	if isDenied(err) {
		return all, nil
	} else if err != nil {
		return nil, err
	}
	for _, one := range runs {
		if state := outcome(one.GetConclusion()); all[one.GetName()] != "failure" {
			all[one.GetName()] = state
		}
	}
	return all, nil
}

func (h *Host) checkRuns(ctx context.Context, commit string, opts api.ListCheckRunsOptions) ([]*api.CheckRun, error) {
	return pages(func(page api.ListOptions) ([]*api.CheckRun, *api.Response, error) {
		opts.ListOptions = page
		list, resp, err := h.api.Checks.ListCheckRunsForRef(ctx, segment(h.owner), segment(h.name), commit, &opts)
		if err != nil {
			return nil, resp, err
		}
		return list.CheckRuns, resp, nil
	})
}

// outcome is the state of a status, or the conclusion of a check run, in three words.
func outcome(word string) string {
	switch word {
	case "success", "neutral", "skipped":
		return "success"
	case "failure", "error", "timed_out", "cancelled", "action_required", "startup_failure":
		return "failure"
	}
	return "pending"
}
