package policy

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"time"
)

// heapWatch stops evaluations while which the heap of the process grows too much: opa bounds no memory, and a policy such
// as numbers.range(1, 3e8) would end the process. Go does not say who allocates, so that of several evaluations the one
// that has run longest is stopped first; policies take seconds at most, and a stopped one blocks its plan only.
type heapWatch struct {
	growth uint64 // in bytes, how much the heap may grow while an evaluation runs

	mu      sync.Mutex
	running []*watched // the oldest first
	looking bool
	patient int // looks to wait for what was stopped
}

type watched struct {
	from    uint64 // size of the heap when it began
	cancel  context.CancelCauseFunc
	stopped bool
}

// heap watches every evaluation of the process.
var heap = &heapWatch{growth: 1 << 30}

const (
	lookEvery = 20 * time.Millisecond
	patience  = 50 // looks, a second
)

// watch returns a context that ends when the heap has grown too much, with the reason as its cause. The caller calls done.
func (h *heapWatch) watch(ctx context.Context) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watched{from: heapSize(), cancel: cancel}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = append(h.running, w)
	if !h.looking {
		h.looking = true
		go h.look()
	}
	return ctx, func() {
		cancel(nil)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.running = slices.DeleteFunc(h.running, func(other *watched) bool { return other == w })
		if w.stopped {
			h.patient = 0
		}
	}
}

// look checks the heap until nothing runs.
func (h *heapWatch) look() {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for range ticker.C {
		if h.idle() {
			return
		}
		if h.grown() != nil {
			runtime.GC() // much of it may be garbage
			h.stop(h.grown())
		}
	}
}

func (h *heapWatch) idle() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.looking = len(h.running) > 0
	h.patient = max(0, h.patient-1)
	return !h.looking
}

// grown returns the oldest evaluation since whose start the heap has grown too much, nil for none.
func (h *heapWatch) grown() *watched {
	size := heapSize()
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.running, func(w *watched) bool { return !w.stopped && size > w.from+h.growth })
	if i < 0 || h.patient > 0 {
		return nil
	}
	return h.running[i]
}

func (h *heapWatch) stop(w *watched) {
	if w == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	w.stopped, h.patient = true, patience
	w.cancel(fmt.Errorf("the policies need more than %d MiB of memory", h.growth>>20))
}

// heapSize is the size of all objects, dead ones included until they are collected.
func heapSize() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
