package runner

import (
	"context"
	"errors"
	"time"
)

// persist is to for what has happened already and must be on record.
func (j *job) persist(ctx context.Context, status Status, kind, message string, also func(tx Tx, jr *journal, run *Run) error) error {
	return j.insist(ctx, status, func() error { return j.to(ctx, status, kind, message, also) })
}

// passPatience is for how long a single pass waits for a store that takes nothing, when it begins in all.
const passPatience = 20 * time.Second

// insist tries again for as long as the store does not take something. What an apply left stays in its directory until then, also
// when this process is killed. What nothing was applied for is given up when this process is to end: the run is taken up again.
func (j *job) insist(ctx context.Context, status Status, write func() error) error {
	begin := time.Now()
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := write()
		if err == nil || errors.Is(err, ErrConflict) || (status == Queued || !j.changing()) && j.r.members.isLeaving() {
			return err
		} else if j.r.passing.Load() && time.Since(begin) > passPatience {
			return err // the next pass takes it up
		}
		j.log.Error("what became of a run is not on record yet", "result", status, "error", err)
		time.Sleep(wait)
	}
}

// changing reports whether the run changes the world, or did.
func (j *job) changing() bool { return j.run.Status == Applying || j.run.Status == Interrupted }
