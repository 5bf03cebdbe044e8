package retention_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/retention"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/workspaces"
)

const day = 24 * time.Hour

// estate is a store in which years pass.
type estate struct {
	*testing.T
	db    *store.DB
	path  string
	now   time.Time
	keep  workspaces.Retention
	noise *rand.ChaCha8
	n     int // pull requests so far
}

func newEstate(t *testing.T) *estate {
	t.Helper()
	dir := t.TempDir()
	keys, err := store.LoadKeys(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	e := &estate{
		T: t, path: filepath.Join(dir, "driftless.db"), now: time.Now().UTC().Truncate(time.Microsecond).Add(-5 * 365 * day), noise: rand.NewChaCha8([32]byte{1}),
		keep: workspaces.Retention{Runs: 60 * day, Artifacts: 30 * day, Size: 1 << 30, States: 5, StatesFor: 10 * day, Unused: 30 * day},
	}
	if e.db, err = store.Open(t.Context(), store.Options{Path: e.path, Keys: keys}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.db.Close() })
	return e
}

func (e *estate) update(f func(tx runner.Tx) error) {
	e.Helper()
	if err := e.db.Update(e.Context(), f); err != nil {
		e.Fatal(err)
	}
}

func (e *estate) sweep(dry bool) retention.Removed {
	e.Helper()
	k, err := retention.New(retention.Options{Store: e.db, Keep: e.keep, Owner: "me", Now: func() time.Time { return e.now }})
	if err != nil {
		e.Fatal(err)
	}
	removed, err := k.Sweep(e.Context(), dry)
	if err != nil {
		e.Fatal(err)
	}
	return removed
}

// content is some bytes that cannot be compressed.
func (e *estate) content(n int) []byte {
	data := make([]byte, n)
	_, _ = e.noise.Read(data)
	return data
}

// run records a run that ended, with its artifacts.
func (e *estate) run(tx runner.Tx, r runner.Run) (runner.Run, error) {
	r.Repository, r.CreatedAt, r.StartedAt, r.PlannedAt, r.FinishedAt = "r", e.now, e.now, e.now, e.now
	if err := tx.InsertRun(&r); err != nil {
		return r, err
	}
	return r, errors.Join(
		tx.PutBlob(fmt.Sprintf("runs/%d/plan", r.ID), e.content(400)), tx.PutBlob(fmt.Sprintf("runs/%d/log", r.ID), e.content(600)))
}

// change is a pull request that is opened, commented on, merged and applied.
func (e *estate) change(tx runner.Tx, id workspaces.ID) error {
	e.n++
	digest := fmt.Sprint("digest ", e.n)
	pull := runner.Pull{Repository: "r", Key: fmt.Sprint(e.n), Head: fmt.Sprint("head", e.n), State: runner.Merged, Affected: []workspaces.ID{id}, CreatedAt: e.now, UpdatedAt: e.now, MergedAt: e.now}
	if err := tx.PutPull(&pull); err != nil {
		return err
	}
	plan, err := e.run(tx, runner.Run{Workspace: id, Purpose: runner.PurposePlan, Status: runner.Ready, PullID: pull.ID})
	if err != nil {
		return err
	}
	apply, err := e.run(tx, runner.Run{Workspace: id, Purpose: runner.PurposeApply, Status: runner.Applied, InputDigest: digest})
	if err != nil {
		return err
	}
	posts := []runner.Post{{Kind: runner.PostReport, Key: pull.Key}, {Kind: runner.PostStatus, Key: pull.Head + " driftless"}, {Kind: runner.PostReply, Key: fmt.Sprint(1000 + e.n)}}
	for _, p := range posts {
		p.Repository, p.Version, p.Shown, p.UpdatedAt = "r", 1, 1, e.now
		err = errors.Join(err, tx.PutPost(&p))
	}
	return errors.Join(err,
		tx.PutReport(runner.Report{PullID: pull.ID, Head: pull.Head, Runs: map[workspaces.ID]int64{id: plan.ID}, At: e.now}),
		tx.PutCommand(runner.Command{Repository: "r", CommentID: int64(1000 + e.n), Key: pull.Key, At: e.now}),
		tx.PutState(&runner.StateVersion{Workspace: id, RunID: apply.ID, CreatedAt: e.now}, e.content(500)),
		tx.PutWorkspace(runner.Workspace{ID: id, Repository: "r", TargetDigest: digest, AppliedDigest: digest, AppliedRun: apply.ID}))
}

// drift is a drift check that found nothing.
func (e *estate) drift(tx runner.Tx, id workspaces.ID) error {
	_, err := e.run(tx, runner.Run{Workspace: id, Purpose: runner.PurposeDrift, Status: runner.Unchanged})
	return err
}

// count is how many rows there are of everything, and how many bytes of artifacts.
func (e *estate) count() (rows int, size int64) {
	e.Helper()
	err := e.db.View(e.Context(), func(tx runner.Tx) error {
		runs, err := tx.Runs(runner.RunFilter{})
		pulls, failed := tx.Pulls(runner.PullFilter{})
		posts, failed2 := tx.Posts(runner.PostFilter{})
		commands, failed3 := tx.Commands(runner.CommandFilter{})
		blobs, failed4 := tx.Blobs("", "", 0)
		rows = len(runs) + len(pulls) + len(posts) + len(commands) + len(blobs)
		for _, b := range blobs {
			size += b.Size
		}
		ids, failed5 := tx.StateIDs()
		for _, id := range ids {
			states, err := tx.States(id)
			if err != nil {
				return err
			}
			rows += len(states)
		}
		return errors.Join(err, failed, failed2, failed3, failed4, failed5)
	})
	if err != nil {
		e.Fatal(err)
	}
	return rows, size
}

// TestYears lets years pass, with a change of one of some workspaces a day and drift checks of all: rows, bytes and the file stop growing.
func TestYears(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	ids := []workspaces.ID{"r//a", "r//b", "r//c", "r//d"}
	var rows [4]int
	var size, file [4]int64
	for quarter := range rows {
		for d := range 31 {
			e.now = e.now.Add(3 * day)
			e.update(func(tx runner.Tx) error {
				err := e.change(tx, ids[d%len(ids)])
				for _, id := range ids {
					err = errors.Join(err, e.drift(tx, id))
				}
				return err
			})
			if d%10 == 0 {
				e.sweep(false)
			}
		}
		rows[quarter], size[quarter] = e.count()
		for _, suffix := range []string{"", "-wal"} {
			if info, err := os.Stat(e.path + suffix); err == nil {
				file[quarter] += info.Size()
			}
		}
	}
	t.Logf("rows %v, bytes of artifacts %v, bytes of the database %v", rows, size, file)
	for quarter := 2; quarter < len(rows); quarter++ {
		if rows[quarter] > rows[1] || size[quarter] > size[1] {
			t.Errorf("after %d quarters there are %d rows and %d bytes, after two %d and %d", quarter+1, rows[quarter], size[quarter], rows[1], size[1])
		}
	}
	if file[3] > file[1]*120/100 {
		t.Errorf("the database takes %d bytes after four quarters, %d after two", file[3], file[1])
	}
	// Without a limit of age the limit of size holds.
	e.keep.Size = size[3] / 2
	would := e.sweep(true)
	did := e.sweep(false)
	if _, after := e.count(); after > e.keep.Size || would != did {
		t.Errorf("%d bytes are left of %d; removed %+v, a dry run said %+v", after, e.keep.Size, did, would)
	}
	e.update(func(tx runner.Tx) error {
		for _, id := range ids {
			rec, err := tx.Workspace(id)
			if err != nil {
				return err
			}
			if log, err := tx.Blob(fmt.Sprintf("runs/%d/log", rec.AppliedRun)); err != nil || len(log) != 600 {
				t.Errorf("the log of the last apply of %s: %d bytes, %v", id, len(log), err)
			}
			if _, content, err := tx.State(id, 0); err != nil || bytes.Equal(content, nil) {
				t.Errorf("the state of %s: %v", id, err)
			}
		}
		return nil
	})
}

// TestNeeded lets years pass over what a decision still rests on.
func TestNeeded(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	var open, pending, approved, failed, rescued, closed, discarded, newest, taken runner.Run
	var openPull, pendingPull runner.Pull
	e.update(func(tx runner.Tx) (err error) {
		openPull = runner.Pull{Repository: "r", Key: "1", State: runner.Open, Affected: []workspaces.ID{"r//a"}, UpdatedAt: e.now}
		pendingPull = runner.Pull{Repository: "r", Key: "2", State: runner.Merged, Affected: []workspaces.ID{"r//b"}, UpdatedAt: e.now}
		closedPull := runner.Pull{Repository: "r", Key: "3", State: runner.Closed, Affected: []workspaces.ID{"r//a"}, UpdatedAt: e.now}
		err = errors.Join(tx.PutPull(&openPull), tx.PutPull(&pendingPull), tx.PutPull(&closedPull))
		for _, r := range []struct {
			run *runner.Run
			is  runner.Run
		}{
			{&open, runner.Run{Workspace: "r//a", Purpose: runner.PurposePlan, Status: runner.Ready, PullID: openPull.ID}},
			{&pending, runner.Run{Workspace: "r//b", Purpose: runner.PurposePlan, Status: runner.Ready, PullID: pendingPull.ID}},
			{&closed, runner.Run{Workspace: "r//gone", Purpose: runner.PurposePlan, Status: runner.Ready, PullID: closedPull.ID}},
			{&approved, runner.Run{Workspace: "r//b", Purpose: runner.PurposeApply, Status: runner.Superseded}},
			{&failed, runner.Run{Workspace: "r//c", Purpose: runner.PurposeApply, Status: runner.Failed}},
			{&rescued, runner.Run{Workspace: "r//gone", Purpose: runner.PurposeApply, Status: runner.Failed}},
			{&taken, runner.Run{Workspace: "r//gone", Purpose: runner.PurposeApply, Status: runner.Failed}},
			{&discarded, runner.Run{Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Superseded}},
			{&newest, runner.Run{Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Superseded}},
		} {
			ended, problem := e.run(tx, r.is)
			*r.run, err = ended, errors.Join(err, problem)
		}
		// An approval that failed before it was planned, and was approved itself.
		again, problem := e.run(tx, runner.Run{Workspace: "r//b", Purpose: runner.PurposeApply, Status: runner.Failed, Approves: approved.ID})
		_, problem2 := e.run(tx, runner.Run{Workspace: "r//b", Purpose: runner.PurposeApply, Status: runner.Held, Approves: again.ID})
		return errors.Join(err, problem, problem2,
			tx.PutBlob(fmt.Sprintf("runs/%d/apply", approved.ID), []byte("what must be known of its apply")),
			tx.PutBlob(fmt.Sprintf("runs/%d/apply", discarded.ID), []byte("what must be known of its apply")),
			tx.PutBlob(fmt.Sprintf("rescued/%d/late.tfstate", rescued.ID), []byte("state")),
			tx.PutBlob(fmt.Sprintf("rescued/%d/errored.tfstate", taken.ID), []byte("state")),
			tx.PutBlob(fmt.Sprintf("rescued/%d/taken", taken.ID), []byte("taken over as version 3")),
			tx.PutReport(runner.Report{PullID: openPull.ID, Runs: map[workspaces.ID]int64{"r//a": open.ID}}),
			tx.PutReport(runner.Report{PullID: pendingPull.ID, Runs: map[workspaces.ID]int64{"r//b": pending.ID}}),
			tx.PutPost(&runner.Post{Repository: "r", Kind: runner.PostReply, Key: "9", Version: 1, UpdatedAt: e.now}),
			tx.PutWorkspace(runner.Workspace{ID: "r//a", Repository: "r"}), tx.PutWorkspace(runner.Workspace{ID: "r//c", Repository: "r"}),
			tx.PutWorkspace(runner.Workspace{ID: "r//b", Repository: "r", TargetDigest: "new", AppliedDigest: "old"}))
	})
	e.now = e.now.Add(3 * 365 * day)
	e.keep.Size = 0
	e.sweep(false)
	e.update(func(tx runner.Tx) error {
		for name, run := range map[string]runner.Run{"open": open, "pending": pending, "approved": approved, "failed, the newest": failed} {
			_, err := tx.Run(run.ID)
			_, failed := tx.Blob(fmt.Sprintf("runs/%d/plan", run.ID))
			if err != nil || failed != nil {
				t.Errorf("%s: %v, %v", name, err, failed)
			}
		}
		if _, err := tx.Blob(fmt.Sprintf("runs/%d/plan", discarded.ID)); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("the plan of a run that nobody needs is still there: %v", err)
		}
		if _, err := tx.Blob(fmt.Sprintf("runs/%d/apply", discarded.ID)); err != nil {
			t.Errorf("what must be known of an apply that may report late: %v", err)
		}
		if _, err := tx.Run(closed.ID); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("the plan of a closed pull request is still there: %v", err)
		}
		if _, err := tx.Run(rescued.ID); err != nil {
			t.Error(err)
		}
		if state, err := tx.Blob(fmt.Sprintf("rescued/%d/late.tfstate", rescued.ID)); err != nil || string(state) != "state" {
			t.Errorf("the rescued state: %q, %v", state, err)
		}
		if _, err := tx.Blob(fmt.Sprintf("rescued/%d/errored.tfstate", taken.ID)); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("a rescued state that was taken over outlives its run: %v", err)
		}
		if _, err := tx.Post("r", runner.PostReply, "9"); err != nil {
			t.Errorf("what waits to be shown: %v", err)
		}
		if _, err := tx.Pull(pendingPull.ID); err != nil {
			t.Errorf("a pull request that is not applied yet: %v", err)
		}
		return nil
	})
}

// TestClockThatJumps: a clock that goes to a wrong year does not make everything old.
func TestClockThatJumps(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	e.update(func(tx runner.Tx) error {
		for range 10 { // days
			e.now = e.now.Add(day)
			err := errors.Join(e.change(tx, "r//a"), e.drift(tx, "r//a"), tx.Append(&runner.Event{Kind: "planned", Repository: "r", At: e.now}))
			if err != nil {
				return err
			}
		}
		return nil
	})
	right := e.now
	e.now = right.Add(7 * day)
	e.sweep(false)
	rows, _ := e.count()
	e.now = right.Add(3 * 365 * day)
	e.sweep(false)
	if left, _ := e.count(); left != rows {
		t.Errorf("%d of %d rows are left", left, rows)
	}
}
