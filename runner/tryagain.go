package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
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

// Kinds of events: why a run is back in the queue.
const (
	runPutOff     = "run put off"        // it met an outage, and is tried again
	runNoRoom     = "run waits for room" // on the disk; as often as it takes
	runHandedBack = "run handed back"    // its replica stops, or lost its lease
)

// outage says what a run met that goes away by itself; "" = nothing of the kind.
func (j *job) outage(err error) string {
	var failed *engine.Error
	var lacks *lacking
	switch {
	case errors.As(err, &lacks) && lacks.silent():
		return "its commits are not here, and the Git server does not give them now"
	case errors.As(err, &failed) && failed.Temporary && !failed.Canceled:
		return "what its init needs from the network cannot be had now"
	case supervisor.Full(err):
		return "the disk has no room for it"
	case errors.Is(err, errLost):
		return lostAgain
	case errors.Is(err, ErrUnavailable):
		return "the database was away, or had no time for what it did"
	case j.blamesMirror(err):
		return "the mirror of its repository may be damaged, and is mended"
	}
	return ""
}

func (j *job) blamesMirror(err error) bool {
	return j.w != nil && j.w.closed == nil && j.w.mirror.Blames(err)
}

// mergeAgain writes what a damaged mirror lacks of the tree of a pull request that was merged here: no ref leads to that, so that Git
// misses nothing when it looks into the mirror.
func (j *job) mergeAgain(ctx context.Context, err error) {
	if j.run.PullID == 0 || !j.blamesMirror(err) {
		return
	}
	if _, err := j.w.mirror.Merge(ctx, j.run.Base, j.run.Commit); err != nil {
		j.log.Warn("a merge could not be made again in a damaged mirror", "error", err)
	}
}

// tryAgain lets a run wait for the end of an outage. It is false when it waited often enough: then the run fails.
func (j *job) tryAgain(ctx context.Context, outage, met string) (bool, error) {
	tries := 0
	err := j.insist(ctx, Queued, func() error {
		return j.r.opts.Store.View(ctx, func(tx Tx) (err error) {
			tries, err = putOffs(tx, j.run)
			return err
		})
	})
	if err != nil || tries >= j.run.mostTries() {
		return false, err
	}
	left := count(j.run.mostTries()-tries, "more time", "more times")
	j.run.Reason = fmt.Sprintf("waits: %s. It is tried again by itself, %s; what it met:\n%s", outage, left, met)
	said := fmt.Sprintf("%s, tried again by itself, %s; what it met: %s", outage, left, firstLine(met))
	err = j.waitFor(ctx, waitAfter(tries), runPutOff, said, func(_ Tx, jr *journal, run *Run) error {
		if run.Purpose != PurposeApply || run.PullID != 0 {
			return nil
		}
		return setSync(jr, *run, Pending, run.Reason)
	})
	return err == nil, err
}

// putOffs counts how often a run was put off within a day, as far as that matters. What it met before it was planned the last time
// is over, unless it is what comes after its plans that fails.
func putOffs(tx Tx, run Run) (int, error) {
	at, err := tx.Clock()
	if err != nil {
		return 0, err
	}
	f := EventFilter{RunID: run.ID, Kind: runPutOff, Since: at.Add(-24 * time.Hour), Limit: mostTries}
	if run.Status == Planning {
		planned, err := tx.Events(EventFilter{RunID: run.ID, Kind: "planned", Limit: 1})
		if err != nil {
			return 0, err
		}
		for _, e := range planned {
			f.After = e.ID
		}
	}
	events, err := tx.Events(f)
	return len(events), err
}

const lostAgain = "its replica lost its lease again while it was worked on"

// lostBefore reports whether the last that kept a run from its end was the loss of a lease as well: then something about the run
// may be what costs it, and it waits.
func (j *job) lostBefore(ctx context.Context) (before bool, err error) {
	err = j.insist(ctx, Queued, func() error {
		return j.r.opts.Store.View(ctx, func(tx Tx) error {
			events, err := tx.Events(EventFilter{RunID: j.run.ID, Limit: 20})
			i := slices.IndexFunc(events, func(e Event) bool {
				return slices.Contains([]string{runHandedBack, RunTakenOver, runPutOff, runTakenUp, "run queued"}, e.Kind)
			})
			before = i >= 0 && (events[i].Kind == RunTakenOver || strings.Contains(events[i].Message, errLost.Error()) || strings.Contains(events[i].Message, lostAgain))
			return err
		})
	})
	return before, err
}

// roomWaits counts how often a run was put off for room on the disk, as far as that matters.
func roomWaits(tx Tx, id int64) (int, error) {
	events, err := tx.Events(EventFilter{RunID: id, Kind: runNoRoom, Limit: mostTries})
	return len(events), err
}

// waitAfter is how long a run waits that was put off some times before.
func waitAfter(tries int) time.Duration {
	wait := min(firstTryAgain<<tries, lastTryAgain)
	return wait + rand.N(wait/4)
}

// waitFor puts the run back into the queue, where nobody takes it up before a wait is over, whatever becomes of this process.
func (j *job) waitFor(ctx context.Context, wait time.Duration, kind, message string, also func(tx Tx, jr *journal, run *Run) error) error {
	ctx = context.WithoutCancel(ctx)
	return j.insist(ctx, Queued, func() error {
		if err := j.r.opts.Store.View(ctx, func(tx Tx) error { return j.run.delay(tx, wait) }); err != nil {
			return err
		}
		return j.to(ctx, Queued, kind, message, also)
	})
}

// delay says of a run in the queue that nobody takes it up before a wait is over.
func (r *Run) delay(tx Tx, wait time.Duration) error {
	at, err := tx.Clock()
	r.NotBefore = at.Add(wait)
	return err
}

// putOff reports whether a run in the queue waits for a moment to come. One that is further off than any is put was written by
// a clock that went back since.
func putOff(run Run, at time.Time) bool {
	return at.Before(run.NotBefore) && !at.Add(MostPutOff).Before(run.NotBefore)
}
