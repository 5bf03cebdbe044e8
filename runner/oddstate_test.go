package runner

import (
	"strings"
	"testing"
)

// TestRightState names the commands that work where the state is.
func TestRightState(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		managed, replaced bool
		with, without     string
	}{
		"discarded, driftless keeps it": {true, true, "`driftless state rollback r//a VERSION`", "backend"},
		"discarded, a backend keeps it": {false, true, "`driftless state push r//a FILE`), or add `import` blocks", "rollback"},
		"lost, driftless keeps it":      {true, false, "or mend the backend block", "\n"},
		"lost, a backend keeps it":      {false, false, "or mend the backend block", "rollback"},
	} {
		if got := rightState("r//a", c.managed, c.replaced); !strings.Contains(got, c.with) || strings.Contains(got, c.without) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
