package runner

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// work claims and executes runs until ctx is done, as many at a time as the configuration allows.
func (r *Runner) work(ctx context.Context) {
	var group sync.WaitGroup
	for _, follow := range r.takeAdopted() {
		group.Go(func() {
			defer r.Wake()
			follow()
		})
	}
	slots := newSlots(r.limit)
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for slot := range slots.take(ctx) {
		run, ok := r.claim(ctx)
		if !ok {
			slot.leave()
			select {
			case <-ctx.Done():
			case <-r.wake:
			case <-tick.C:
			}
			continue
		}
		execute := r.begin(ctx, run, slot)
		group.Go(func() {
			defer r.Wake()
			defer slot.leave()
			execute()
		})
	}
	r.cancelAll(errShutdown)
	group.Wait()
}

// drain executes runs until none can be claimed, and returns how many it executed.
func (r *Runner) drain(ctx context.Context) int {
	var done atomic.Int64
	var group sync.WaitGroup
	slots := newSlots(r.limit)
	finished := make(chan struct{}, 1)
	for slot := range slots.take(ctx) {
		run, ok := r.claim(ctx)
		if ok {
			done.Add(1)
			execute := r.begin(ctx, run, slot)
			group.Go(func() {
				execute()
				slot.leave()
				select {
				case finished <- struct{}{}:
				default:
				}
			})
			continue
		}
		slot.leave()
		if slots.idle() {
			break
		}
		select {
		case <-finished: // a finished run may have freed one that waited for it
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		r.cancelAll(errShutdown)
	}
	group.Wait()
	return int(done.Load())
}
