package runner

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// claimable are queued runs that something is to be written of, up to the first that may start, if there is one; full says that it
// waits for memory. Those that were looked at are left out.
func (r *Runner) claimable(ctx context.Context, looked map[int64]bool) (ids []int64, full bool, err error) {
	err = r.opts.Store.View(ctx, func(tx Tx) error {
		ids, full = nil, false
		c, err := r.look(tx)
		if err != nil {
			return err
		}
		for _, purposes := range priorities {
			found, err := c.claimable(purposes, looked, &ids)
			if full = c.full; err != nil || found || len(ids) >= claimBatch {
				return err
			}
		}
		return nil
	})
	return ids, full, err
}

// candidates is a look at the runs that wait, in one transaction, until one of them is taken.
type candidates struct {
	r    *Runner
	tx   *remembering
	at   time.Time // by the store's clock
	busy *busy     // what is under way; nil: nobody asked yet
	used []int     // of each limit; nil: nobody asked yet

	reserved bool // the first run that waits for a limit has what it can have

	room    int64 // for what is begun now, as far as memory is limited
	limited bool
	full    bool // who is in turn waits for memory, and nobody overtakes: others would take what becomes free, again and again
}

func (r *Runner) look(tx Tx) (*candidates, error) {
	at, err := tx.Clock()
	c := &candidates{r: r, at: at, tx: &remembering{Tx: tx, records: map[workspaces.ID]Workspace{}}}
	c.room, c.limited = r.memory.room()
	return c, err
}

// fits reports whether there is memory for a run here.
func (c *candidates) fits(run Run) bool {
	return run.Purpose.order() || c.r.memory.fits(run, c.room, c.limited)
}

// underWay is what is under way.
func (c *candidates) underWay() (*busy, error) {
	if c.busy == nil {
		runs, err := c.tx.UnderWay()
		if err != nil {
			return nil, err
		}
		c.busy = newBusy(runs)
	}
	return c.busy, nil
}

// waits reports whether a run must wait for another one to let its workspace go.
func (c *candidates) waits(run Run) (bool, error) {
	if run.Purpose == PurposePlan {
		return false, nil
	}
	now, err := c.underWay()
	return err == nil && now.held[run.Workspace], err
}

// claimable appends the runs for some purposes that something is to be written of, and reports whether one was found that may start,
// unless it waits for memory. The first in turn may, most of the time.
func (c *candidates) claimable(purposes []Purpose, looked map[int64]bool, ids *[]int64) (found bool, err error) {
	queue, err := c.tx.Queue(purposes, true)
	if err != nil || len(queue) == 0 {
		return false, err
	}
	if err := c.inTurn(queue, purposes); err != nil {
		return false, err
	}
	first := queue[:1]
	if found, err = c.among(first, looked, ids); err != nil || found {
		return found, err
	}
	if queue, err = c.tx.Queue(purposes, false); err != nil || len(queue) == 1 {
		return false, err
	}
	if err := c.inTurn(queue, purposes); err != nil {
		return false, err
	}
	for page := range slices.Chunk(queue[1:], claimBatch) {
		if found, err = c.among(page, looked, ids); err != nil || found || len(*ids) >= claimBatch {
			return found, err
		}
	}
	return false, nil
}

// inTurn sorts queued runs of some purposes in the order in which they start.
func (c *candidates) inTurn(queue []Waiting, purposes []Purpose) error {
	if len(queue) < 2 {
		return nil
	}
	now, err := c.underWay()
	if err != nil {
		return err
	}
	var own []Run
	for _, run := range now.runs {
		if c.r.members.own(run) && slices.Contains(purposes, run.Purpose) {
			own = append(own, run)
		}
	}
	c.r.served.inTurn(queue, own)
	return nil
}

// among is claimable of some queued runs, in their order.
func (c *candidates) among(queue []Waiting, looked map[int64]bool, ids *[]int64) (found bool, err error) {
	runs, err := c.read(queue, looked)
	if err != nil {
		return false, err
	}
	for _, run := range runs {
		may, reason, err := c.mayStart(run)
		held, failed := c.waits(run)
		switch err = errors.Join(err, failed); {
		case err != nil:
			c.r.unclaimed(run, err)
		case may && !held && !putOff(run, c.at) && !c.r.leaves(run.ID):
			c.full = !c.fits(run)
			if !c.full || run.Reason != waitsForMemory {
				*ids = append(*ids, run.ID)
			}
			return true, nil
		case !may && reason != run.Reason:
			*ids = append(*ids, run.ID)
		}
	}
	return false, nil
}

// read reads queued runs, in their order, and the records of their workspaces. Those that were looked at are left out.
func (c *candidates) read(queue []Waiting, looked map[int64]bool) ([]Run, error) {
	var ids []int64
	place := map[int64]int{}
	for i, w := range queue {
		if !looked[w.ID] && !c.r.members.worksOn(w.ID) {
			ids, place[w.ID] = append(ids, w.ID), i
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	runs, err := c.tx.Runs(RunFilter{IDs: ids})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(runs, func(a, b Run) int { return place[a.ID] - place[b.ID] })
	return runs, c.remember(runs)
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
