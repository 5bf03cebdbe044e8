package runner_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// TestAReplicaThatDoesNotAnswer: its apply may still be going on where it was, so nobody decides about it who does not say that
// they made sure. About one that said how its apply ended anybody decides.
func TestAReplicaThatDoesNotAnswer(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		run := runner.Run{Repository: "infra", Workspace: app, Purpose: runner.PurposeApply, Status: runner.Queued, InputDigest: "d", CreatedAt: time.Now().UTC()}
		d.update(func(tx runner.Tx) error { return tx.InsertRun(&run) })
		d.update(func(tx runner.Tx) (err error) {
			run.Owner = "elsewhere"
			for _, next := range []runner.Status{runner.Planning, runner.Planned, runner.Ready, runner.Applying, runner.Interrupted} {
				from := run.Status
				run.Status = next
				err = errors.Join(err, tx.UpdateRun(run, from))
			}
			return errors.Join(err, tx.PutBlob(runner.BlobKey(run.ID, "apply"), []byte("{}")))
		})
		_, resumed := d.do.Resume(t.Context(), run.ID, runner.Decision{Actor: anna})
		_, approved := d.do.Approve(t.Context(), run.ID, anna)
		for verb, err := range map[string]error{"resume": resumed, "approve": approved, "discard": d.do.Discard(t.Context(), run.ID, runner.Decision{Actor: anna})} {
			if err == nil || !strings.Contains(err.Error(), "does not answer") || !strings.Contains(err.Error(), "--force") {
				t.Errorf("%s: %v", verb, err)
			}
		}
		if err := d.do.Discard(t.Context(), run.ID, runner.Decision{Actor: anna, Reason: "its machine burned", Sure: true}); err != nil {
			t.Error(err)
		}
		d.recorded("interruption settled", "its machine burned")
	})
}
