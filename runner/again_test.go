package runner

import (
	"testing"
	"time"
)

// TestReconcilingIsSpaced: applies that end one after the other do not each ask for reconciling at once, and the last one does not wait
// for a second that was for the others.
func TestReconcilingIsSpaced(t *testing.T) {
	t.Parallel()
	w, ended := &watcher{}, time.Now()
	after := func(took time.Duration) time.Duration { return w.again(ended, took).Sub(ended) }
	if got := after(40 * time.Millisecond); got != 120*time.Millisecond {
		t.Errorf("%s while nothing is at work", got)
	}
	w.applies(Run{Purpose: PurposePlan}, 1)
	if got := after(40 * time.Millisecond); got != 120*time.Millisecond {
		t.Errorf("%s while a pull request is planned", got)
	}
	w.applies(Run{Purpose: PurposeApply}, 1)
	if got := after(40 * time.Millisecond); got != time.Second {
		t.Errorf("%s while an apply is at work", got)
	}
	if got := after(time.Second); got != 10*time.Second {
		t.Errorf("%s where it takes long", got)
	}
	w.applies(Run{Purpose: PurposeApply}, -1)
	if got := after(40 * time.Millisecond); got != 120*time.Millisecond {
		t.Errorf("%s when the last has ended", got)
	}
	(*watcher)(nil).applies(Run{Purpose: PurposeApply}, 1) // of a repository that is not watched any more
}
