package runner

import (
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
)

// TestBefore: forges tell the second of a comment, and what it is about may have been shown in that same second.
func TestBefore(t *testing.T) {
	t.Parallel()
	written := time.Date(2026, 1, 1, 0, 0, 5, 0, time.UTC)
	h := &hearing{c: forge.Comment{Created: written}}
	for shown, want := range map[time.Duration]bool{-time.Second: false, 0: false, 900 * time.Millisecond: false, time.Second: true, 5 * time.Second: true} {
		if got := h.before(written.Add(shown)); got != want {
			t.Errorf("%s after it was written: %v", shown, got)
		}
	}
}
