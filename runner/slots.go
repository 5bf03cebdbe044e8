package runner

import (
	"context"
	"iter"
	"sync"
)

// slots are room for runs: as many as the configuration allows have engines at work, and as many again record and report what
// theirs did, so that no engine waits for the database.
type slots struct{ engines, all chan struct{} }

// slot is the room of one run.
type slot struct {
	of      *slots
	resting sync.Once
}

func newSlots(runs int) *slots {
	return &slots{engines: make(chan struct{}, runs), all: make(chan struct{}, 2*runs)}
}

// take waits for room for one run more, again and again until ctx is done.
func (s *slots) take(ctx context.Context) iter.Seq[*slot] {
	return func(yield func(*slot) bool) {
		for {
			one := s.one(ctx)
			if one == nil || !yield(one) {
				return
			}
		}
	}
}

// one waits for room for one run more; nil: ctx is done.
func (s *slots) one(ctx context.Context) *slot {
	for _, room := range []chan struct{}{s.all, s.engines} {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return &slot{of: s}
}

// idle reports whether no run has room.
func (s *slots) idle() bool { return len(s.all) == 0 }

// rest says that the run starts no engine any more.
func (s *slot) rest() { s.resting.Do(func() { <-s.of.engines }) }

// leave gives all of the room back.
func (s *slot) leave() {
	s.rest()
	<-s.of.all
}
