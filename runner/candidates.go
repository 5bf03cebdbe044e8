package runner

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// claimable are queued runs that something is to be written of, up to the first that may start, if there is one. Those that were
// looked at are left out.
func (r *Runner) claimable(ctx context.Context, looked map[int64]bool) (ids []int64, err error) {
	err = r.opts.Store.View(ctx, func(tx Tx) error {
		ids = nil
		at, err := tx.Clock()
		if err != nil {
			return err
		}
		c := &candidates{r: r, at: at, tx: &remembering{Tx: tx, records: map[workspaces.ID]Workspace{}}}
		for _, purposes := range priorities {
			found, err := c.claimable(purposes, looked, &ids)
			if err != nil || found || len(ids) >= claimBatch {
				return err
			}
		}
		return nil
	})
	return ids, err
}

// candidates is a look at the runs that wait.
type candidates struct {
	r    *Runner
	tx   *remembering
	at   time.Time              // by the store's clock
	held map[workspaces.ID]bool // workspaces that a run holds; nil: nobody asked yet
}

// waits reports whether a run must wait for another one to let its workspace go.
func (c *candidates) waits(run Run) (bool, error) {
	if run.Purpose == PurposePlan {
		return false, nil
	}
	if c.held == nil {
		runs, err := c.tx.Runs(RunFilter{Statuses: []Status{Planning, Planned, Ready, Applying}, Purposes: holders})
		if err != nil {
			return false, err
		}
		c.held = map[workspaces.ID]bool{}
		for _, other := range runs {
			c.held[other.Workspace] = true
		}
	}
	return c.held[run.Workspace], nil
}

// holders are the purposes whose runs hold their workspace while they are worked on.
var holders = []Purpose{PurposeApply, PurposeDrift, PurposeDestroy, PurposePush, PurposeUnlock}

// claimable appends the runs for some purposes that something is to be written of, and reports whether the last of them may start.
func (c *candidates) claimable(purposes []Purpose, looked map[int64]bool, ids *[]int64) (found bool, err error) {
	for last, limit := int64(0), fewRuns; len(*ids) < claimBatch; limit = claimBatch {
		runs, err := c.tx.Runs(RunFilter{Purposes: purposes, Statuses: []Status{Queued}, After: last, Oldest: true, Limit: limit})
		if err != nil || len(runs) == 0 {
			return false, err
		}
		last = runs[len(runs)-1].ID
		runs = slices.DeleteFunc(runs, func(run Run) bool { return looked[run.ID] || c.r.members.worksOn(run.ID) })
		if err := c.remember(runs); err != nil {
			return false, err
		}
		for _, run := range runs {
			may, reason, err := c.r.mayStart(c.tx, run)
			held, failed := c.waits(run)
			switch err = errors.Join(err, failed); {
			case err != nil:
				c.r.unclaimed(run, err)
			case may && !held && !putOff(run, c.at) && !c.r.leaves(run.ID):
				*ids = append(*ids, run.ID)
				return true, nil
			case !may && reason != run.Reason:
				*ids = append(*ids, run.ID)
			}
		}
	}
	return false, nil
}

// remember reads the records of the workspaces of runs at once.
func (c *candidates) remember(runs []Run) error {
	var ids []workspaces.ID
	for _, run := range runs {
		if _, known := c.tx.records[run.Workspace]; !known {
			ids = append(ids, run.Workspace)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	all, err := c.tx.Workspaces(WorkspaceFilter{IDs: ids})
	for _, rec := range all {
		c.tx.records[rec.ID] = rec
	}
	return err
}
