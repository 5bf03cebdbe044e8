package runner_test

import (
	"errors"
	"fmt"
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

// TestALostApplyIsHeld: of an apply that never says how it ended nobody knows what it made, so that what comes after a person decided
// is shown before it is applied. Who was sure, and why, is on record.
func TestALostApplyIsHeld(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		const sure = ", who made sure that nothing of it runs any more where replica elsewhere was: its machine burned"
		for verb, decide := range map[string]func(run int64, by runner.Decision) (string, error){
			"resume": func(run int64, by runner.Decision) (string, error) {
				next, err := d.do.Resume(t.Context(), run, by)
				d.recorded("resumed", "by anna"+sure)
				return next.Trigger, err
			},
			"discard": func(run int64, by runner.Decision) (string, error) {
				err := d.do.Discard(t.Context(), run, by)
				d.recorded("interruption settled", "by anna"+sure)
				return sure, err
			},
		} {
			d.update(func(tx runner.Tx) error {
				old, err := tx.Runs(runner.RunFilter{Workspace: app, Statuses: []runner.Status{runner.Queued}})
				for _, run := range old {
					run.Status = runner.Canceled
					err = errors.Join(err, tx.UpdateRun(run, runner.Queued))
				}
				return errors.Join(err, tx.PutWorkspace(runner.Workspace{ID: app, Repository: "infra", TargetDigest: "d", TargetCommit: "c"}))
			})
			run := d.run(runner.PurposeApply, runner.Planning, runner.Planned, runner.Ready, runner.Applying, runner.Interrupted)
			d.update(func(tx runner.Tx) error {
				from := run.Status
				run.Owner = "elsewhere"
				return errors.Join(tx.UpdateRun(run, from), tx.PutBlob(runner.BlobKey(run.ID, "apply"), []byte("{}")),
					tx.PutBlob(runner.BlobKey(run.ID, "plan"), []byte(`{"changes":[{"kind":"resource","address":"a.x","action":"create"}]}`)))
			})
			told, err := decide(run.ID, runner.Decision{Actor: anna, Reason: "its machine burned", Sure: true})
			rec, unread := d.workspace()
			if err != nil || unread != nil || !strings.HasSuffix(told, sure) {
				t.Errorf("%s: %q, %v, %v", verb, told, err, unread)
			}
			if len(rec.Prior.Made) != 1 || rec.Prior.Replaced == "" || rec.Prior.ReplacedAfter != run.ID {
				t.Errorf("%s: nothing holds what is planned next: %+v", verb, rec.Prior)
			}
		}
	})
}

// TestAnInterruptedRunIsNotApproved: nobody knows what it did, so whoever approves by habit is told to look first.
func TestAnInterruptedRunIsNotApproved(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		run := d.run(runner.PurposeApply, runner.Planning, runner.Planned, runner.Ready, runner.Applying, runner.Interrupted)
		next, err := d.do.Approve(t.Context(), run.ID, anna)
		d.refused(fmt.Sprintf("look at the resources and the state, then `driftless resume %d`", run.ID), err)
		if next.ID != 0 {
			t.Errorf("%+v", next)
		}
	})
}
