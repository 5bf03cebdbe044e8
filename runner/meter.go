package runner

import (
	"context"
	"time"
)

// Meter counts what a Runner does. Its methods are called by many at once, and return at once.
type Meter interface {
	// Polled counts a poll of a repository, with why it failed.
	Polled(repository string, err error)
	// GitFailed counts a git operation, such as "fetch", that did not work.
	GitFailed(repository, operation string)
	// Moved counts a run that has come to another status, which is on record.
	Moved(run Run)
	// Recorded counts an event of the history that this process recorded.
	Recorded(Event)
	// Took counts the time that a phase of a run took.
	Took(run Run, phase string, took time.Duration)
	// Used counts the most memory that a run's engine took at a time, with its providers, in bytes. Short runs are not counted.
	Used(run Run, bytes int64)
}

// unmetered is a Meter that counts nothing.
type unmetered struct{}

func (unmetered) Polled(string, error)            {}
func (unmetered) GitFailed(_, _ string)           {}
func (unmetered) Moved(Run)                       {}
func (unmetered) Recorded(Event)                  {}
func (unmetered) Took(Run, string, time.Duration) {}
func (unmetered) Used(Run, int64)                 {}

// moved counts what became of the runs of events that somebody else recorded.
func (r *Runner) moved(ctx context.Context, events []Event) {
	seen := map[int64]bool{}
	for _, e := range events {
		if e.RunID == 0 || seen[e.RunID] {
			continue
		}
		seen[e.RunID] = true
		if run, err := r.recorded(ctx, e.RunID); err == nil {
			r.opts.Meter.Moved(run)
		}
	}
}

func (r *Runner) recorded(ctx context.Context, id int64) (run Run, err error) {
	err = r.opts.Store.View(ctx, func(tx Tx) error {
		run, err = tx.Run(id)
		return err
	})
	return run, err
}
