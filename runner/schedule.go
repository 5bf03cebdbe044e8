package runner

import (
	"context"
	"errors"
	"hash/fnv"
	"sort"
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
		set := w.tracked.Load()
		if set == nil {
			continue
		}
		problems = append(problems, r.queueDrift(ctx, set, func(ws *workspaces.Workspace, rec Workspace, runs []Run) (time.Time, bool) {
			return driftDue(ws, rec, runs, now)
		}))
	}
	r.Wake()
	return errors.Join(problems...)
}

type dueFunc func(ws *workspaces.Workspace, rec Workspace, runs []Run) (time.Time, bool)

// queueDrift queues drift runs for the workspaces of a set that are due.
func (r *Runner) queueDrift(ctx context.Context, set *workspaces.Set, due dueFunc) error {
	type item struct {
		rec   Workspace
		since time.Time
	}
	return r.update(ctx, func(tx Tx, j *journal) error {
		var items []item
		for _, ws := range set.Workspaces {
			rec, err := tx.Workspace(ws.ID)
			if errors.Is(err, ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
			runs, err := tx.Runs(RunFilter{Workspace: ws.ID, Purposes: trackedPurposes, Limit: 10})
			if err != nil {
				return err
			}
			if since, ok := due(ws, rec, runs); ok {
				items = append(items, item{rec, since})
			}
		}
		sort.SliceStable(items, func(i, k int) bool { return items[i].since.Before(items[k].since) })
		for _, it := range items {
			if _, err := insertDrift(j, it.rec, "schedule", ""); err != nil {
				return err
			}
		}
		return nil
	})
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
