package runner_test

import (
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// TestNobodyTakesWhatIsPutOff: a run waits by its record, whichever process put it off, and one that was started since.
func TestNobodyTakesWhatIsPutOff(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	e.update(func(tx runner.Tx) error {
		return tx.PutPull(&runner.Pull{Repository: "infra", Key: "1", State: runner.Open})
	})
	for _, test := range []struct {
		name  string
		wait  time.Duration
		taken bool
	}{
		{"waits", time.Hour, false},
		{"waited", -time.Second, true},
		{"put off by a clock that went back", 3 * time.Hour, true},
		{"never put off", 0, true},
	} {
		run := runner.Run{Repository: "infra", Workspace: "infra//a", Purpose: runner.PurposePlan, PullID: 1, Status: runner.Queued}
		if test.wait != 0 {
			run.NotBefore = time.Now().Add(test.wait)
		}
		e.update(func(tx runner.Tx) error { return tx.InsertRun(&run) })
		claimed, ok := e.r.Claim(t.Context())
		if ok != test.taken || ok && (claimed.ID != run.ID || !claimed.NotBefore.IsZero()) {
			t.Errorf("%s: took %t, %d not before %s", test.name, ok, claimed.ID, claimed.NotBefore)
		}
	}
}
