package retention

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// states removes old versions of states. The newest ones stay, whatever their age, and so do young ones.
func (p *pass) states(ctx context.Context) error {
	var ids []workspaces.ID
	err := p.k.opts.Store.View(ctx, func(tx runner.Tx) (err error) {
		ids, err = tx.StateIDs()
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		err := p.each(ctx, func(tx runner.Tx) (int, error) {
			versions, err := tx.States(id)
			if err != nil {
				return 0, err
			}
			removed := 0
			for i := len(versions) - 1; i >= max(1, p.k.opts.Keep.States) && removed < batch; i-- {
				v := versions[i]
				if v.CreatedAt.After(p.before(p.k.opts.Keep.StatesFor)) {
					continue
				}
				p.removed.States, p.removed.StateBytes = p.removed.States+1, p.removed.StateBytes+int64(v.Size)
				if err := p.remove(func() error { return tx.DeleteState(id, v.Version) }); err != nil {
					return 0, err
				}
				if !p.dry {
					removed++
				}
			}
			return removed, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// posts forgets what the forge shows of what is gone. What it does not show yet stays.
func (p *pass) posts(ctx context.Context) error {
	return p.each(ctx, func(tx runner.Tx) (int, error) {
		all, err := tx.Posts(runner.PostFilter{After: p.last, Limit: batch})
		if err != nil {
			return 0, err
		}
		for _, post := range all {
			p.last = post.ID
			if post.Waiting() || post.UpdatedAt.After(p.before(p.k.opts.Keep.Runs)) {
				continue
			}
			if needed, err := postNeeded(tx, post); err != nil {
				return 0, err
			} else if needed {
				continue
			}
			p.removed.Posts++
			if err := p.remove(func() error { return tx.DeletePost(post.ID) }); err != nil {
				return 0, err
			}
		}
		return len(all), nil
	})
}

// postNeeded reports whether what a post is about is still on record.
func postNeeded(tx runner.Tx, post runner.Post) (bool, error) {
	f := runner.PullFilter{Repository: post.Repository, Limit: 1}
	switch post.Kind {
	case runner.PostReport, runner.PostMerge:
		f.Key = post.Key
	case runner.PostStatus, runner.PostCheck:
		f.Head, _, _ = strings.Cut(post.Key, " ")
	case runner.PostIssue:
		_, err := tx.Workspace(workspaces.ID(post.Key))
		return post.Key == "" || !errors.Is(err, runner.ErrNotFound), nil
	default:
		return false, nil // an answer to a comment
	}
	pulls, err := tx.Pulls(f)
	return err != nil || len(pulls) > 0, err
}

// commandGrace is how much longer than runs commands are kept: comments that are older ask for nothing any more, by the
// forge's clock.
const commandGrace = 2 * day

// commands forgets which comments were carried out.
func (p *pass) commands(ctx context.Context) error {
	f := runner.CommandFilter{Before: p.before(p.k.opts.Keep.Runs + commandGrace), Limit: batch}
	if p.dry {
		f.Limit = 0
	}
	return p.each(ctx, func(tx runner.Tx) (int, error) {
		all, err := tx.Commands(f)
		if err != nil {
			return 0, err
		}
		for _, c := range all {
			p.removed.Commands++
			if err := p.remove(func() error { return tx.DeleteCommand(c.Repository, c.CommentID) }); err != nil {
				return 0, err
			}
		}
		if p.dry {
			return 0, nil
		}
		return len(all), nil
	})
}

// eventBatch is how many events are removed in one transaction: all that writes waits for it.
const eventBatch = 2000

// events removes old history, where the operator wants that.
func (p *pass) events(ctx context.Context) error {
	if p.k.opts.Keep.Events == 0 {
		return nil
	}
	before := p.before(p.k.opts.Keep.Events)
	if p.dry {
		return p.oldEvents(ctx, before)
	}
	for n := int64(eventBatch); n == eventBatch; p.removed.Events += n {
		err := p.k.opts.Store.Update(ctx, func(tx runner.Tx) (err error) {
			n, err = tx.PruneEvents(before, eventBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// oldEvents counts the events at the front that happened before a time.
func (p *pass) oldEvents(ctx context.Context, before time.Time) error {
	return p.each(ctx, func(tx runner.Tx) (int, error) {
		all, err := tx.Events(runner.EventFilter{After: p.last, Oldest: true, Limit: eventBatch})
		for _, e := range all {
			if !e.At.Before(before) {
				return 0, err
			}
			p.last = e.ID
			p.removed.Events++
		}
		return len(all), err
	})
}
