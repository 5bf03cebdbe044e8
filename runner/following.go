package runner

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// followEvery is how often it is looked what other replicas recorded. That is only a hint: what is missed is seen at the next
// tick.
const followEvery = time.Second

// followAhead is for how many looks what follows of them may take longer.
const followAhead = 30

// followBatch is how many events are looked at; of more, everything may have changed.
const followBatch = 500

// followEvents takes up what others recorded until ctx is done.
func (r *Runner) followEvents(ctx context.Context) {
	last, known := int64(0), false
	taken := make(chan []Event, followAhead)
	var group sync.WaitGroup
	group.Go(func() {
		for news := range taken {
			r.takeUp(ctx, news)
		}
	})
	defer group.Wait()
	defer close(taken)
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !r.members.alive() {
			continue
		}
		filter := EventFilter{After: last, Limit: followBatch}
		if !known {
			filter = EventFilter{Limit: 1}
		}
		news, gone, err := r.newsOfOthers(ctx, filter)
		if err != nil {
			continue // the heartbeat says it
		}
		for id, why := range gone {
			r.cancel(id, why)
		}
		if len(news) == 0 {
			known = true
			continue
		}
		if known {
			select {
			case taken <- news:
			default: // it is not waited for: runs that are lost must end
				r.touchAll()
			}
		}
		last, known = news[0].ID, true
	}
}

// newsOfOthers are events, the newest first, and the runs under way here that are not this process's any more.
func (r *Runner) newsOfOthers(ctx context.Context, filter EventFilter) (news []Event, gone map[int64]error, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.members.lease/3)
	defer cancel()
	err = r.opts.Store.View(ctx, func(tx Tx) (err error) {
		if news, err = tx.Events(filter); err != nil {
			return err
		}
		gone = map[int64]error{}
		for _, e := range news {
			if !r.members.worksOn(e.RunID) || r.members.told(e.ID) {
				continue
			}
			run, err := tx.Run(e.RunID)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
			if !run.Status.Active() && run.Status != Ready || run.Owner != r.members.self.ID {
				gone[e.RunID] = errSuperseded
			}
		}
		return nil
	})
	return news, gone, err
}

// silent are the kinds of events of which nothing follows for anybody else. The leader makes many of them itself.
var silent = []string{"posted", "post given up", "state written", StateRefused, stateRescued}

// steps are the kinds of events that tell how far a run is: they change nothing of what is due. An apply that ended does, and is
// followed as a run.
var steps = []string{
	"planning", "planned", "ready", "apply started", runHandedBack, RunTakenOver, runTakenUp, runPutOff, runNoRoom, leftToOthers,
	string(Unchanged), string(Blocked), string(Held), string(Failed), string(Applied),
}

// takeUp does what follows from what others recorded.
func (r *Runner) takeUp(ctx context.Context, news []Event) {
	r.Wake()
	if len(news) == followBatch {
		r.touchAll()
		return
	}
	for _, e := range slices.Backward(news) {
		if r.members.told(e.ID) || slices.Contains(silent, e.Kind) || !r.leads(e.Repository) {
			continue
		}
		w := r.watcher(e.Repository)
		if w == nil {
			continue
		}
		if e.Kind == pollAsked {
			w.pollNow()
			continue
		}
		if e.RunID != 0 {
			r.followRun(ctx, e)
		}
		if !slices.Contains(steps, e.Kind) {
			w.touch()
		}
	}
	r.members.forgetTold(news[0].ID)
}

// touchAll looks at everything again that this process leads.
func (r *Runner) touchAll() {
	for _, w := range r.leading() {
		w.touch()
	}
}

// followRun shows how far a run is that another replica works on, or worked on.
func (r *Runner) followRun(ctx context.Context, e Event) {
	var run Run
	err := r.opts.Store.View(ctx, func(tx Tx) (err error) {
		run, err = tx.Run(e.RunID)
		return err
	})
	switch {
	case err != nil || run.Owner == r.members.self.ID:
		return
	case run.Status == Applying || run.Status == Queued: // also one that is put off: what it waits for
		err = r.reportBegun(ctx, run)
	case !run.Status.Active():
		err = r.ended(ctx, run)
	}
	if err != nil {
		r.log.Error("report", append(subject(run.Repository, string(run.Workspace), run.ID, run.Commit, ""), "error", err)...)
	}
}
