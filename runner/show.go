package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
)

// What posts want.
type (
	statusWish struct {
		Commit string
		Status forge.Status
	}
	checkWish struct {
		Commit string
		Check  forge.Check
	}
	reportWish struct {
		Pages []string
	}
	replyWish struct {
		Thread string // key of the pull request or issue
		Body   string
	}
	reactionWish struct {
		Reaction forge.Reaction
	}
	issueWish struct {
		Issue   forge.Issue
		Remarks []remark // comments on it, oldest first
	}
	remark struct {
		Mark string // what it is found again by
		Body string
	}
)

// show makes the forge show a post.
func (p *publisher) show(ctx context.Context, post *Post) error {
	switch post.Kind {
	case PostStatus:
		return want(post, func(w statusWish) error { return p.w.host.SetStatus(ctx, w.Commit, w.Status) })
	case PostCheck:
		return want(post, func(w checkWish) error {
			checker, ok := p.w.host.(forge.Checker)
			if !ok {
				return nil
			}
			return checker.PutCheck(ctx, w.Commit, w.Check)
		})
	case PostReaction:
		return want(post, func(w reactionWish) error {
			id, err := strconv.ParseInt(post.Key, 10, 64)
			if err == nil {
				err = p.w.host.React(ctx, id, w.Reaction)
			}
			if errors.Is(err, forge.ErrGone) {
				return nil // the comment was deleted: nobody waits for a receipt
			}
			return err
		})
	case PostMerge:
		return want(post, func(w mergeWish) error { return p.w.mergePull(ctx, post.Key, w) })
	case PostReply:
		return want(post, func(w replyWish) error {
			return p.comments(ctx, post, w.Thread, replyMark(post.Key), []string{w.Body})
		})
	case PostReport:
		return want(post, func(w reportWish) error {
			return p.comments(ctx, post, post.Key, pullMark(post.Repository, post.Key), w.Pages)
		})
	case PostIssue:
		return want(post, func(w issueWish) error { return p.issue(ctx, post, w) })
	}
	return fmt.Errorf("a post of an unknown kind %q: it was written by a newer driftless", post.Kind)
}

func want[T any](post *Post, do func(T) error) error {
	var value T
	if err := json.Unmarshal(post.Want, &value); err != nil {
		return err
	}
	return do(value)
}

// Marks are the beginnings of the hidden metadata by which comments of ours are found again.
func pullMark(repository, key string) string {
	return fmt.Sprintf("driftless pull=%s/%s ", repository, key)
}
func replyMark(comment string) string { return "driftless reply=" + comment + " " }

// patience is how many attempts to edit a comment may fail before it is taken for deleted: a new one is not to be seen
// everywhere at once.
const patience = 3

// comments makes the comments with a mark on a thread be these pages: in place, continued in further comments, and what is
// left over is removed. Before anything is added the forge is asked what is there: a request that seemed to fail may have
// worked.
func (p *publisher) comments(ctx context.Context, post *Post, thread, mark string, pages []string) error {
	remote, listed, reopened := post.Remote, false, false
	for i := 0; i < len(pages); i++ {
		if i >= len(remote) && !listed {
			found, err := p.marked(ctx, thread, mark)
			if err != nil {
				return err
			}
			if listed = true; len(found) >= len(remote) {
				remote = found
			}
		}
		err := p.page(ctx, post, &remote, i, thread, pages[i])
		if errors.Is(err, forge.ErrGone) && i < len(remote) && !reopened {
			if remote, err = p.reopen(ctx, post, thread, mark); err == nil {
				i, listed, reopened = -1, true, true // all again, once, on what is there
				continue
			}
		}
		if err != nil {
			return err
		}
	}
	if post.Attempts > 0 { // what one of them made may not have been listed before
		found, err := p.marked(ctx, thread, mark)
		if err != nil {
			return err
		}
		found = slices.DeleteFunc(found, func(id string) bool { return slices.Contains(remote, id) })
		remote = slices.Concat(remote, found)
	}
	if err := p.surplus(ctx, remote[min(len(pages), len(remote)):]); err != nil {
		return err
	}
	post.Remote = remote[:min(len(pages), len(remote))]
	return nil
}

// surplus removes comments that show nothing any more.
func (p *publisher) surplus(ctx context.Context, remote []string) error {
	for _, comment := range remote {
		id, err := strconv.ParseInt(comment, 10, 64)
		if err == nil {
			err = p.w.host.DeleteComment(ctx, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// page writes one page into its comment.
func (p *publisher) page(ctx context.Context, post *Post, remote *[]string, i int, thread, body string) error {
	if i < len(*remote) {
		id, err := strconv.ParseInt((*remote)[i], 10, 64)
		if err != nil {
			return err
		}
		c, err := p.w.host.EditComment(ctx, id, body)
		post.ShownAt = later(post.ShownAt, c.Updated)
		return err
	}
	c, err := p.w.host.AddComment(ctx, thread, body)
	if err != nil {
		return err
	}
	post.ShownAt = later(post.ShownAt, c.Updated)
	*remote = append((*remote)[:i:i], strconv.FormatInt(c.ID, 10))
	return p.remember(ctx, post, *remote)
}

// errTooNew does not say that the forge is not well: other posts can be shown meanwhile.
var errTooNew = errors.New("what we made there cannot be found: it was deleted, or is too new")

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// reopen finds out which comments are there when one could not be edited.
func (p *publisher) reopen(ctx context.Context, post *Post, thread, mark string) ([]string, error) {
	if post.Attempts < patience {
		return post.Remote, errTooNew
	}
	return p.marked(ctx, thread, mark)
}

// marked finds our comments with a mark on a thread.
func (p *publisher) marked(ctx context.Context, thread, mark string) (ids []string, err error) {
	all, err := p.w.host.Thread(ctx, thread)
	for _, c := range all {
		meta, _ := report.Metadata(c.Body)
		if c.Own && strings.HasPrefix(meta, mark) {
			ids = append(ids, strconv.FormatInt(c.ID, 10))
		}
	}
	return ids, err
}
