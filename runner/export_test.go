package runner

import (
	"context"
	"errors"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// What benchmarks and tests outside use. They stand outside of the package, because the store does.

// ReportOf brings the reports up to date that show a run.
func (r *Runner) ReportOf(ctx context.Context, run Run) error { return r.reportOf(ctx, run) }

// Report brings the report of a pull request up to date.
func (r *Runner) Report(ctx context.Context, pullID int64) error { return r.report(ctx, pullID) }

// Claim takes the next run of the queue.
func (r *Runner) Claim(ctx context.Context) (Run, bool) { return r.claim(ctx) }

// Drop lets a run go that was taken from the queue.
func (r *Runner) Drop(id int64) { r.members.drop(id) }

// Uses notes that a run is under way here which takes so much memory.
func (r *Runner) Uses(run Run, bytes int64) (end func() int64) {
	end = r.memory.begin(run)
	r.memory.note(map[int64]int64{run.ID: bytes})
	return end
}

// Track makes a set what the tracked branch of every repository wants.
func (r *Runner) Track(set *workspaces.Set) {
	for _, w := range r.watching.all() {
		w.tracked.Store(set)
	}
}

// QueueDueDrift queues the drift checks that are due.
func (r *Runner) QueueDueDrift(ctx context.Context) error { return r.queueDueDrift(ctx, time.Now()) }

// Look reconciles every repository with what its last poll saw.
func (r *Runner) Look(ctx context.Context) (problems error) {
	for _, w := range r.watching.all() {
		problems = errors.Join(problems, w.reconcile(ctx))
	}
	return problems
}

// Maintain tidies the mirror of every repository.
func (r *Runner) Maintain(ctx context.Context, grace time.Duration) (problems error) {
	for _, w := range r.watching.all() {
		problems = errors.Join(problems, w.maintain(ctx, grace))
	}
	return problems
}

// WorkDir is where the engine of a workspace works.
func WorkDir(dataDir string, id workspaces.ID) string { return workDir(dataDir, id) }

// Undecided refuses to take the lock of an interrupted run by a comment.
func Undecided(tx Tx, id workspaces.ID) error { return undecided(tx, id) }

// MarkPushed is what an order does whose state is pushed.
func MarkPushed(tx Tx, run Run, force bool) error {
	return markPushed(&journal{tx: tx}, run, stateOrder{Force: force})
}

// TakeOver takes over what lies about.
func TakeOver(ctx context.Context, r *Runner) error { return r.members.takeOver(ctx) }

// FollowApply goes along with an apply that an earlier process began, to its end.
func FollowApply(r *Runner, run Run) error {
	follow, err := r.adopt(context.Background(), run)
	if err == nil {
		follow()
	}
	return err
}

// Remembered is what is remembered of the pull requests that are open, by key: the same value as before where nothing was looked at anew.
func (r *Runner) Remembered() map[string]any {
	all := map[string]any{}
	for _, w := range r.watching.all() {
		for key, t := range w.touched {
			all[key] = t
		}
	}
	return all
}

// StateWaitsOf says which state of a workspace waits for a person.
func StateWaitsOf(tx Tx, dataDir string, id workspaces.ID) (string, error) {
	return (&Commander{DataDir: dataDir}).stateWaits(tx, id)
}

// Showing are the pull requests whose reports are made anew for a run.
func (r *Runner) Showing(ctx context.Context, run Run) (pulls []int64, err error) {
	err = r.opts.Store.View(ctx, func(tx Tx) (err error) {
		pulls, err = showing(tx, run)
		return err
	})
	return pulls, err
}
