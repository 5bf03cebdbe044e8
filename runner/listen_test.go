package runner

import (
	"crypto/sha256"
	"testing"

	"github.com/driftlessops/driftless/runner/forge"
)

// TestACommentThatAsksForNothingIsReadOnce reads one that is known, with a watcher that has nothing to do anything with.
func TestACommentThatAsksForNothingIsReadOnce(t *testing.T) {
	t.Parallel()
	c := forge.Comment{ID: 7, Key: "1", Body: "driftless plan is fine, I think"}
	again := forge.Comment{ID: 8, Key: "1"}
	w := &watcher{silent: map[int64][sha256.Size]byte{7: sha256.Sum256([]byte(c.Body)), 8: {}}, strangers: newStrangers()}
	if err := w.hear(t.Context(), c, false); err != nil {
		t.Error(err)
	}
	w.forgetHeard([]forge.Comment{again})
	if len(w.silent) != 1 {
		t.Errorf("remembered for ever: %v", w.silent)
	}
}
