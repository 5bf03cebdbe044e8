package runner

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"time"

	"github.com/adhocore/gronx"

	"github.com/driftlessops/driftless/workspaces"
)

// nextCheck is when a workspace's drift is to be checked next; zero: never. Without a schedule that is shortly before its
// freshness window ends. Each workspace has its own offset of at most a tenth of the period and five minutes, so that a whole estate
// does not start at the same second.
func nextCheck(ws *workspaces.Workspace, rec Workspace) time.Time {
	last := rec.CheckedAt
	if ws.DriftSchedule == "" {
		if ws.Freshness <= 0 {
			return time.Time{}
		}
		return last.Add(ws.Freshness * 8 / 10).Add(offset(ws.ID, ws.Freshness))
	}
	next, err := gronx.NextTickAfter(ws.DriftSchedule, last.UTC(), false)
	if err != nil {
		return time.Time{}
	}
	after, err := gronx.NextTickAfter(ws.DriftSchedule, next, false)
	if err != nil {
		return next
	}
	return next.Add(offset(ws.ID, after.Sub(next)))
}

func offset(id workspaces.ID, period time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	span := min(period/10, 5*time.Minute)
	return time.Duration(float64(span) * float64(h.Sum32()) / (1 << 32))
}

// schedule queues drift checks as they fall due, until ctx is done.
func (r *Runner) schedule(ctx context.Context) {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		if err := r.queueDueDrift(ctx, time.Now()); err != nil && ctx.Err() == nil {
			r.log.Error("drift schedule", "error", err)
		}
		r.endOrphans()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// queueDueDrift queues a drift run for every workspace whose check is due, oldest first.
func (r *Runner) queueDueDrift(ctx context.Context, now time.Time) error {
	var problems []error
	for _, w := range r.leading() {
		if set := w.tracked.Load(); set != nil {
			if err := w.queueDrift(ctx, set, now); !errors.Is(err, errNotLeading) { // else whoever leads now does it
				problems = append(problems, err)
			}
		}
	}
	return errors.Join(problems...)
}

// driftBatch is how many checks are queued in one transaction.
const driftBatch = 50

// queueDrift looks which workspaces of a set are due while others write, and queues their runs after it looked again, alone.
func (w *watcher) queueDrift(ctx context.Context, set *workspaces.Set, now time.Time) error {
	var due []*workspaces.Workspace
	err := w.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		due, err = w.due(tx, set, now)
		return err
	})
	if err != nil || len(due) == 0 {
		return err
	}
	defer w.r.Wake()
	for batch := range slices.Chunk(due, driftBatch) {
		err := w.update(ctx, func(tx Tx, j *journal) error {
			for _, ws := range batch {
				rec, _, ok, err := driftDueOf(tx, ws, now)
				if err == nil && ok {
					_, err = insertDrift(j, rec, "schedule", "")
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// due are the workspaces of a set whose check is due, oldest first. Runs put a check off and never bring it on, so those of
// workspaces are read only that are due without them.
func (w *watcher) due(tx Tx, set *workspaces.Set, now time.Time) (due []*workspaces.Workspace, err error) {
	known, err := remember(tx, WorkspaceFilter{Repository: w.conf.Name})
	if err != nil {
		return nil, err
	}
	at := map[workspaces.ID]time.Time{}
	for _, ws := range set.Workspaces {
		rec, ok := known.records[ws.ID]
		if !ok {
			continue
		} else if _, may := driftDue(ws, rec, nil, now); !may {
			continue
		}
		_, since, ok, err := driftDueOf(known, ws, now)
		if err != nil {
			return nil, err
		} else if ok {
			at[ws.ID] = since
			due = append(due, ws)
		}
	}
	slices.SortStableFunc(due, func(a, b *workspaces.Workspace) int { return at[a.ID].Compare(at[b.ID]) })
	return due, nil
}

// driftDueOf is driftDue for what is on record of a workspace.
func driftDueOf(tx Tx, ws *workspaces.Workspace, now time.Time) (rec Workspace, since time.Time, due bool, err error) {
	rec, err = tx.Workspace(ws.ID)
	if errors.Is(err, ErrNotFound) {
		return rec, since, false, nil
	} else if err != nil {
		return rec, since, false, err
	}
	runs, err := tx.Runs(RunFilter{Workspace: ws.ID, Purposes: trackedPurposes, Limit: 10})
	since, due = driftDue(ws, rec, runs, now)
	return rec, since, due, err
}

var trackedPurposes = []Purpose{PurposeApply, PurposeDrift, PurposeDestroy}

// insertDrift queues the drift run of one workspace.
func insertDrift(j *journal, rec Workspace, trigger, actor string) (Run, error) {
	run := Run{
		Repository: rec.Repository, Workspace: rec.ID, Purpose: PurposeDrift, Status: Queued, Actor: actor,
		Commit: rec.AppliedCommit, Tree: rec.AppliedTree, Base: rec.AppliedCommit, InputDigest: rec.AppliedDigest,
		Trigger: trigger, CreatedAt: now(),
	}
	if err := j.tx.InsertRun(&run); err != nil {
		return run, err
	}
	return run, j.run("run queued", run, "drift check: "+trigger)
}

// now is the time as the store keeps it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
