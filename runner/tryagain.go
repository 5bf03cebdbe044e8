package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner/supervisor"
)

// When a run is tried again that met an outage: the wait doubles. What was merged is tried for about three quarters of an hour;
// somebody waits for the plan of a pull request, whose author may have misspelled a host: for five minutes.
const (
	firstTryAgain = 10 * time.Second
	lastTryAgain  = 5 * time.Minute
	mostTries     = 12
	mostTriesPlan = 5
)

func (r Run) mostTries() int {
	if r.Purpose == PurposePlan {
		return mostTriesPlan
	}
	return mostTries
}

// runPutOff is the kind of an event: a run met an outage, and is tried again.
const runPutOff = "run put off"

// outage says what a run met that goes away by itself; "" = nothing of the kind.
func (j *job) outage(err error) string {
	var failed *engine.Error
	switch {
	case errors.As(err, &failed) && failed.Temporary && !failed.Canceled:
		return "what its init needs from the network cannot be had now"
	case supervisor.Full(err):
		return "the disk has no room for it"
	case j.w != nil && j.w.closed == nil && j.w.mirror.Blames(err):
		return "the mirror of its repository may be damaged, and is mended"
	}
	return ""
}

// tryAgain lets a run wait for the end of an outage. It is false when it waited often enough: then the run fails.
func (j *job) tryAgain(ctx context.Context, outage, met string) (bool, error) {
	tries := 0
	err := j.r.opts.Store.View(ctx, func(tx Tx) error {
		var err error
		tries, err = putOffs(tx, j.run.ID)
		return err
	})
	if err != nil || tries >= j.run.mostTries() {
		return false, err
	}
	j.r.leave(j.run.ID, time.Now().Add(waitAfter(tries)))
	j.run.Reason = fmt.Sprintf("waits: %s. It is tried again by itself, %s; what it met:\n%s", outage, count(j.run.mostTries()-tries, "more time", "more times"), met)
	err = j.to(ctx, Queued, runPutOff, firstLine(j.run.Reason), func(tx Tx, jr *journal, run *Run) error {
		if run.Purpose != PurposeApply || run.PullID != 0 {
			return nil
		}
		return setSync(jr, *run, Pending, run.Reason)
	})
	return err == nil, err
}

// putOffs counts how often a run was put off, as far as that matters.
func putOffs(tx Tx, id int64) (int, error) {
	events, err := tx.Events(EventFilter{RunID: id, Kind: runPutOff, Limit: mostTries})
	return len(events), err
}

// waitAfter is how long a run waits that was put off some times before.
func waitAfter(tries int) time.Duration {
	wait := min(firstTryAgain<<tries, lastTryAgain)
	return wait + rand.N(wait/4)
}

// leave lets a run in the queue wait for a moment to come.
func (r *Runner) leave(id int64, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(r.later, func(_ int64, until time.Time) bool { return now.After(until) }) // others took them, perhaps
	r.later[id] = until
}
