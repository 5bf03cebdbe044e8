package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// Merge implements forge.Host.
func (h *Host) Merge(ctx context.Context, key, head string, method forge.MergeMethod) error {
	what := "merge " + h.at(key)
	n, err := number(key)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	_, _, err = h.api.PullRequests.Merge(ctx, segment(h.owner), segment(h.name), n, "", &api.PullRequestOptions{SHA: head, MergeMethod: string(method)})
	switch statusOf(err) {
	case http.StatusMethodNotAllowed, http.StatusConflict, http.StatusUnprocessableEntity:
		return explain(what, "", h.notMerged(ctx, n, err))
	}
	return explain(what, "contents: write", err)
}

// notMerged finds out why a pull request was not merged: it is already, GitHub does not know yet whether it can be, the base
// moved in this very moment, or it must not be.
func (h *Host) notMerged(ctx context.Context, n int, refusal error) error {
	pr, _, err := h.api.PullRequests.Get(ctx, segment(h.owner), segment(h.name), n)
	switch {
	case err != nil:
		return err
	case pr.GetMerged():
		return nil
	case pr.GetState() == "open" && pr.Mergeable == nil:
		return &forge.Later{Reason: "GitHub does not know yet whether it can be merged"}
	case strings.Contains(refusal.Error(), "Base branch was modified"):
		return &forge.Later{Reason: "the base branch moved"}
	}
	return refusal
}

// Merged implements forge.Forge: GitHub knows, whatever the way it was merged. head and from do not matter to it.
func (h *Host) Merged(ctx context.Context, key, _, _, to string) (m forge.Merge, ok bool, err error) {
	what := "ask how " + h.at(key) + " was merged"
	n, err := number(key)
	if err != nil {
		return m, false, fmt.Errorf("%s: %w", what, err)
	}
	pr, _, err := h.api.PullRequests.Get(ctx, segment(h.owner), segment(h.name), n)
	if err != nil {
		return m, false, explain(what, "pull requests: read", err)
	}
	if !pr.GetMerged() || !h.tracked(pr.GetBase().GetRef()) {
		return m, false, nil
	}
	reviews, err := h.reviews(ctx, n)
	if err != nil {
		return m, false, explain(what, "pull requests: read", err)
	}
	last := judge(reviews, pr)
	m.At, m.By, m.Reviewers = pr.GetMergedAt().UTC(), pr.GetMergedBy().GetLogin(), append(last.approved, last.outdated...)
	slices.Sort(m.Reviewers)
	m.Commit, err = h.within(ctx, pr.GetMergeCommitSHA(), to)
	if err != nil {
		return m, false, fmt.Errorf("%s: %w", what, err)
	}
	return m, true, nil
}

// tracked reports whether a branch is the tracked one, as of the last poll.
func (h *Host) tracked(branch string) bool {
	h.pulls.mu.Lock()
	defer h.pulls.mu.Unlock()
	return h.pulls.branch == "" || h.pulls.branch == branch
}

// within is the commit if Git shows it in to, or else "".
func (h *Host) within(ctx context.Context, commit, to string) (string, error) {
	if commit == "" {
		return "", nil
	}
	shown, err := h.mirror.IsAncestor(ctx, commit, to)
	if errors.Is(err, gitrepo.ErrMissing) || err == nil && !shown {
		return "", nil
	}
	return commit, err
}
