package runner

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"
)

// TestSlots: no more runs have engines at work than are allowed; as many again record what theirs did, and no more begin until one has.
func TestSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := newSlots(2)
		next, stop := iter.Pull(s.take(ctx))
		var got []*slot
		ended := false
		more := make(chan struct{})
		go func() {
			defer close(more)
			for {
				one, ok := next()
				if !ok {
					ended = true
					return
				}
				got = append(got, one)
			}
		}()
		begun := func(want int, when string) {
			t.Helper()
			if synctest.Wait(); len(got) != want {
				t.Errorf("%d have begun %s", len(got), when)
			}
		}
		begun(2, "at first")
		got[0].rest()
		got[0].rest()
		begun(3, "when one records")
		got[1].rest()
		begun(4, "when two record")
		got[2].rest()
		begun(4, "when three record: as many as may")
		got[0].leave()
		begun(5, "when one has")
		got[1].leave()
		begun(5, "while two work and one records")
		for _, one := range got[2:] {
			one.leave()
		}
		begun(7, "when all have")
		if s.idle() {
			t.Error("nobody works, it says")
		}
		cancel()
		got[5].leave()
		got[6].leave()
		<-more
		if stop(); !ended || len(got) > 8 {
			t.Errorf("%d have begun in the end", len(got))
		}
	})
}
