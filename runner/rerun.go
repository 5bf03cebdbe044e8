package runner

import (
	"context"
	"slices"
	"sync"

	"github.com/driftlessops/driftless/runner/forge"
)

// mostDeliveries is how many webhooks that asked for something are remembered.
const mostDeliveries = 100

// deliveries are those of the last webhooks that had an effect of their own.
type deliveries struct {
	mu  sync.Mutex // one at a time
	ids []string
}

// once has an effect, unless the same delivery had it before.
func (d *deliveries) once(id string, effect func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if id != "" && slices.Contains(d.ids, id) {
		return nil
	}
	if err := effect(); err != nil {
		return err
	}
	d.ids = append(d.ids, id)
	d.ids = d.ids[max(0, len(d.ids)-mostDeliveries):]
	return nil
}

// rerun plans the pull requests with a head again. Who can ask the forge for that may write to the repository.
func (w *watcher) rerun(ctx context.Context, hook forge.Hook) error {
	var stop []int64
	err := w.r.update(ctx, func(tx Tx, j *journal) error {
		stop = nil
		pulls, err := tx.Pulls(PullFilter{Repository: w.conf.Name, Head: hook.Rerun, State: Open})
		if err != nil {
			return err
		}
		for _, p := range pulls {
			runs, err := tx.Runs(RunFilter{PullID: p.ID, Purposes: []Purpose{PurposePlan}})
			if err != nil {
				return err
			}
			runs = slices.DeleteFunc(runs, func(r Run) bool { return r.Status == Superseded || r.Status == Queued })
			if err := supersede(j, runs, "because "+orElse(hook.By, "somebody")+" asked to run the check again", &stop); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range stop {
		w.r.cancel(id, errSuperseded)
	}
	w.dirty.Store(true)
	return nil
}
