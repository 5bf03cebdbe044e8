package runner

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/driftlessops/driftless/runner/command"
	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
)

// lookBack is how far back comments are read when a repository is seen for the first time: not to carry them out, but to
// know where to begin.
const lookBack = time.Hour

// hearAgain is how long before the last comment that was heard they are read again: a forge may show one after a later one.
const hearAgain = time.Minute

// listen carries out what comments ask for. Each is carried out once: that it was is on record with its effects. A comment
// for which facts of the forge are missing is read again at the next poll.
func (w *watcher) listen(ctx context.Context) error {
	if w.host == nil {
		return nil
	}
	repo, err := w.record(ctx)
	if err != nil {
		return err
	}
	since, first := repo.HeardAt, repo.HeardAt.IsZero()
	if first {
		since = time.Now().Add(-lookBack).UTC().Truncate(time.Second)
	}
	comments, err := w.host.Comments(ctx, since.Add(-hearAgain))
	if err != nil {
		return fmt.Errorf("read the comments: %w", err)
	}
	w.forgetHeard(comments)
	heard, problems := since, []error(nil)
	waits := map[string]bool{} // threads on which a comment waits, and with it those after it
	var oldest time.Time       // of the comments that wait: they are read again
	for _, c := range comments {
		if !waits[c.Key] {
			if err := w.hear(ctx, c, first); err != nil {
				waits[c.Key] = true
				problems = append(problems, fmt.Errorf("comment %d on %s: %w", c.ID, c.Key, err))
			}
		}
		if waits[c.Key] && (oldest.IsZero() || c.Updated.Before(oldest)) {
			oldest = c.Updated
		}
		if c.Updated.After(heard) {
			heard = c.Updated
		}
	}
	if first && len(problems) > 0 {
		return errors.Join(problems...) // the next time is the first time
	}
	if !oldest.IsZero() && oldest.Before(heard) {
		heard = oldest
	}
	return errors.Join(append(problems, w.heard(ctx, heard))...)
}

func (w *watcher) record(ctx context.Context) (repo Repository, err error) {
	err = w.r.opts.Store.View(ctx, func(tx Tx) error {
		repo, err = tx.Repository(w.conf.Name)
		return err
	})
	return repo, err
}

// heard records up to where comments were read. The next time begins there, with that very second: another comment may
// have been written in it.
func (w *watcher) heard(ctx context.Context, at time.Time) error {
	repo, err := w.record(ctx)
	if err != nil || repo.HeardAt.Equal(at) {
		return err
	}
	return w.update(ctx, func(tx Tx, _ *journal) error {
		repo, err := tx.Repository(w.conf.Name)
		if err != nil {
			return err
		}
		repo.HeardAt = at
		return tx.PutRepository(repo)
	})
}

// hear carries out one comment, unless that was done, or it asks for nothing. Programs are not listened to: two of them
// would never stop. A person may share a login with driftless: its own comments are told by what is hidden in them.
func (w *watcher) hear(ctx context.Context, c forge.Comment, first bool) error {
	text := sha256.Sum256([]byte(c.Body))
	if w.silent[c.ID] == text {
		return nil
	}
	if kept := w.r.opts.Config.Retention.Runs; kept > 0 && time.Since(c.Created) > kept {
		return nil // it may have been carried out: that is not known of one that is so old
	}
	if done, err := w.done(ctx, c.ID); err != nil || done {
		return err
	}
	cmd, asks, problem := command.Parse(c.Body)
	if _, ours := report.Metadata(c.Body); ours || c.Bot || !asks {
		w.silent[c.ID] = text
		return nil
	}
	h := &hearing{w: w, c: c, cmd: cmd, reply: true, react: true}
	if first {
		return w.update(ctx, func(tx Tx, j *journal) error { return h.put(tx, "was there before driftless watched") })
	}
	if err := h.ours(ctx); err != nil {
		return h.undone(ctx, err)
	}
	switch {
	case c.Edited:
		return h.refuse(ctx, "This comment was edited before driftless read it, so nobody can tell who asks for what. Write a new one.")
	case problem != nil:
		return h.refuse(ctx, problem.Text)
	case cmd.Verb == command.Help:
		return h.answer(ctx, forge.Seen, "", report.Answer{Done: "here is what comments can ask for", Help: command.Table()})
	}
	return h.carryOut(ctx)
}

// forgetHeard drops what was remembered of comments that are not read again, and of people who wrote long ago.
func (w *watcher) forgetHeard(again []forge.Comment) {
	read := map[int64]bool{}
	for _, c := range again {
		read[c.ID] = true
	}
	maps.DeleteFunc(w.silent, func(id int64, _ [sha256.Size]byte) bool { return !read[id] })
	w.strangers.forget()
}

func (w *watcher) done(ctx context.Context, id int64) (done bool, err error) {
	err = w.r.opts.Store.View(ctx, func(tx Tx) error {
		_, err := tx.Command(w.conf.Name, id)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		done = err == nil
		return err
	})
	return done, err
}

// hearing is one comment that asks for something.
type hearing struct {
	w    *watcher
	c    forge.Comment
	cmd  command.Command
	stop []int64 // runs to end once the outcome is on record

	reply, react bool // what it is answered with
}

// factsTimeout is how long a comment waits for facts that the forge does not have yet, or cannot give.
const factsTimeout = 15 * time.Minute

// carryOut does what the comment asks for and records it in one transaction, or says why it was not done.
func (h *hearing) carryOut(ctx context.Context) error {
	act, err := h.order(ctx)
	if err == nil {
		err = h.w.update(ctx, func(tx Tx, j *journal) error {
			h.stop = nil
			outcome, err := act(j)
			if err != nil {
				return err
			}
			return h.write(tx, forge.Agreed, outcome, report.Answer{})
		})
	}
	if err != nil {
		return h.undone(ctx, err)
	}
	for _, id := range h.stop {
		h.w.r.cancel(id, errCanceled)
	}
	h.w.acted = true
	delete(h.w.waiting, h.c.ID)
	return nil
}

// undone answers a comment that could not be carried out, unless that may be possible in a while: then the error is returned, and
// the comment is read again. What is wrong within driftless or on the way to the forge is no reader's business.
func (h *hearing) undone(ctx context.Context, err error) error {
	since, waits := h.w.waiting[h.c.ID]
	switch {
	case errors.Is(err, ErrConflict) || ctx.Err() != nil:
		return err
	case errors.Is(err, errNotOurs):
		err = h.w.update(ctx, func(tx Tx, _ *journal) error { return h.put(tx, err.Error()) })
	case sayable(err):
		if denied := new(forge.Denied); errors.As(err, &denied) {
			h.w.asked = time.Time{} // it may do less than was known
		}
		err = h.refuse(ctx, userText(err))
	case !waits:
		h.w.waiting[h.c.ID] = time.Now()
		return err
	case time.Since(since) < factsTimeout:
		return err
	default:
		h.w.r.log.Error("a comment could not be carried out", "repository", h.w.conf.Name, "comment", h.c.ID, "error", err)
		err = h.refuse(ctx, fmt.Sprintf("driftless could not find out what it needs for this (such as reviews, permissions, or whether it can be merged) in %.0f minutes. Its log says why, for comment %d; then say it again.", factsTimeout.Minutes(), h.c.ID))
	}
	if err == nil {
		delete(h.w.waiting, h.c.ID)
	}
	return err
}

// sayable reports whether an error is an answer for whoever wrote the comment.
func sayable(err error) bool {
	var user UserError
	var denied *forge.Denied
	var broken hcl.Diagnostics
	return errors.As(err, &user) || errors.As(err, &denied) || errors.As(err, &broken) || errors.Is(err, forge.ErrGone)
}

// refuse answers a comment with why nothing was done, and what to do.
func (h *hearing) refuse(ctx context.Context, why string) error {
	return h.answer(ctx, forge.Confused, "refused: "+firstLine(why), report.Answer{Refused: why})
}

// answer tells whoever wrote a comment that it leads to nothing, or what could be asked for.
func (h *hearing) answer(ctx context.Context, reaction forge.Reaction, outcome string, says report.Answer) error {
	h.reply, h.react = h.w.answers(ctx, h.c.Key, h.c.Author)
	return h.w.update(ctx, func(tx Tx, j *journal) error {
		if err := h.write(tx, reaction, outcome, says); err != nil || outcome == "" {
			return err
		}
		return j.add(Event{Kind: "command refused", Actor: h.c.Author, Repository: h.w.conf.Name, Message: fmt.Sprintf("#%s: %s: %s", h.c.Key, h.cmd.Line, outcome)})
	})
}

// write records what became of the comment, with the receipt and the answer that the forge is to show.
func (h *hearing) write(tx Tx, reaction forge.Reaction, outcome string, says report.Answer) error {
	if err := h.put(tx, outcome); err != nil {
		return err
	}
	id := strconv.FormatInt(h.c.ID, 10)
	if h.react {
		if err := newDraft(PostReaction, id, reactionWish{Reaction: reaction}).record(tx, h.w.conf.Name); err != nil {
			return err
		}
	}
	if !h.reply || says.Refused == "" && says.Help == "" && len(h.cmd.More) == 0 {
		return nil
	}
	if says.Line, says.Others, says.Metadata = h.cmd.Line, len(h.cmd.More), replyMark(id); says.Refused == "" && says.Help == "" {
		says.Done = outcome
	}
	return newDraft(PostReply, id, replyWish{Thread: h.c.Key, Body: report.Reply(says)}).record(tx, h.w.conf.Name)
}

func (h *hearing) put(tx Tx, outcome string) error {
	return tx.PutCommand(Command{
		Repository: h.w.conf.Name, CommentID: h.c.ID, Key: h.c.Key, Author: h.c.Author, Text: h.cmd.Line, Outcome: outcome, At: now(),
	})
}
