package gitea

import (
	"context"
	"errors"
	"fmt"

	sdk "code.gitea.io/sdk/gitea"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// Author implements forge.Host.
func (h *Host) Author(ctx context.Context, key string) (string, error) {
	p, err := h.pull(ctx, key)
	if err != nil {
		return "", err
	}
	return login(p.Poster), nil
}

// State implements forge.Host.
func (h *Host) State(ctx context.Context, key string) (forge.PullState, error) {
	p, err := h.pull(ctx, key)
	if err != nil {
		return forge.PullState{}, err
	}
	reviews, err := h.reviews(ctx, key)
	if err != nil {
		return forge.PullState{}, err
	}
	statuses, err := h.statuses(ctx, p.Head.Sha)
	if err != nil {
		return forge.PullState{}, err
	}
	o := judge(reviews, login(p.Poster), p.Head.Sha)
	s := forge.PullState{
		Open: p.State == sdk.StateOpen, Merged: p.HasMerged, Draft: draft(p), Author: login(p.Poster), Head: p.Head.Sha, Base: p.Base.Ref,
		Approved: o.approved, Outdated: o.outdated, Rejected: o.rejected, Failing: failing(statuses),
	}
	s.Mergeable, s.Reason, err = h.mergeable(ctx, p)
	if err == nil && s.Mergeable == forge.Yes {
		s.Mergeable, s.Reason, err = h.allowed(ctx, p, o, statuses)
	}
	return s, err
}

// mergeable tells apart what Gitea calls not mergeable: drafts, conflicts, and what it has not looked at yet. Which of the
// last two it is, Git knows.
func (h *Host) mergeable(ctx context.Context, p *sdk.PullRequest) (forge.Answer, string, error) {
	switch {
	case p.HasMerged:
		return forge.No, "it is merged already", nil
	case p.State != sdk.StateOpen:
		return forge.No, "it is closed", nil
	case draft(p):
		return forge.No, "it is a draft", nil
	case p.Mergeable:
		return forge.Yes, "", nil
	}
	const wait = "Gitea has not looked yet whether it can be merged"
	merge, err := h.mirror.Merge(ctx, p.Base.Sha, p.Head.Sha)
	switch {
	case errors.Is(err, gitrepo.ErrMissing): // not fetched yet
		return forge.NotYet, wait, nil
	case errors.Is(err, gitrepo.ErrUnrelated):
		return forge.No, "it has no history in common with " + p.Base.Ref, nil
	case err != nil:
		return forge.NotYet, "", fmt.Errorf("%s: %w", h.what("try to merge", fmt.Sprintf("#%d", p.Index)), err)
	case len(merge.Conflicts) > 0:
		return forge.No, "it conflicts with " + p.Base.Ref, nil
	}
	return forge.NotYet, wait, nil
}
