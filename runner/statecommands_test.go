package runner_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/runner/store/pgtest"
	"github.com/driftlessops/driftless/workspaces"
)

// desk is where a person gives commands about states.
type desk struct {
	t   *testing.T
	db  *store.DB
	do  runner.Commander
	raw func(statement string) // past driftless
}

const (
	app  = workspaces.ID("infra//app")
	anna = "anna"
)

// eachDesk tests on both databases.
func eachDesk(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Parallel()
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			keys, err := store.LoadKeys(filepath.Join(dir, "secret.key"))
			if err != nil {
				t.Fatal(err)
			}
			opts := store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: keys}
			if name == "postgres" {
				opts.Path, opts.URL = "", pgtest.URL(t)
			}
			db, err := store.Open(t.Context(), opts)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			under, err := sql.Open(map[string]string{"sqlite": "sqlite", "postgres": "pgx"}[name], opts.Path+opts.URL)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = under.Close() })
			d := &desk{t, db, runner.Commander{Store: db, DataDir: dir}, func(statement string) {
				t.Helper()
				if _, err := under.Exec(statement); err != nil {
					t.Fatal(err)
				}
			}}
			d.update(func(tx runner.Tx) error {
				return tx.PutWorkspace(runner.Workspace{ID: app, Repository: "infra", Sync: runner.Synced, AppliedDigest: "d", AppliedCommit: "c", TargetDigest: "d", Prior: planner.Prior{Lineage: "l", Serial: 2}})
			})
			test(t, d)
		})
	}
}

func (d *desk) update(f func(tx runner.Tx) error) {
	d.t.Helper()
	if err := d.db.Update(d.t.Context(), f); err != nil {
		d.t.Fatal(err)
	}
}

// run adds a run of the workspace that got so far.
func (d *desk) run(purpose runner.Purpose, statuses ...runner.Status) runner.Run {
	d.t.Helper()
	run := runner.Run{Repository: "infra", Workspace: app, Purpose: purpose, Status: runner.Queued, Commit: "c", Tree: "t", InputDigest: "d", CreatedAt: time.Now().UTC()}
	d.update(func(tx runner.Tx) error {
		run.ID, run.Status = 0, runner.Queued
		err := tx.InsertRun(&run)
		for _, next := range statuses {
			if from := run.Status; err == nil {
				run.Status = next
				err = tx.UpdateRun(run, from)
			}
		}
		return err
	})
	return run
}

func state(serial int64, lineage, of string) []byte {
	return fmt.Appendf(nil, `{"version":4,"serial":%d,"lineage":%q,"outputs":{},"resources":[{"mode":"managed","type":"t","name":%q,"instances":[{"attributes":{}}]}]}`, serial, lineage, of)
}

func (d *desk) keep(serial int64, of string) {
	d.t.Helper()
	d.update(func(tx runner.Tx) error {
		return tx.PutState(&runner.StateVersion{Workspace: app, Serial: serial, Lineage: "l"}, state(serial, "l", of))
	})
}

// newest is the newest version, the first address in it, and why a plan from it is held.
func (d *desk) newest() (v runner.StateVersion, address, held string) {
	d.t.Helper()
	err := d.db.View(d.t.Context(), func(tx runner.Tx) error {
		found, content, err := runner.Kept(tx, app, 0)
		if err != nil {
			return err
		}
		s, err := planner.ParseState(content, false)
		if err != nil {
			return err
		}
		rec, err := tx.Workspace(app)
		v, address = found, s.Resources[0].Address
		held = planner.Prior{Lineage: s.Lineage, Serial: s.Serial}.Follows(rec.Prior)
		if s.Serial != v.Serial || s.Lineage != v.Lineage {
			d.t.Errorf("the state says %d %s, its record %+v", s.Serial, s.Lineage, v)
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return v, address, held
}

func (d *desk) refused(want string, err error) {
	d.t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		d.t.Errorf("%v, want %q", err, want)
	}
}

// recorded checks the newest event of a kind.
func (d *desk) recorded(kind, message string) {
	d.t.Helper()
	err := d.db.View(d.t.Context(), func(tx runner.Tx) error {
		events, err := tx.Events(runner.EventFilter{Kind: kind, Limit: 1})
		if err == nil && (len(events) == 0 || events[0].Actor != anna || events[0].Workspace != app || !strings.Contains(events[0].Message, message)) {
			d.t.Errorf("%s: %+v", kind, events)
		}
		return err
	})
	if err != nil {
		d.t.Error(err)
	}
}

func TestRollBack(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		d.keep(1, "first")
		d.keep(2, "second")
		_, _, err := d.do.RollBack(ctx, app, 1, " \n ", anna)
		d.refused("say why", err)
		_, _, err = d.do.RollBack(ctx, app, 2, "why", anna)
		d.refused("is the newest one", err)
		_, _, err = d.do.RollBack(ctx, app, 9, "why", anna)
		d.refused("has no version 9", err)
		_, _, err = d.do.RollBack(ctx, "infra//none", 1, "why", anna)
		d.refused("there is no workspace", err)

		busy := d.run(runner.PurposeApply, runner.Planning, runner.Planned, runner.Ready, runner.Applying)
		_, _, err = d.do.RollBack(ctx, app, 1, "why", anna)
		d.refused(fmt.Sprintf("run %d (apply) of infra//app is applying", busy.ID), err)
		d.update(func(tx runner.Tx) error {
			busy.Status = runner.Failed
			return tx.UpdateRun(busy, runner.Applying)
		})
		d.update(func(tx runner.Tx) error {
			return tx.LockState(runner.StateLock{Workspace: app, ID: "x", RunID: busy.ID})
		})
		_, _, err = d.do.RollBack(ctx, app, 1, "why", anna)
		d.refused("is locked by run", err)
		d.update(func(tx runner.Tx) error { return tx.UnlockState(app) })

		v, queued, err := d.do.RollBack(ctx, app, 1, "the import\nwent wrong", anna)
		if err != nil || v.Version != 3 || v.Serial != 3 || v.Lineage != "l" || len(queued) != 1 || queued[0].Purpose != runner.PurposeDrift {
			t.Fatalf("%+v %+v %v", v, queued, err)
		}
		if v, address, held := d.newest(); v.Serial != 3 || address != "t.first" || !strings.Contains(held, "rolled back by anna: version 3 holds what version 1 did") {
			t.Errorf("%+v %s %q", v, address, held)
		}
		d.recorded("state rolled back", "version 3 (serial 3) holds what version 1 (serial 1) did: the import went wrong")

		content, err := d.do.PullState(ctx, app, 2, anna)
		if err != nil || string(content) != string(state(2, "l", "second")) {
			t.Errorf("%s %v", content, err)
		}
		d.recorded(runner.StateRead, "version 2, serial 2")

		d.update(func(tx runner.Tx) error {
			return tx.PutState(&runner.StateVersion{Workspace: app, Serial: 4, Lineage: "l"}, []byte(`{"serial":4,"lineage":"l","encrypted_data":"x"}`))
		})
		d.keep(5, "fifth")
		_, _, err = d.do.RollBack(ctx, app, 4, "why", anna)
		d.refused("encrypted by OpenTofu", err)
	})
}

func TestPushState(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		push := func(p runner.StatePush) error {
			t.Helper()
			p.Workspace = app
			_, _, err := d.do.PushState(ctx, p, anna)
			return err
		}
		d.keep(2, "second")
		d.refused("this is no state", push(runner.StatePush{Content: []byte("x")}))
		d.refused("this is no state", push(runner.StatePush{Content: []byte(`{"version":4}`)}))
		d.refused("there is nothing to push", push(runner.StatePush{Content: state(2, "l", "second")}))
		d.refused("another content with serial 2", push(runner.StatePush{Content: state(2, "l", "other")}))
		d.refused("would go back", push(runner.StatePush{Content: state(1, "l", "other")}))
		d.refused("change its lineage", push(runner.StatePush{Content: state(9, "m", "other")}))
		d.refused("say why", push(runner.StatePush{Content: state(9, "m", "other"), Force: true}))
		d.refused("there is no run 99", push(runner.StatePush{RunID: 99}))

		left := d.run(runner.PurposeApply, runner.Planning, runner.Planned, runner.Ready, runner.Applying, runner.Failed)
		d.refused("left no state behind", push(runner.StatePush{RunID: left.ID}))
		d.update(func(tx runner.Tx) error {
			return tx.PutBlob(fmt.Sprintf("rescued/%d/errored.tfstate", left.ID), state(3, "l", "third"))
		})
		if err := push(runner.StatePush{RunID: left.ID}); err != nil {
			t.Fatal(err)
		}
		if v, address, held := d.newest(); v.Serial != 3 || v.RunID != left.ID || address != "t.third" || held != "" {
			t.Errorf("%+v %s %q", v, address, held)
		}
		d.recorded("state pushed", "what run 1 left behind")

		// The same serial with another content follows by its number: only the mark holds it.
		if err := push(runner.StatePush{Content: state(3, "l", "forced"), Force: true, Reason: "known better"}); err != nil {
			t.Fatal(err)
		}
		if _, address, held := d.newest(); address != "t.forced" || !strings.Contains(held, "was replaced by anna") {
			t.Errorf("%s %q", address, held)
		}
		d.recorded("state pushed", "forced: known better")
	})
}

func TestUnlock(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		unlock := func(u runner.StateUnlock) error {
			t.Helper()
			u.Workspace = app
			_, _, err := d.do.Unlock(ctx, u, anna)
			return err
		}
		d.refused("say why", unlock(runner.StateUnlock{}))
		d.refused("is not locked", unlock(runner.StateUnlock{Reason: "x"}))

		holder := d.run(runner.PurposeApply, runner.Planning, runner.Planned, runner.Ready, runner.Applying)
		lock := runner.StateLock{Workspace: app, ID: "one", RunID: holder.ID, CreatedAt: time.Now().Add(-3 * time.Hour), Info: []byte(`{"ID":"one","Who":"root@runner-1","Operation":"OperationTypeApply"}`)}
		d.update(func(tx runner.Tx) error { return tx.LockState(lock) })
		d.refused("is applying", unlock(runner.StateUnlock{Reason: "x", Force: true}))
		d.update(func(tx runner.Tx) error {
			holder.Status, holder.Reason = runner.Interrupted, "look."
			return tx.UpdateRun(holder, runner.Applying)
		})
		d.refused(fmt.Sprintf("`driftless resume %d` or `driftless discard %[1]d` settles it, and releases the lock", holder.ID), unlock(runner.StateUnlock{Reason: "x"}))
		d.refused("is not held any more", unlock(runner.StateUnlock{LockID: "zero", Reason: "x", Force: true}))
		if err := unlock(runner.StateUnlock{LockID: "one", Reason: "looked at it", Force: true}); err != nil {
			t.Fatal(err)
		}
		d.recorded("state unlocked", fmt.Sprintf("was locked by run %d (interrupted), root@runner-1 for OperationTypeApply, since", holder.ID))
		d.recorded("state unlocked", "(3 h), lock ID one: looked at it")

		// A lock whose run ended, and one of a run that nobody knows. What a lock kept from its work is not said to be locked any more.
		ended := d.run(runner.PurposeDrift, runner.Planning, runner.Failed)
		kept := d.run(runner.PurposeApply, runner.Planning, runner.Failed)
		d.update(func(tx runner.Tx) error {
			kept.Reason = "the state is locked by run 7. Wait for it\n\nError: locked"
			rec, err := tx.Workspace(app)
			rec.Reason = kept.Reason
			return errors.Join(err, tx.UpdateRun(kept, runner.Failed), tx.PutWorkspace(rec))
		})
		d.update(func(tx runner.Tx) error {
			return tx.LockState(runner.StateLock{Workspace: app, ID: "two", RunID: ended.ID})
		})
		if err := unlock(runner.StateUnlock{Reason: "it ended"}); err != nil {
			t.Error(err)
		}
		d.update(func(tx runner.Tx) error {
			run, err := tx.Run(kept.ID)
			rec, failed := tx.Workspace(app)
			if want := fmt.Sprintf("the state was locked, and anna took the lock away: `driftless approve %d` tries it again\n\nError: locked", kept.ID); run.Reason != want || rec.Reason != want {
				t.Errorf("%q, %q", run.Reason, rec.Reason)
			}
			return errors.Join(err, failed)
		})
		d.update(func(tx runner.Tx) error {
			return tx.LockState(runner.StateLock{Workspace: app, ID: "three", RunID: 99, Info: []byte(`"odd"`)})
		})
		d.refused("does not know what became of the holder", unlock(runner.StateUnlock{Reason: "x"}))
		d.refused("engine of an earlier run still works", d.whileWorking(ctx, func() error { return unlock(runner.StateUnlock{Reason: "x", Force: true}) }))
		if err := unlock(runner.StateUnlock{Reason: "x", Force: true}); err != nil {
			t.Error(err)
		}
	})
}

// whileWorking calls f while a process of an engine works where the workspace's does.
func (d *desk) whileWorking(ctx context.Context, f func() error) error {
	d.t.Helper()
	dir := runner.WorkDir(d.do.DataDir, app)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		d.t.Fatal(err)
	}
	sleep := exec.CommandContext(ctx, "sleep", "1000")
	sleep.Dir, sleep.Env = dir, []string{"TF_CLI_CONFIG_FILE=" + filepath.Join(d.do.DataDir, "runs", "1", "tmp", "cli.tfrc")}
	if err := sleep.Start(); err != nil {
		d.t.Fatal(err)
	}
	defer func() {
		_ = sleep.Process.Kill()
		_ = sleep.Wait()
	}()
	return f()
}

func TestRescued(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.keep(2, "second")
		left := func(content []byte) int64 {
			run := d.run(runner.PurposeApply, runner.Planning, runner.Planned, runner.Ready, runner.Applying, runner.Failed)
			d.update(func(tx runner.Tx) error {
				return tx.PutBlob(fmt.Sprintf("rescued/%d/errored.tfstate", run.ID), content)
			})
			return run.ID
		}
		late := d.run(runner.PurposeApply, runner.Planning, runner.Failed)
		d.update(func(tx runner.Tx) error {
			return tx.PutBlob(fmt.Sprintf("rescued/%d/late.tfstate", late.ID), state(2, "m", "x"))
		})
		older, other, broken, next := left(state(1, "l", "x")), left(state(9, "m", "x")), left([]byte("x")), left(state(3, "l", "third"))
		if err := os.MkdirAll(filepath.Join(d.do.DataDir, "rescued"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d.do.DataDir, "rescued", "7-errored.tfstate"), state(3, "l", "x"), 0o600); err != nil {
			t.Fatal(err)
		}
		whole := filepath.Join(d.do.DataDir, "rescued", "8-apply", "states") // of an apply that was not on record
		if err := errors.Join(os.MkdirAll(whole, 0o700), os.WriteFile(filepath.Join(whole, "00000000"), nil, 0o600),
			os.WriteFile(filepath.Join(whole, "00000001"), state(1, "l", "x"), 0o600), os.WriteFile(filepath.Join(whole, "00000002"), state(2, "l", "x"), 0o600)); err != nil {
			t.Fatal(err)
		}
		check := func(want map[int64]string) {
			t.Helper()
			all, err := d.do.Rescued(t.Context())
			if err != nil || len(all) != len(want) {
				t.Fatalf("%+v %v", all, err)
			}
			for _, r := range all {
				if !strings.Contains(r.Continues, want[r.RunID]) || r.Waiting == strings.HasPrefix(r.Continues, "taken over") {
					t.Errorf("run %d: %q, want %q", r.RunID, r.Continues, want[r.RunID])
				}
			}
		}
		want := map[int64]string{
			older: "does not continue version 1, whose serial is 2", other: "is of another lineage", broken: "cannot be read",
			late.ID: "is of another lineage",
			next:    fmt.Sprintf("continues version 1 (serial 2): `driftless state push --run %d`", next), 7: "7-errored.tfstate", 8: "8-apply/states/00000002",
		}
		check(want)
		if _, _, err := d.do.PushState(t.Context(), runner.StatePush{RunID: next}, anna); err != nil {
			t.Fatal(err)
		}
		d.keep(4, "fourth")
		d.update(func(tx runner.Tx) error { return tx.DeleteState(app, 2) }) // as retention does
		want[next], want[older] = "taken over as version 2", "whose serial is 4"
		check(want)
		d.update(func(tx runner.Tx) error {
			for id, want := range map[int64]bool{next: false, older: true, 99: false} {
				if waits, err := runner.Rescues(tx, id); err != nil || waits != want {
					t.Errorf("run %d waits: %t, %v", id, waits, err)
				}
			}
			return nil
		})
		if content, err := d.do.PullRescued(t.Context(), next, anna); err != nil || string(content) != string(state(3, "l", "third")) {
			t.Errorf("%s %v", content, err)
		}
		d.recorded(runner.StateRead, "left behind")
		d.update(func(tx runner.Tx) error {
			v := runner.StateVersion{Workspace: app, Serial: 5, Lineage: "l", RunID: older}
			if err := tx.PutState(&v, state(5, "l", "of an earlier driftless")); err != nil {
				return err
			}
			waits, err := runner.Rescues(tx, older)
			if waits {
				t.Error("what an earlier driftless took over waits")
			}
			return err
		})

		// One that is damaged keeps none of the others from being shown, and nobody needs them for ever.
		d.raw(fmt.Sprintf("UPDATE blobs SET content = substr(content, 2) WHERE key IN ('rescued/%d/errored.tfstate', 'rescued/%d/taken')", broken, next))
		delete(want, older)
		want[broken], want[next] = fmt.Sprintf("damaged, or its key is missing: if a backup or a key file has it whole, put that back; else `driftless state settle %d`", broken), "settled; the note that says how is damaged"
		all, err := d.do.Rescued(t.Context())
		for _, r := range all {
			if !strings.Contains(r.Continues, want[r.RunID]) || r.RunID == next && r.Waiting {
				t.Errorf("%+v, want %q", r, want[r.RunID])
			}
		}
		if err != nil || len(all) != len(want)+1 {
			t.Fatalf("%+v %v", all, err)
		}
		d.refused("say why", d.do.SettleRescued(t.Context(), broken, "", anna))
		d.refused("left no state behind", d.do.SettleRescued(t.Context(), 99, "why", anna))
		d.refused("waits for nobody: settled; the note", d.do.SettleRescued(t.Context(), next, "why", anna))
		for _, id := range []int64{broken, other} {
			if err := d.do.SettleRescued(t.Context(), id, "made\nanew", anna); err != nil {
				t.Fatal(err)
			}
			d.recorded("rescued state settled", fmt.Sprintf("nobody needs what run %d left behind: made anew", id))
			d.refused("waits for nobody: settled by anna: made anew", d.do.SettleRescued(t.Context(), id, "why", anna))
			d.update(func(tx runner.Tx) error {
				if waits, err := runner.Rescues(tx, id); err != nil || waits {
					t.Errorf("run %d waits: %t, %v", id, waits, err)
				}
				return nil
			})
		}
	})
}

// TestRunOutlivesItsPullRequest: a run may be kept for longer than the pull request that it was for. It is decided about all the same.
func TestRunOutlivesItsPullRequest(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		run := runner.Run{Repository: "infra", Workspace: app, Purpose: runner.PurposeApply, Status: runner.Queued, PullID: 99, InputDigest: "d", CreatedAt: time.Now().UTC()}
		d.update(func(tx runner.Tx) error { return tx.InsertRun(&run) })
		d.update(func(tx runner.Tx) (err error) {
			for _, next := range []runner.Status{runner.Planning, runner.Planned, runner.Ready, runner.Applying, runner.Interrupted} {
				from := run.Status
				run.Status = next
				err = errors.Join(err, tx.UpdateRun(run, from))
			}
			return err
		})
		if err := d.do.Discard(t.Context(), run.ID, runner.Decision{Actor: anna, Reason: "looked at it"}); err != nil {
			t.Error(err)
		}
		d.recorded("interruption settled", "looked at it")
	})
}

// TestResumedIsOnRecord: who let an interrupted apply go on did not approve anything, and took a lock from a run whose end nobody knows.
func TestResumedIsOnRecord(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		run := d.run(runner.PurposeApply, runner.Planning, runner.Planned, runner.Ready, runner.Applying, runner.Interrupted)
		d.update(func(tx runner.Tx) error {
			return tx.LockState(runner.StateLock{Workspace: app, ID: "one", RunID: run.ID, CreatedAt: time.Now()})
		})
		next, err := d.do.Resume(t.Context(), run.ID, runner.Decision{Actor: anna})
		if want := fmt.Sprintf("resumption of run %d by anna", run.ID); err != nil || next.Trigger != want {
			t.Fatal(next.Trigger, err)
		}
		d.recorded("resumed", next.Trigger)
		d.recorded("state unlocked", fmt.Sprintf("was locked by run %d (interrupted), since", run.ID))
	})
}

// damage makes the newest version unreadable.
func (d *desk) damage() {
	d.t.Helper()
	d.raw("UPDATE states SET content = substr(content, 1, length(content) - 9) WHERE version = (SELECT max(version) FROM states)")
}

func reading[T any](d *desk, f func(tx runner.Tx) (T, error)) (value T, err error) {
	err = d.db.View(d.t.Context(), func(tx runner.Tx) (err error) {
		value, err = f(tx)
		return err
	})
	return value, err
}

func (d *desk) versions() ([]runner.StateVersion, error) {
	return reading(d, func(tx runner.Tx) ([]runner.StateVersion, error) { return runner.KeptVersions(tx, app) })
}

func (d *desk) workspace() (runner.Workspace, error) {
	return reading(d, func(tx runner.Tx) (runner.Workspace, error) { return tx.Workspace(app) })
}

func (d *desk) undecided() error {
	return d.db.View(d.t.Context(), func(tx runner.Tx) error { return runner.Undecided(tx, app) })
}

// TestDamagedState: what the newest version holds is lost, and everything that may put another in its place works from what is known of it.
func TestDamagedState(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		d.keep(1, "first")
		d.keep(2, "second")
		d.damage()
		_, err := d.do.PullState(ctx, app, 0, anna)
		d.refused("`driftless state rollback infra//app VERSION`", err)
		versions, err := d.versions()
		if err != nil || len(versions) != 2 {
			t.Errorf("%+v %v", versions, err)
		}
		_, _, err = d.do.PushState(ctx, runner.StatePush{Workspace: app, Content: state(2, "l", "second")}, anna)
		d.refused("--force", err)
		v, _, err := d.do.PushState(ctx, runner.StatePush{Workspace: app, Content: state(2, "l", "second"), Force: true, Reason: "a copy"}, anna)
		if got, address, held := d.newest(); err != nil || v.Version != 3 || got.Serial != 2 || address != "t.second" || held == "" {
			t.Errorf("%+v %s %q %v", got, address, held, err)
		}
		d.damage()
		if v, _, err = d.do.RollBack(ctx, app, 1, "damaged", anna); err != nil || v.Version != 4 || v.Serial != 3 {
			t.Errorf("%+v %v", v, err)
		}
		d.damage()
		if _, _, err = d.do.PushState(ctx, runner.StatePush{Workspace: app, Content: state(9, "l", "ninth")}, anna); err != nil {
			t.Error(err)
		}
		if _, address, _ := d.newest(); address != "t.ninth" {
			t.Error(address)
		}
	})
}

// TestMovedToABackend: after a backend was merged, what driftless kept is still there for the move.
func TestMovedToABackend(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		backend := func(name string) {
			d.update(func(tx runner.Tx) error {
				rec, err := tx.Workspace(app)
				rec.Backend = name
				return errors.Join(err, tx.PutWorkspace(rec))
			})
		}
		backend("s3")
		_, err := d.versions()
		d.refused(`is kept by its backend "s3", not by driftless: check out c`, err)
		d.keep(1, "first")
		_, err = d.do.PullState(t.Context(), app, 0, anna)
		d.refused("`driftless state list infra//app --versions` lists what there is", err)
		_, _, err = d.do.RollBack(t.Context(), app, 1, "x", anna)
		d.refused("until it was moved there, driftless kept it", err)
		if versions, err := d.versions(); err != nil || len(versions) != 1 {
			t.Errorf("%+v %v", versions, err)
		}
		if _, err := d.do.PullState(t.Context(), app, 1, anna); err != nil {
			t.Error(err)
		}

		t.Log("a push that is only ordered replaced nothing yet")
		d.run(runner.PurposeApply, runner.Planning, runner.Failed)
		if _, runs, err := d.do.PushState(t.Context(), runner.StatePush{Workspace: app, Content: state(9, "l", "x")}, anna); err != nil || len(runs) != 1 {
			t.Fatalf("%+v %v", runs, err)
		}
		check := func(want string) {
			t.Helper()
			if rec, err := d.workspace(); err != nil || rec.Prior.Replaced != want {
				t.Errorf("%q %v", rec.Prior.Replaced, err)
			}
		}
		check("")
		rescued := runner.Run{ID: 7, Workspace: app, Approves: 1, Actor: anna}
		d.update(func(tx runner.Tx) error { return runner.MarkPushed(tx, rescued, false) })
		check("")
		d.update(func(tx runner.Tx) error { return runner.MarkPushed(tx, rescued, true) })
		check("its state was replaced by anna: run 7 pushed one")
	})
}

// TestInterruptedKeepsItsLock: nobody takes the lock of an interrupted run by a comment, and its state is not replaced before it is known
// how it ended, or somebody decided.
func TestInterruptedKeepsItsLock(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.keep(1, "first")
		d.keep(2, "second")
		run := d.run(runner.PurposeApply, runner.Planning, runner.Planned, runner.Ready, runner.Applying, runner.Interrupted)
		if err := d.undecided(); err != nil {
			t.Error(err)
		}
		d.update(func(tx runner.Tx) error {
			return errors.Join(tx.LockState(runner.StateLock{Workspace: app, ID: "x", RunID: run.ID}), tx.PutBlob(fmt.Sprintf("runs/%d/apply", run.ID), []byte("{}")))
		})
		d.refused(fmt.Sprintf("comment `driftless resume %d` or `driftless discard %[1]d`", run.ID), d.undecided())
		if _, _, err := d.do.Unlock(t.Context(), runner.StateUnlock{Workspace: app, Force: true, Reason: "x"}, anna); err != nil {
			t.Fatal(err)
		}
		_, _, err := d.do.RollBack(t.Context(), app, 1, "why", anna)
		d.refused("was interrupted, and has not said how it ended", err)
		_, _, err = d.do.PushState(t.Context(), runner.StatePush{Workspace: app, Content: state(3, "l", "x")}, anna)
		d.refused("was interrupted, and has not said how it ended", err)
		d.update(func(tx runner.Tx) error { return tx.DeleteBlob(fmt.Sprintf("runs/%d/apply", run.ID)) })
		if _, _, err := d.do.RollBack(t.Context(), app, 1, "why", anna); err != nil {
			t.Error(err)
		}
	})
}
