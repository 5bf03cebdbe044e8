package runner

import (
	"context"
	"errors"
	"time"
)

// readyTime is how long the database may take to answer until this process is not ready.
const readyTime = 3 * time.Second

// Unready says in a few words each what keeps this process from its work; nothing when it is ready. Forges and remotes have no part
// in it: no other process would reach them better. The words are for anybody; the log says more.
func (r *Runner) Unready(ctx context.Context) (why []string) {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	err := r.opts.Store.View(ctx, func(tx Tx) error {
		if _, err := tx.Repository(""); !errors.Is(err, ErrNotFound) {
			return err
		}
		return nil
	})
	if err != nil {
		r.log.Debug("not ready", "error", err)
		why = append(why, "the database does not answer")
	}
	if !r.recovered.Load() {
		why = append(why, "what an earlier process left is not taken up yet")
	}
	if r.stopping.Load() {
		why = append(why, "it is stopping: an apply is finished, nothing new is begun")
	} else if err := r.Lease(); err != nil {
		why = append(why, "it holds no lease")
	}
	return why
}
