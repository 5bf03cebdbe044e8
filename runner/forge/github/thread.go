package github

import (
	"context"
	"fmt"
	"strconv"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

const writesComments = "pull requests: write or issues: write"

// number is the number that a key is.
func number(key string) (int, error) {
	n, err := strconv.Atoi(key)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%q is not the number of a pull request or issue", key)
	}
	return n, nil
}

// Thread implements forge.Host.
func (h *Host) Thread(ctx context.Context, key string) ([]forge.Comment, error) {
	what := "read the comments of " + h.at(key)
	n, err := number(key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	own, err := h.account.sign.login(ctx)
	if err != nil {
		return nil, explain(what, "", err)
	}
	all, err := steady((*api.IssueComment).GetID, func(page api.ListOptions) ([]*api.IssueComment, *api.Response, error) {
		return h.api.Issues.ListComments(ctx, segment(h.owner), segment(h.name), n, &api.IssueListCommentsOptions{ListOptions: page})
	})
	if err != nil {
		return nil, explain(what, "issues: read", err)
	}
	thread := make([]forge.Comment, 0, len(all))
	for _, one := range all {
		thread = append(thread, comment(one, own))
	}
	return thread, nil
}

// AddComment implements forge.Host.
func (h *Host) AddComment(ctx context.Context, key, body string) (forge.Comment, error) {
	what := "comment on " + h.at(key)
	n, err := number(key)
	if err != nil {
		return forge.Comment{}, fmt.Errorf("%s: %w", what, err)
	}
	made, _, err := h.api.Issues.CreateComment(ctx, segment(h.owner), segment(h.name), n, &api.IssueComment{Body: &body})
	if err != nil {
		return forge.Comment{}, explain(what, writesComments, err)
	}
	return comment(made, made.GetUser().GetLogin()), nil
}

// EditComment implements forge.Host.
func (h *Host) EditComment(ctx context.Context, id int64, body string) (forge.Comment, error) {
	c, _, err := h.api.Issues.EditComment(ctx, segment(h.owner), segment(h.name), id, &api.IssueComment{Body: &body})
	if err != nil {
		return forge.Comment{}, explain(fmt.Sprintf("edit comment %d of %s", id, h.path()), writesComments, err)
	}
	return comment(c, c.GetUser().GetLogin()), nil
}

// DeleteComment implements forge.Host.
func (h *Host) DeleteComment(ctx context.Context, id int64) error {
	_, err := h.api.Issues.DeleteComment(ctx, segment(h.owner), segment(h.name), id)
	if isGone(err) {
		return nil
	}
	return explain(fmt.Sprintf("delete comment %d of %s", id, h.path()), writesComments, err)
}

// React implements forge.Host: GitHub keeps one reaction of a kind from each.
func (h *Host) React(ctx context.Context, commentID int64, r forge.Reaction) error {
	_, _, err := h.api.Reactions.CreateIssueCommentReaction(ctx, segment(h.owner), segment(h.name), commentID, string(r))
	return explain(fmt.Sprintf("react to comment %d of %s", commentID, h.path()), writesComments, err)
}
