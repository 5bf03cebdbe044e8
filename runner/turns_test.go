package runner

import (
	"sync/atomic"
	"testing"
)

// TestTurns asks for what takes a while, again and again: one waits for it, who will see all that the others would.
func TestTurns(t *testing.T) {
	t.Parallel()
	var queue turns
	release, mine := queue.take("1")
	if !mine {
		t.Fatal("the first does not get it")
	}
	if other, mine := queue.take("2"); !mine {
		t.Error("one waits for what has another key")
	} else {
		other()
	}
	var took, left atomic.Int64
	ended := make(chan bool)
	for range 50 {
		go func() {
			done, mine := queue.take("1")
			if mine {
				took.Add(1)
				done()
			} else if left.Add(1) == 49 {
				release()
			}
			ended <- true
		}()
	}
	for range 50 {
		<-ended
	}
	if took.Load() != 1 {
		t.Errorf("%d waited", took.Load())
	}
}
