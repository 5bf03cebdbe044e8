package runner

import (
	"context"
	"errors"
)

// Why a run that this process works on is stopped.
var (
	errSuperseded = errors.New("superseded by a newer commit")
	errShutdown   = errors.New("driftless is stopping")
)

// running registers the cancel function of a run that this process works on.
func (r *Runner) running(id int64, cancel context.CancelCauseFunc) (done func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cancels[id] = cancel
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.cancels, id)
	}
}

func (r *Runner) cancel(id int64, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel := r.cancels[id]; cancel != nil {
		cancel(why)
	}
}

func (r *Runner) cancelAll(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, cancel := range r.cancels {
		cancel(why)
	}
}
