package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

// draft is one thing that the forge is to show, before it is a post on record.
type draft struct {
	kind PostKind
	key  string
	want json.RawMessage
}

func newDraft(kind PostKind, key string, want any) draft {
	data, err := json.Marshal(want)
	if err != nil {
		panic(fmt.Sprintf("a draft that cannot be written: %v", err)) // structs of strings and numbers
	}
	return draft{kind, key, data}
}

// record writes down what the forge is to show. Nothing changes when that is wanted already.
func (w draft) record(tx Tx, repository string) error {
	post, err := tx.Post(repository, w.kind, w.key)
	if errors.Is(err, ErrNotFound) {
		post, err = Post{Repository: repository, Kind: w.kind, Key: w.key, CreatedAt: now()}, nil
	} else if err == nil && bytes.Equal(post.Want, w.want) {
		return nil
	}
	if err != nil {
		return err
	}
	post.Want, post.Version, post.UpdatedAt = w.want, post.Version+1, now()
	post.NextAt, post.Attempts = zeroTime, 0
	return tx.PutPost(&post)
}

// wanted reports whether all drafts are on record already.
func wanted(tx Tx, repository string, all []draft) (bool, error) {
	for _, w := range all {
		post, err := tx.Post(repository, w.kind, w.key)
		if errors.Is(err, ErrNotFound) || err == nil && !bytes.Equal(post.Want, w.want) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return true, nil
}

// publisher brings what the forge shows of one repository up to what is wanted.
type publisher struct {
	w    *watcher
	kick chan struct{}
	one  sync.Mutex // one publisher at a time
}

func newPublisher(w *watcher) *publisher { return &publisher{w: w, kick: make(chan struct{}, 1)} }

// wake makes it look for new posts at once.
func (p *publisher) wake() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// lookForPosts is how often posts that wait are looked at when nobody says that there are new ones.
const lookForPosts = 15 * time.Second

// loop publishes until ctx is done.
func (p *publisher) loop(ctx context.Context) {
	for {
		next, err := p.publish(ctx)
		if err != nil && ctx.Err() == nil {
			p.w.r.log.Warn("the forge does not show everything yet", "repository", p.w.conf.Name, "error", err)
		}
		wait := lookForPosts
		if !next.IsZero() {
			wait = min(wait, max(time.Until(next), 100*time.Millisecond))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-p.kick:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// publishAll publishes until nothing is due any more. What could not be shown waits, and is the error.
func (w *watcher) publishAll(ctx context.Context) error {
	if w.host == nil {
		return nil
	}
	_, err := w.posts.publish(ctx)
	return err
}

// order is in which kinds of posts are published: what somebody waits for first. Anybody can have a reply, so reports go before.
var order = []PostKind{PostReaction, PostReport, PostReply, PostStatus, PostCheck, PostIssue, PostMerge}

// unwellAfter is how many attempts in a row that the forge does not answer well end a round: the rest would fare no better.
const unwellAfter = 3

// publish publishes what is due, and returns when the first of what failed is to be tried again. The error is that of the
// first post which could not be shown.
func (p *publisher) publish(ctx context.Context) (next time.Time, failed error) {
	p.one.Lock()
	defer p.one.Unlock()
	unwell := 0
	for ctx.Err() == nil {
		post, err := p.due(ctx)
		if err != nil || post == nil {
			return next, errors.Join(failed, err)
		}
		if !p.w.r.leads(p.w.conf.Name) {
			return next, errNotLeading
		}
		post.ShownAt = zeroTime
		if err = p.show(ctx, post); err != nil && ctx.Err() != nil {
			p.doubt(ctx, *post)
			break // whatever it did is found again
		}
		failing := post.Error != ""
		again, unkept := p.shown(ctx, *post, err)
		if unkept != nil {
			return next, errors.Join(failed, unkept)
		}
		if post.Kind == PostMerge {
			p.w.mergeTried(ctx, post.Key)
		} else if post.Kind == PostReport && (failing && err == nil || !failing && hopeless(err)) {
			p.w.reportOn(ctx, post.Key) // its statuses speak of that
		}
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s %s: %w", post.Kind, post.Key, err)
		}
		if !again.IsZero() && (next.IsZero() || again.Before(next)) {
			next = again
		}
		var later *forge.Later
		if !errors.As(err, &later) {
			unwell = 0
			continue
		}
		if later.At.After(time.Now()) {
			return later.At, failed // the whole forge pauses
		}
		if unwell++; unwell == unwellAfter {
			return next, failed // the rest is due when what failed is tried again
		}
	}
	return next, ctx.Err()
}

// due is the next post to publish, or nil.
func (p *publisher) due(ctx context.Context) (post *Post, err error) {
	err = p.w.r.opts.Store.View(ctx, func(tx Tx) error {
		for _, kind := range order {
			due, err := tx.Posts(PostFilter{Repository: p.w.conf.Name, Kind: kind, Waiting: true, DueBy: now(), Limit: 1})
			if err != nil {
				return err
			} else if len(due) > 0 {
				post = &due[0]
				return nil
			}
		}
		return nil
	})
	return post, err
}

// The times between attempts.
const (
	firstRetry  = 2 * time.Second
	lastRetry   = time.Hour
	outageRetry = 5 * time.Minute
)

// A post is dropped when the forge has refused it so often, and it is wanted for so long: what it is about is gone. While it
// is of interest, such as the report of an open pull request, it is soon on record again: nobody mends a sign-in on holidays.
const (
	dropAfter    = 7 * 24 * time.Hour
	dropAttempts = 24
)

// shown records how an attempt ended, and returns when the next one is due after a failure. A newer version may be wanted by
// now, or none any more. Who does not lead any more may have written over what the leader shows: that is shown again.
func (p *publisher) shown(ctx context.Context, tried Post, failure error) (again time.Time, err error) {
	ctx = context.WithoutCancel(ctx) // what happened is recorded
	var lost error
	err = p.w.r.opts.Store.Update(ctx, func(tx Tx) error {
		again = zeroTime
		if lost = p.w.r.members.leading(tx, p.w.conf.Name); errors.Is(lost, errNotLeading) {
			return showAgain(tx, tried)
		} else if lost != nil {
			return lost
		}
		post, err := tx.Post(tried.Repository, tried.Kind, tried.Key)
		if errors.Is(err, ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
		post.Remote = tried.Remote
		if failure == nil {
			post.Shown, post.ShownAt, post.Attempts, post.Error, post.NextAt = tried.Version, orNow(tried.ShownAt), 0, "", zeroTime
			return errors.Join(tx.PutPost(&post), visible(tx, post), posted(tx, "posted", tried, ""))
		}
		post.Error = failure.Error()
		if post.Version == tried.Version {
			post.Attempts++
			if pointless(post, failure) {
				// And not taken for shown: nobody saw it.
				return errors.Join(tx.DeletePost(post.ID), posted(tx, "post given up", tried, failure.Error()))
			}
			post.NextAt = nextTry(failure, post.Attempts)
			again = post.NextAt
		}
		return tx.PutPost(&post)
	})
	if err == nil {
		err = lost
	}
	return again, err
}

// doubt has what another replica shows by now shown again: an attempt of this one ended with it, and may have come later.
func (p *publisher) doubt(ctx context.Context, tried Post) {
	err := p.w.r.opts.Store.Update(context.WithoutCancel(ctx), func(tx Tx) error { return showAgain(tx, tried) })
	if err != nil {
		p.w.r.log.Warn("the forge may show something old until it changes again", "repository", tried.Repository, "post", string(tried.Kind)+" "+tried.Key, "error", err)
	}
}

// showAgain makes a post wait that is on record as shown, where showing it twice changes nothing.
func showAgain(tx Tx, tried Post) error {
	post, err := tx.Post(tried.Repository, tried.Kind, tried.Key)
	if errors.Is(err, ErrNotFound) || err == nil && (post.Waiting() || post.Kind == PostMerge || post.Kind == PostReaction) {
		return nil
	} else if err != nil {
		return err
	}
	post.Shown, post.NextAt = post.Version-1, zeroTime
	return tx.PutPost(&post)
}

// posted records what became of a post. Receipts of commands say nothing that the command's own record does not.
func posted(tx Tx, kind string, p Post, message string) error {
	if p.Kind == PostReaction {
		return nil
	}
	return tx.Append(&Event{
		Kind: kind, Actor: Self, Repository: p.Repository, Message: orElse(message, string(p.Kind)+" "+p.Key), Data: factsOfPost(p).JSON(),
	})
}

// visible notes since when people can see the report that a post shows.
func visible(tx Tx, post Post) error {
	if post.Kind != PostReport {
		return nil
	}
	pulls, err := tx.Pulls(PullFilter{Repository: post.Repository, Key: post.Key, Limit: 1})
	if err != nil || len(pulls) == 0 {
		return err
	}
	rep, err := tx.Report(pulls[0].ID)
	if errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil || !rep.At.IsZero() {
		return err
	}
	return seen(tx, pulls[0], rep, post.ShownAt)
}

// hurry tries at once what the forge refused to show: the sign-in may do more than before. A merge waits for others, most often.
func (p *publisher) hurry(ctx context.Context) error {
	err := p.w.r.opts.Store.Update(ctx, func(tx Tx) error {
		posts, err := tx.Posts(PostFilter{Repository: p.w.conf.Name, Waiting: true})
		for _, post := range posts {
			if _, refused := refusal(post); refused && post.Kind != PostMerge && post.NextAt.After(now()) {
				post.NextAt = zeroTime
				err = errors.Join(err, tx.PutPost(&post))
			}
		}
		return err
	})
	p.wake()
	return err
}

// unshown is why the forge does not take the report of an open pull request, or "".
func unshown(tx Tx, pull Pull) (string, error) {
	post, err := tx.Post(pull.Repository, PostReport, pull.Key)
	if errors.Is(err, ErrNotFound) || err == nil && !post.Waiting() {
		return "", nil
	}
	reason, refused := refusal(post)
	if !refused {
		reason = post.Error
	}
	return firstLine(reason), err
}

// refusal is why the forge refused a post the last time, if it did.
func refusal(post Post) (reason string, ok bool) {
	_, reason, ok = strings.Cut(post.Error, (&forge.Denied{}).Error())
	return reason, ok
}

// orNow is a moment, or now where the forge does not tell one.
func orNow(at time.Time) time.Time {
	if at.IsZero() {
		return now()
	}
	return at.UTC().Truncate(time.Microsecond)
}

// hopeless reports whether the forge answered, and will not change its mind by itself.
func hopeless(failure error) bool {
	var denied *forge.Denied
	return errors.As(failure, &denied) || errors.Is(failure, forge.ErrGone)
}

// pointless reports whether a post is not worth another attempt. An issue's also counts how often it was opened.
func pointless(post Post, failure error) bool {
	return hopeless(failure) && post.Kind != PostIssue && post.Attempts >= dropAttempts && time.Since(post.UpdatedAt) > dropAfter
}

// nextTry is when a post is tried again: when the forge said so, else after a wait that doubles.
func nextTry(failure error, attempts int) time.Time {
	var later *forge.Later
	if errors.As(failure, &later) && later.At.After(now().Add(firstRetry)) {
		return earlier(later.At.UTC().Truncate(time.Microsecond), now().Add(MostPutOff))
	}
	most := outageRetry
	if hopeless(failure) {
		most = lastRetry
	}
	wait := min(firstRetry<<min(attempts-1, 20), most)
	return now().Add(wait + rand.N(wait/4+1))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// remember keeps what shows a post on record before anything else is done: nothing is shown twice.
func (p *publisher) remember(ctx context.Context, post *Post, remote []string) error {
	post.Remote = remote
	return p.w.r.opts.Store.Update(context.WithoutCancel(ctx), func(tx Tx) error {
		now, err := tx.Post(post.Repository, post.Kind, post.Key)
		if err != nil {
			return err
		}
		now.Remote = remote
		return tx.PutPost(&now)
	})
}
