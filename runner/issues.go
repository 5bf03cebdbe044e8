package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
)

// issueMark is the beginning of the metadata by which an issue about a workspace is found again.
func issueMark(workspace string) string { return "driftless drift=" + workspace + " " }

// issue opens, updates or closes an issue, and adds the remarks that it does not have yet.
func (p *publisher) issue(ctx context.Context, post *Post, w issueWish) error {
	key, err := p.issueKey(ctx, post, w)
	if err != nil || key == "" && !w.Issue.Open {
		return err // never opened, and not needed any more
	}
	w.Issue.Key = key
	made, err := p.w.host.PutIssue(ctx, w.Issue)
	if errors.Is(err, forge.ErrGone) && key != "" {
		if post.Attempts < patience {
			return fmt.Errorf("issue %s: %w", key, errTooNew)
		}
		post.Remote = nil // somebody deleted it; the next change opens another
		return nil
	}
	if err != nil {
		return err
	}
	if made != key {
		if err := p.remember(ctx, post, []string{made}); err != nil {
			return err
		}
	}
	for _, r := range w.Remarks {
		if err := p.remark(ctx, post, made, r); err != nil {
			return err
		}
	}
	return nil
}

// issueKey finds the issue that shows a post: the one on record, or one that an earlier attempt or another database made.
func (p *publisher) issueKey(ctx context.Context, post *Post, w issueWish) (string, error) {
	if len(post.Remote) > 0 {
		return post.Remote[0], nil
	}
	for _, label := range w.Issue.Labels {
		issues, err := p.w.host.Issues(ctx, label)
		if err != nil {
			return "", err
		}
		for _, issue := range issues {
			if meta, _ := report.Metadata(issue.Body); strings.HasPrefix(meta, issueMark(post.Key)) {
				return issue.Key, p.remember(ctx, post, []string{issue.Key})
			}
		}
	}
	return "", nil
}

// remark adds a comment to an issue once.
func (p *publisher) remark(ctx context.Context, post *Post, key string, r remark) error {
	if slices.Contains(post.Remote[1:], r.Mark) {
		return nil
	}
	there, err := p.marked(ctx, key, r.Mark+" ")
	if err == nil && len(there) == 0 {
		_, err = p.w.host.AddComment(ctx, key, r.Body)
	}
	if err != nil {
		return err
	}
	return p.remember(ctx, post, append(post.Remote[:1:1], r.Mark)) // the ones before belong to what is over
}
