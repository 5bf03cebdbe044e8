package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/runner/store/pgtest"
	"github.com/driftlessops/driftless/workspaces"
)

// TestBackup copies a database that is written to meanwhile: each event of the copy has its blob.
func TestBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, dir)
	file := filepath.Join(dir, "backup.db")
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			err := db.Update(t.Context(), func(tx runner.Tx) error {
				return errors.Join(tx.Append(&runner.Event{Kind: "written"}), tx.PutState(&runner.StateVersion{Workspace: "r//a"}, []byte(t.Name()+file)))
			})
			if err != nil {
				done <- err
				return
			}
		}
	}()
	if err := store.Backup(t.Context(), filepath.Join(dir, "driftless.db"), file); err != nil {
		t.Error(err)
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := store.Backup(t.Context(), filepath.Join(dir, "driftless.db"), file); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("over another file: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".backup*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	backup := openWith(t, store.Options{Path: file, Keys: keys(t, dir)})
	err := backup.View(t.Context(), func(tx runner.Tx) error {
		_, err := tx.Events(runner.EventFilter{})
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestRestoreRefuses leaves the database alone where the file is not what it must be.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(t *testing.T, dir, file string)
		want  string
	}{
		"no file":          {func(t *testing.T, _, file string) { remove(t, filepath.Dir(file), filepath.Base(file)) }, "name the file of a backup: stat "},
		"not a database":   {func(t *testing.T, _, file string) { put(t, file, bytes.Repeat([]byte("x"), 9000)) }, "cannot be read as a database"},
		"another database": {func(t *testing.T, _, file string) { put(t, file, nil) }, "no database of driftless"},
		"a newer one": {func(t *testing.T, dir, _ string) {
			rawFile(t, filepath.Join(dir, "backup.db"), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
		}, "newer driftless"},
		"of another key": {func(t *testing.T, dir, _ string) { remove(t, dir, "secret.key") }, "secret.key, and this database was encrypted with the key age1"},
		"a damaged one": {func(t *testing.T, _, file string) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i := 8192; i < len(data)-4096; i += 4096 {
				copy(data[i:], bytes.Repeat([]byte{0xff}, 64))
			}
			put(t, file, data)
		}, "backup.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path, file := filepath.Join(dir, "driftless.db"), filepath.Join(dir, "backup.db")
			if err := errors.Join(open(t, dir).Close(), store.Backup(t.Context(), path, file)); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			test.spoil(t, dir, file)
			_, err = store.Restore(t.Context(), store.Options{Path: path, Keys: keys(t, dir)}, file, "anna", "aside")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the database was changed: %v", err)
			}
			if left, err := filepath.Glob(path + ".*"); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func put(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRestore puts an earlier database back while the later one has a log that was not written back into it.
func TestRestore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, file := filepath.Join(dir, "driftless.db"), filepath.Join(dir, "backup.db")
	db := open(t, dir)
	event := func(kind string) {
		t.Helper()
		if err := db.Update(t.Context(), func(tx runner.Tx) error { return tx.Append(&runner.Event{Kind: kind}) }); err != nil {
			t.Fatal(err)
		}
	}
	event("before")
	if err := store.Backup(t.Context(), path, file); err != nil {
		t.Fatal(err)
	}
	event("after")
	killed := t.TempDir() // the files as a process leaves them that is killed
	for _, name := range []string{"driftless.db", "driftless.db-wal", "secret.key"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(killed, name), data)
	}
	path = filepath.Join(killed, "driftless.db")
	replaced, err := store.Restore(t.Context(), store.Options{Path: path, Keys: keys(t, killed)}, file, "anna", "aside")
	if err != nil || replaced != path+".aside" {
		t.Fatalf("%q, %v", replaced, err)
	}
	kinds := func(path string) (all []string) {
		t.Helper()
		err := openWith(t, store.Options{Path: path, Keys: keys(t, killed)}).View(t.Context(), func(tx runner.Tx) error {
			events, err := tx.Events(runner.EventFilter{Oldest: true})
			for _, e := range events {
				all = append(all, e.Kind)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if got := strings.Join(kinds(path), " "); got != "before restored" {
		t.Errorf("restored: %s", got)
	}
	if got := strings.Join(kinds(replaced), " "); got != "before after" {
		t.Errorf("replaced: %s", got)
	}
}

// TestRestoredDoesNothingByItself takes note of a restore on both databases, with something under way everywhere.
func TestRestoredDoesNothingByItself(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) *store.DB{
		"SQLite":     func(t *testing.T) *store.DB { return open(t, t.TempDir()) },
		"PostgreSQL": func(t *testing.T) *store.DB { return openURL(t, t.TempDir(), pgtest.URL(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			if err := db.Update(t.Context(), underWay); err != nil {
				t.Fatal(err)
			}
			works := runner.Replica{ID: "x", Host: "elsewhere", LeaseUntil: time.Now().Add(time.Hour)}
			err := db.Update(t.Context(), func(tx runner.Tx) error { return tx.PutReplica(works) })
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Restored(t.Context(), "anna"); err == nil || !strings.Contains(err.Error(), "elsewhere works on this database") {
				t.Errorf("while another works: %v", err)
			}
			if err := db.Update(t.Context(), func(tx runner.Tx) error { return tx.DeleteReplica("x") }); err != nil {
				t.Fatal(err)
			}
			if err := db.Restored(t.Context(), "anna"); err != nil {
				t.Fatal(err)
			}
			first, again := int64(0), int64(0)
			if err := db.Update(t.Context(), func(tx runner.Tx) (err error) { first, err = checkRestored(t, tx); return err }); err != nil {
				t.Error(err)
			}
			// The same once more: no number of the time after the first restore comes again.
			db = open(t)
			time.Sleep(200 * time.Millisecond) // by the clock it is later
			if err := errors.Join(db.Update(t.Context(), underWay), db.Restored(t.Context(), "anna")); err != nil {
				t.Fatal(err)
			}
			if err := db.Update(t.Context(), func(tx runner.Tx) (err error) { again, err = checkRestored(t, tx); return err }); err != nil || again <= first {
				t.Errorf("run %d after run %d of the first restore: %v", again, first, err)
			}
		})
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var restoredRuns = []struct {
	id       workspaces.ID
	purpose  runner.Purpose
	from, to runner.Status
	pull     bool
}{
	{"r//a", runner.PurposeApply, runner.Queued, runner.Superseded, false},
	{"r//b", runner.PurposeDestroy, runner.Ready, runner.Superseded, false},
	{"r//c", runner.PurposeApply, runner.Applying, runner.Interrupted, false},
	{"r//d", runner.PurposeApply, runner.Held, runner.Superseded, false},
	{"r//d", runner.PurposeApply, runner.Applied, runner.Applied, false},
	{"r//a", runner.PurposePlan, runner.Ready, runner.Superseded, true},
	{"r//b", runner.PurposePlan, runner.Unchanged, runner.Superseded, true},
	{"r//d", runner.PurposeApply, runner.Failed, runner.Failed, false},
}

func underWay(tx runner.Tx) error {
	pull := runner.Pull{Repository: "r", Key: "1", State: runner.Open, Head: "h", AskedAt: noon}
	err := errors.Join(tx.PutPull(&pull), tx.PutRepository(runner.Repository{Name: "r", HeardAt: noon}),
		tx.PutWorkspace(runner.Workspace{ID: "r//a", Sync: runner.Synced, AppliedDigest: "d", AppliedCommit: "c"}),
		tx.PutWorkspace(runner.Workspace{ID: "r//c", Sync: runner.Pending}),
		tx.PutWorkspace(runner.Workspace{ID: "r//d", Sync: runner.SyncFailed}),
		tx.PutReport(runner.Report{PullID: pull.ID, Head: "h", Runs: map[workspaces.ID]int64{"r//a": 6}, Pages: []string{"page"}}),
		tx.Append(&runner.Event{Kind: "planned"}))
	for _, r := range restoredRuns {
		run := runner.Run{Workspace: r.id, Purpose: r.purpose, Status: r.from}
		if r.pull {
			run.PullID = pull.ID
		}
		err = errors.Join(err, tx.InsertRun(&run))
	}
	return err
}

// checkRestored returns the number of the next run.
func checkRestored(t *testing.T, tx runner.Tx) (int64, error) {
	for i, want := range restoredRuns {
		if run, err := tx.Run(int64(i + 1)); err != nil || run.Status != want.to {
			t.Errorf("run %d of %s is %s, not %s: %v", run.ID, want.id, run.Status, want.to, err)
		}
	}
	w, err := tx.Workspace("r//a")
	if err != nil || w.Sync != runner.Unknown || w.AppliedDigest != "" || w.AppliedCommit != "c" || !strings.Contains(w.Prior.Replaced, "ends at 20") {
		t.Errorf("%+v, %v", w, err)
	}
	if c, err := tx.Workspace("r//c"); err != nil || c.Sync != runner.SyncFailed || !strings.Contains(c.Reason, "`driftless resume 3`") || !strings.Contains(c.Reason, "ends at 20") {
		t.Errorf("what was being applied is %+v, %v", c, err)
	}
	if d, err := tx.Workspace("r//d"); err != nil || d.Sync != runner.Unknown || d.Prior.ReplacedAfter != int64(len(restoredRuns)) {
		t.Errorf("what failed is %+v, %v: it is planned again", d, err)
	}
	report, err := tx.Report(1)
	if err != nil || len(report.Runs) > 0 || report.Head != "" || len(report.Pages) != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	if repo, err := tx.Repository("r"); err != nil || !repo.HeardAt.After(noon) {
		t.Errorf("%+v, %v", repo, err)
	}
	if pull, err := tx.Pull(1); err != nil || !pull.AskedAt.IsZero() {
		t.Errorf("%+v, %v", pull, err)
	}
	next := runner.Run{Workspace: "r//a", Purpose: runner.PurposePlan, Status: runner.Queued}
	if err := tx.InsertRun(&next); err != nil || next.ID < 100_000 {
		t.Errorf("the next run is %d: %v", next.ID, err)
	}
	return next.ID, nil
}
