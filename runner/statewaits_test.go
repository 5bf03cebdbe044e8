package runner_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

// TestAStateThatWaits: nothing is applied to a workspace, and nothing approved, before a state that waits was pushed or settled,
// wherever it is kept; and what is held is planned again when one came or went.
func TestAStateThatWaits(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		set := func(change func(w *runner.Workspace)) {
			t.Helper()
			d.update(func(tx runner.Tx) error {
				rec, err := tx.Workspace(app)
				change(&rec)
				return errors.Join(err, tx.PutWorkspace(rec))
			})
		}
		set(func(w *runner.Workspace) { w.TargetDigest, w.Backend = "d", "" })
		d.keep(2, "second")
		waits := func(want ...string) {
			t.Helper()
			d.update(func(tx runner.Tx) error {
				why, err := runner.StateWaitsOf(tx, d.do.DataDir, app)
				other, failed := runner.StateWaitsOf(tx, d.do.DataDir, "infra//other")
				for _, w := range want {
					if !strings.HasPrefix(why, runner.StateWaits) || !strings.Contains(why, w) {
						t.Errorf("%q, want %q", why, w)
					}
				}
				if len(want) == 0 && why != "" || other != "" {
					t.Errorf("%q, of another %q", why, other)
				}
				return errors.Join(err, failed)
			})
		}
		approve := func(id int64) error {
			_, err := d.do.Approve(t.Context(), id, anna)
			return err
		}
		waits()

		for _, backend := range []string{"local", ""} {
			set(func(w *runner.Workspace) { w.Backend = backend })
			failed := d.run(runner.PurposeApply, runner.Planning, runner.Failed)
			d.update(func(tx runner.Tx) error {
				return tx.PutBlob(fmt.Sprintf("rescued/%d/errored.tfstate", failed.ID), state(3, "l", "third"))
			})
			look, push, settle := fmt.Sprintf("`driftless state pull --run %d`", failed.ID), fmt.Sprintf("`driftless state push --run %d`", failed.ID), fmt.Sprintf("`driftless state settle %d`", failed.ID)
			waits(look, push, settle)
			d.refused(push, approve(failed.ID))
			held := d.run(runner.PurposeApply, runner.Planning, runner.Planned, runner.Held)
			d.refused(settle, approve(held.ID))
			if backend != "" {
				if err := d.do.SettleRescued(t.Context(), failed.ID, "imported", anna); err != nil {
					t.Fatal(err)
				}
			} else if _, _, err := d.do.PushState(t.Context(), runner.StatePush{RunID: failed.ID}, anna); err != nil {
				t.Fatal(err)
			}
			waits()
			if rec, err := d.workspace(); err != nil || rec.Prior.ReplacedAfter != held.ID {
				t.Errorf("what is held is not planned again: %+v, %v", rec.Prior, err)
			}
			if err := approve(held.ID); err != nil {
				t.Error(err)
			}
		}

		// What an apply left that is not on record, as after a restore.
		kept := filepath.Join(d.do.DataDir, "rescued", "9009-apply")
		if err := errors.Join(os.MkdirAll(filepath.Join(kept, "states"), 0o700),
			os.WriteFile(filepath.Join(kept, "order.json"), fmt.Appendf(nil, `{"Run":9009,"State":{"Workspace":%q}}`, app), 0o600),
			os.WriteFile(filepath.Join(kept, "states", "00000001"), state(7, "l", "seventh"), 0o600)); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(kept, "states", "00000001")
		push := fmt.Sprintf("`driftless state push %s %s`", app, file)
		waits(push, "`driftless state settle 9009`")
		d.refused(push, approve(d.run(runner.PurposeApply, runner.Planning, runner.Failed).ID))
		all, err := d.do.Rescued(t.Context())
		if one := all[len(all)-1]; err != nil || one.Workspace != app || one.Serial != 7 || one.Lineage != "l" || !one.Waiting || !strings.Contains(one.Continues, push) {
			t.Errorf("%+v, %v", one, err)
		}
		if _, _, err := d.do.PushState(t.Context(), runner.StatePush{Workspace: app, Content: state(7, "l", "seventh")}, anna); err != nil {
			t.Fatal(err)
		}
		waits() // a version is the same
		if err := os.WriteFile(file, state(8, "l", "eighth"), 0o600); err != nil {
			t.Fatal(err)
		}
		waits(push)
		if err := d.do.SettleRescued(t.Context(), 9009, "looked", anna); err != nil {
			t.Fatal(err)
		}
		d.recorded("rescued state settled", "looked")
		waits()
		if _, err := os.Stat(filepath.Join(kept+".settled", "states", "00000001")); err != nil {
			t.Error(err)
		}
	})
}

// TestALateStateIsPlannedFor: what was held before the state of a lost apply came back is planned again, and held for that.
func TestALateStateIsPlannedFor(t *testing.T) {
	t.Parallel()
	l := newLeftApply(t, "exit 0", false)
	l.ended()
	l.states(string(state(3, "l", "late")))
	l.update(func(tx runner.Tx) error {
		return tx.PutWorkspace(runner.Workspace{ID: app, Repository: "infra", TargetDigest: "d"})
	})
	r := l.started()
	l.becomes(runner.Interrupted, runner.Superseded) // a person was sure, and wrong
	held := l.desk.run(runner.PurposeApply, runner.Planning, runner.Planned, runner.Held)
	l.must(runner.FollowApply(r, l.found()))
	if rec, err := l.workspace(); err != nil || rec.Prior.ReplacedAfter != held.ID {
		t.Errorf("%+v, %v", rec.Prior, err)
	}
	if _, err := l.do.Approve(t.Context(), held.ID, anna); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("`driftless state push --run %d`", l.run.ID)) {
		t.Error(err)
	}
}
