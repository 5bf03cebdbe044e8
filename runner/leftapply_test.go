package runner_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/runner/supervisor"
	"github.com/driftlessops/driftless/workspaces"
)

// leftApply is an apply that a driftless left which was killed: its engine is a script.
type leftApply struct {
	*desk
	run   runner.Run
	apply *supervisor.Apply
	store runner.Store
}

func newLeftApply(t *testing.T, script string, late bool) *leftApply {
	t.Helper()
	dir := t.TempDir()
	keys, err := store.LoadKeys(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: keys, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	l := &leftApply{desk: &desk{t: t, db: db, do: runner.Commander{Store: db, DataDir: dir}}, store: db}
	l.update(func(tx runner.Tx) error { return tx.PutWorkspace(runner.Workspace{ID: app, Repository: "infra"}) })
	l.keep(2, "before")
	l.run = l.desk.run(runner.PurposeApply, runner.Planning, runner.Planned, runner.Ready, runner.Applying)
	l.update(func(tx runner.Tx) error {
		l.run.AppliedAt = time.Now()
		return errors.Join(tx.UpdateRun(l.run, runner.Applying), tx.PutBlob(l.blob("apply"), []byte(`{"Dir":"app"}`)),
			tx.LockState(runner.StateLock{Workspace: app, ID: "l", RunID: l.run.ID, Info: []byte("{}"), CreatedAt: time.Now()}))
	})
	work := filepath.Join(runner.WorkDir(dir, app), "app")
	path := filepath.Join(dir, "engine")
	for _, d := range []string{work, l.dir("tmp")} {
		l.must(os.MkdirAll(d, 0o700))
	}
	l.must(os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700))
	order := supervisor.Order{Run: l.run.ID, Wait: time.Minute, State: &supervisor.State{Workspace: string(app), Content: state(2, "l", "before")}, Command: engine.Command{
		Path: path, Dir: work, TempDir: l.dir("tmp"), Args: []string{"apply"}, Env: []string{"PATH=" + os.Getenv("PATH"), "TF_CLI_CONFIG_FILE=" + l.dir("tmp", "cli.tfrc")},
	}}
	if late {
		order.Until = time.Now().Add(-time.Second)
	}
	l.apply, err = supervisor.Start(l.dir("apply"), order)
	l.must(err)
	return l
}

func (l *leftApply) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// dir is in the directory of the run.
func (l *leftApply) dir(in ...string) string {
	return filepath.Join(append([]string{l.do.DataDir, "runs", strconv.FormatInt(l.run.ID, 10)}, in...)...)
}

func (l *leftApply) blob(name string) string { return fmt.Sprintf("runs/%d/%s", l.run.ID, name) }

func (l *leftApply) await(what string, done func() bool) {
	l.t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			l.t.Fatalf("%s: waited in vain", what)
		}
	}
}

// ended waits for the supervisor's end.
func (l *leftApply) ended() {
	l.t.Helper()
	l.await("the supervisor's end", func() bool { return !l.apply.Alive() })
}

// states writes states as the supervisor would have.
func (l *leftApply) states(all ...string) {
	l.t.Helper()
	for i, content := range all {
		l.must(os.WriteFile(l.dir("apply", "states", fmt.Sprintf("%08d", i+1)), []byte(content), 0o600))
	}
}

// started is a driftless on the same data directory, which begins nothing.
func (l *leftApply) started() *runner.Runner {
	l.t.Helper()
	finder, err := engine.NewFinder(engine.FinderOptions{DataDir: l.do.DataDir, Releases: map[engine.Kind]string{engine.Terraform: "http://127.0.0.1:1", engine.OpenTofu: "http://127.0.0.1:1"}})
	l.must(err)
	r, err := runner.New(l.t.Context(), runner.Options{
		Config: &workspaces.Config{}, DataDir: l.do.DataDir, Store: l.store, Key: []byte("key"), Finder: finder, Short: func() string { return "waits" },
		State:  func(workspaces.ID, runner.Run) (map[string]string, func()) { return nil, func() {} },
		Logger: slog.New(slog.NewTextHandler(l.t.Output(), &slog.HandlerOptions{Level: slog.LevelError})),
	})
	l.must(err)
	return r
}

// found is what is on record of the run.
func (l *leftApply) found() (run runner.Run) {
	l.t.Helper()
	l.must(l.db.View(l.t.Context(), func(tx runner.Tx) (err error) {
		run, err = tx.Run(l.run.ID)
		return err
	}))
	return run
}

func (l *leftApply) serial() (serial int64) {
	l.t.Helper()
	l.must(l.db.View(l.t.Context(), func(tx runner.Tx) error {
		all, err := tx.States(app)
		serial = all[0].Serial
		return err
	}))
	return serial
}

func (l *leftApply) locked() bool {
	return l.db.View(l.t.Context(), func(tx runner.Tx) error {
		_, err := tx.StateLock(app)
		return err
	}) == nil
}

// events counts those of a kind that are about the run.
func (l *leftApply) events(kind string) (n int) {
	l.t.Helper()
	l.must(l.db.View(l.t.Context(), func(tx runner.Tx) error {
		all, err := tx.Events(runner.EventFilter{RunID: l.run.ID, Kind: kind})
		n = len(all)
		return err
	}))
	return n
}

// becomes sets the run's status, as another replica or a person did.
func (l *leftApply) becomes(statuses ...runner.Status) {
	l.t.Helper()
	l.update(func(tx runner.Tx) error {
		for _, next := range statuses {
			run, err := tx.Run(l.run.ID)
			from := run.Status
			run.Status = next
			if err = errors.Join(err, tx.UpdateRun(run, from)); err != nil {
				return err
			}
		}
		return nil
	})
}

func there(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// TestWhatCannotBeReadIsLeftToAPerson: an apply has an end on record, whatever it left, and nothing of that is removed.
func TestWhatCannotBeReadIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		damage func(l *leftApply)
		serial int64
		says   string
		kept   bool
	}{
		"a state": {func(l *leftApply) { l.states(string(state(3, "l", "x")), "rubbish") }, 3, "state 2 of run", true},
		"the result": {func(l *leftApply) {
			l.update(func(tx runner.Tx) error {
				run := l.found()
				run.Summary.Create = 1 // of which nothing came: no reader may be told so
				return tx.UpdateRun(run, run.Status)
			})
			l.must(os.WriteFile(l.dir("apply", "result.json"), []byte("{"), 0o600))
		}, 2, "result.json", true},
		"the errored state": {func(l *leftApply) {
			l.must(os.Mkdir(filepath.Join(l.apply.Order.Command.Dir, "errored.tfstate"), 0o700))
		}, 2, "errored.tfstate", true},
		"what the engine said": {func(l *leftApply) { l.must(os.Remove(l.dir("apply", "stdout"))) }, 2, "stdout", true},
		"the order":            {func(l *leftApply) { l.must(os.WriteFile(l.dir("apply", "order.json"), []byte("{"), 0o600)) }, 2, "stopped during the apply", false},
		"nothing is there":     {func(l *leftApply) { l.must(os.RemoveAll(l.dir())) }, 2, "stopped during the apply", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLeftApply(t, "exit 0", false)
			l.ended()
			c.damage(l)
			l.must(l.started().Once(t.Context()))
			run := l.found()
			if run.Status != runner.Interrupted || !strings.Contains(run.Reason, c.says) || strings.Contains(run.Reason, "another backend") || !l.locked() || l.serial() != c.serial {
				t.Errorf("%s, locked %t, serial %d: %s", run.Status, l.locked(), l.serial(), run.Reason)
			}
			rescued := filepath.Join(l.do.DataDir, "rescued")
			if kept := filepath.Join(rescued, fmt.Sprintf("%d-apply", run.ID)); c.kept && (!strings.Contains(run.Reason, kept) || !there(filepath.Join(kept, "order.json"))) {
				t.Errorf("it is not kept in %s: %s", kept, run.Reason)
			}
			all, err := l.do.Rescued(t.Context())
			if waits := len(all) > 0 && strings.Contains(fmt.Sprint(all), rescued); err != nil || waits != (c.serial == 3) {
				t.Errorf("rescued: %+v, %v", all, err)
			}
			l.must(l.started().Once(t.Context())) // never again
			if l.events("apply interrupted") != 1 {
				t.Errorf("told %d times", l.events("apply interrupted"))
			}
			if name != "the order" {
				return
			}
			if _, err := os.Stat(l.dir("apply")); err != nil {
				t.Error(err)
			}
			l.must(l.do.Discard(t.Context(), run.ID, runner.Decision{Actor: anna, Reason: "looked"}))
			l.must(l.started().Once(t.Context()))
			if there(l.dir()) || !there(filepath.Join(rescued, fmt.Sprintf("%d-apply", run.ID), "states")) {
				t.Error("the directory is not kept")
			}
		})
	}
}

// TestNothingWasStarted: an apply whose engine was never started goes back into the queue, unless a person decided about it.
func TestNothingWasStarted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile []runner.Status
		result    string // "" = as it was, "none" = its supervisor died
		want      runner.Status
		told      string
	}{
		"its lease had ended":                {nil, "", runner.Queued, "run taken up again"},
		"its supervisor died":                {nil, "none", runner.Queued, "run taken up again"},
		"the disk was full":                  {nil, `{"Exit":-1,"Again":true,"NoRoom":true,"Error":"no space left on device"}`, runner.Queued, "run waits for room"},
		"it was given up by another replica": {[]runner.Status{runner.Interrupted}, "", runner.Queued, "run taken up again"},
		"a person decided":                   {[]runner.Status{runner.Interrupted, runner.Superseded}, "", runner.Superseded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLeftApply(t, "exit 1", true)
			r := l.started()
			l.becomes(c.meanwhile...)
			l.ended()
			switch c.result {
			case "":
			case "none":
				l.must(os.Remove(l.dir("apply", "result.json")))
			default:
				l.must(os.WriteFile(l.dir("apply", "result.json"), []byte(c.result), 0o600))
			}
			l.must(runner.FollowApply(r, l.found()))

			run := l.found()
			if run.Status != c.want || run.Status == runner.Queued && (!run.AppliedAt.IsZero() || !run.FinishedAt.IsZero() || l.locked()) {
				t.Errorf("%+v, locked %t", run, l.locked())
			}
			if put := c.told == "run waits for room"; c.told != "" && l.events(c.told) != 1 || put != strings.Contains(run.Reason, "waits for room on the disk") || put == run.NotBefore.IsZero() {
				t.Errorf("told %d times, not before %s: %s", l.events(c.told), run.NotBefore, run.Reason)
			}
			l.must(l.db.View(t.Context(), func(tx runner.Tx) error {
				if _, err := tx.Blob(l.blob("apply")); !errors.Is(err, runner.ErrNotFound) {
					t.Errorf("what the apply needed is still there: %v", err)
				}
				return nil
			}))
			if there(l.dir()) {
				t.Error("its directory is still there")
			}
		})
	}
}

// forgetful is a store that does not say that something was kept.
type forgetful struct {
	runner.Store
	mu    sync.Mutex
	kept  func() bool // what is forgotten, once
	fired bool
}

func (f *forgetful) Update(ctx context.Context, do func(runner.Tx) error) error {
	err := f.Store.Update(ctx, do)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil && !f.fired && f.kept() {
		f.fired = true
		return errors.New("it is not known whether that was kept")
	}
	return err
}

// TestTheAnswerIsLost: an apply whose end is on record, though driftless was not told, is not told of twice.
func TestTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		kind   string
		want   runner.Status
	}{
		"applied":     {"exit 0", "applied", runner.Applied},
		"failed":      {"exit 1", "apply failed", runner.Failed},
		"interrupted": {"kill -9 $$", "apply interrupted", runner.Interrupted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLeftApply(t, c.script, false)
			l.ended()
			by := time.Now()
			lost := &forgetful{Store: l.db, kept: func() bool { return l.found().Status == c.want }}
			l.store = lost
			l.must(l.started().Once(t.Context()))
			if run := l.found(); run.Status != c.want || !lost.fired || l.events(c.kind) != 1 || l.events("late result") != 0 || there(l.dir()) {
				t.Errorf("%s, fired %t, told %d times, %d late results, directory %t: %s", run.Status, lost.fired, l.events(c.kind), l.events("late result"), there(l.dir()), run.Reason)
			} else if run.FinishedAt.After(by) {
				t.Errorf("it had ended by %s, and is said to have at %s", by, run.FinishedAt)
			}
		})
	}
}

// TestAnEndThatCouldNotBeRecorded: a pass gave up to record it, and the process beats on. The next start does it, before anybody decides.
func TestAnEndThatCouldNotBeRecorded(t *testing.T) {
	t.Parallel()
	l := newLeftApply(t, "exit 0", false)
	l.ended()
	l.states(string(state(3, "l", "after")))
	l.must(runner.TakeOver(t.Context(), l.started()))
	if run := l.found(); run.Status != runner.Interrupted || !strings.Contains(run.Reason, "starts the next time") {
		t.Errorf("%s: %s", run.Status, run.Reason)
	}
	if _, err := l.do.Resume(t.Context(), l.run.ID, runner.Decision{Actor: anna}); err == nil || !strings.Contains(err.Error(), "is not on record yet") {
		t.Errorf("resumed: %v", err)
	}
	l.must(l.started().Once(t.Context()))
	if run := l.found(); run.Status != runner.Applied || l.serial() != 3 || l.locked() || there(l.dir()) {
		t.Errorf("%s, serial %d, locked %t: %s", run.Status, l.serial(), l.locked(), run.Reason)
	}
}

// TestWhatIsNewerThanTheRecordIsKept: of an interrupted apply that nobody reports any more.
func TestWhatIsNewerThanTheRecordIsKept(t *testing.T) {
	t.Parallel()
	for serial, kept := range map[int64]bool{2: false, 3: true} {
		l := newLeftApply(t, "exit 0", false)
		l.ended()
		l.states(string(state(serial, "l", "before")))
		l.becomes(runner.Interrupted)
		l.update(func(tx runner.Tx) error { return tx.DeleteBlobs(l.blob("apply")) })
		l.must(l.started().Once(t.Context()))
		if there(l.dir()) || there(filepath.Join(l.do.DataDir, "rescued", strconv.FormatInt(l.run.ID, 10)+"-apply")) != kept {
			t.Errorf("serial %d: directory there %t, is to be kept: %t", serial, there(l.dir()), kept)
		}
	}
}

// TestAGivenUpApplyBringsItsStates: what another replica gave up is gone along with all the same.
func TestAGivenUpApplyBringsItsStates(t *testing.T) {
	t.Parallel()
	l := newLeftApply(t, `printf '{"@message":"hello","type":"log"}\n'; while ! test -e go; do sleep 0.02; done`, false)
	l.becomes(runner.Interrupted)
	done := make(chan error, 1)
	r := l.started()
	go func() { done <- r.Once(t.Context()) }()
	l.states(string(state(3, "l", "x")))
	l.await("the state is in the store", func() bool { return l.serial() == 3 })
	if run := l.found(); run.Status != runner.Interrupted {
		t.Errorf("%s: %s", run.Status, run.Reason)
	}
	l.must(os.WriteFile(filepath.Join(l.apply.Order.Command.Dir, "go"), nil, 0o600))
	l.must(<-done)
	if run := l.found(); run.Status != runner.Applied || l.locked() {
		t.Errorf("%s: %s", run.Status, run.Reason)
	}
}

// TestAnApplyThatIsNotOnRecord: the directory of a living supervisor stays, and what an ended one wrote is kept.
func TestAnApplyThatIsNotOnRecord(t *testing.T) {
	t.Parallel()
	l := newLeftApply(t, `while ! test -e go; do sleep 0.02; done`, false)
	l.await("it began", l.apply.Begun)
	l.update(func(tx runner.Tx) error { return errors.Join(tx.DeleteBlobs(l.blob("")), tx.DeleteRun(l.run.ID)) }) // as in a backup from before
	l.states(string(state(3, "l", "x")))
	l.must(l.started().Once(t.Context()))
	if !l.apply.Alive() || !there(l.dir("apply", "states")) {
		t.Fatal("the directory of a living supervisor is gone")
	}
	l.must(os.WriteFile(filepath.Join(l.apply.Order.Command.Dir, "go"), nil, 0o600))
	l.ended()
	l.must(l.started().Once(t.Context()))
	kept := filepath.Join(l.do.DataDir, "rescued", strconv.FormatInt(l.run.ID, 10)+"-apply")
	late, err := os.ReadFile(filepath.Join(kept, "states", "00000001"))
	if err != nil || string(late) != string(state(3, "l", "x")) || there(l.dir()) || !there(filepath.Join(kept, "result.json")) {
		t.Errorf("%s, %v", late, err)
	}
	all, err := l.do.Rescued(t.Context())
	if err != nil || len(all) != 1 || all[0].RunID != l.run.ID || all[0].File != filepath.Join(kept, "states", "00000001") {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestAnEngineWithoutSupervisorGoesOn: it is not taken for gone where its end cannot be recorded. It is told to stop, and what it left is
// kept once it did.
func TestAnEngineWithoutSupervisorGoesOn(t *testing.T) {
	t.Parallel()
	l := newLeftApply(t, `trap 'touch told' INT; touch ready; until test -e go; do sleep 0.02; done`, false)
	in := func(name string) string { return filepath.Join(l.apply.Order.Command.Dir, name) }
	l.await("it is at work", func() bool { return there(in("ready")) })
	l.update(func(tx runner.Tx) error { return tx.PutBlob(l.blob("apply"), []byte("{")) })
	pid, err := os.ReadFile(l.dir("apply", "pid"))
	l.must(err)
	id, err := strconv.Atoi(string(pid))
	l.must(errors.Join(err, syscall.Kill(id, syscall.SIGKILL)))
	l.ended()
	if runs := runner.GoingOn(l.do.DataDir); len(runs) != 1 || runs[0] != l.run.ID {
		t.Errorf("going on: %d", runs)
	}
	l.must(l.started().Once(t.Context()))
	kept := filepath.Join(l.do.DataDir, "rescued", strconv.FormatInt(l.run.ID, 10)+"-apply")
	if run := l.found(); run.Status != runner.Interrupted || !there(l.dir("apply", "states")) || there(kept) {
		t.Errorf("%s, directory %t, kept already %t", run.Status, there(l.dir("apply", "states")), there(kept))
	}
	l.await("it was told to stop", func() bool { return there(in("told")) })
	l.must(os.WriteFile(in("go"), nil, 0o600))
	l.await("its end", func() bool { return len(runner.GoingOn(l.do.DataDir)) == 0 })
	l.must(l.started().Once(t.Context()))
	if !there(kept) || l.events("apply interrupted") != 1 {
		t.Errorf("kept %t, told %d times", there(kept), l.events("apply interrupted"))
	}
}

// record is what is on record of the workspace.
func (l *leftApply) record() runner.Workspace {
	l.t.Helper()
	rec, err := l.workspace()
	l.must(err)
	return rec
}

const createsX = `{"@message":"x","type":"apply_start","hook":{"resource":{"addr":"a.x"},"action":"create"}}`

// TestALateResultIsNoted: what an apply made is known and held also when its end comes after somebody decided about it.
func TestALateResultIsNoted(t *testing.T) {
	t.Parallel()
	l := newLeftApply(t, "echo '"+createsX+"'; exit 1", false)
	l.becomes(runner.Interrupted, runner.Superseded)
	l.ended()
	l.must(l.started().Once(t.Context()))
	if rec := l.record(); l.events("late result") != 1 || !slices.Equal(rec.Prior.Made, []string{"a.x"}) || !strings.Contains(rec.Prior.Replaced, "ended as failed after a person had decided") {
		t.Errorf("%d late results, %+v", l.events("late result"), rec.Prior)
	}
}

// TestBegunIsPerhapsMade: an engine that is killed while it creates something leaves it to the cloud.
func TestBegunIsPerhapsMade(t *testing.T) {
	t.Parallel()
	l := newLeftApply(t, "echo '"+createsX+"'; kill -9 $$", false)
	l.ended()
	l.must(l.started().Once(t.Context()))
	if rec := l.record(); l.found().Status != runner.Interrupted || !slices.Equal(rec.Prior.Made, []string{"a.x"}) {
		t.Errorf("%s, %+v", l.found().Status, rec.Prior)
	}
}

// TestItsReplicaKnowsNothing: a replica that comes back without the directory of an apply that was given up says so: nobody waits for
// its word, and what comes next is held.
func TestItsReplicaKnowsNothing(t *testing.T) {
	t.Parallel()
	l := newLeftApply(t, "exit 0", false)
	l.ended()
	l.must(os.RemoveAll(l.dir()))
	l.update(func(tx runner.Tx) (err error) {
		l.run.Status, l.run.Reason = runner.Interrupted, "replica x does not answer"
		l.run.Owner, err = l.do.Self()
		return errors.Join(err, tx.UpdateRun(l.run, runner.Applying))
	})
	l.must(l.started().Once(t.Context()))
	run, rec := l.found(), l.record()
	err := l.db.View(t.Context(), func(tx runner.Tx) error {
		_, err := tx.Blob(l.blob("apply"))
		return err
	})
	if !errors.Is(err, runner.ErrNotFound) || run.Status != runner.Interrupted || !strings.Contains(run.Reason, "nothing of it is left") || rec.Reason != run.Reason || rec.Prior.Replaced == "" {
		t.Errorf("%v, %s: %s, %+v", err, run.Status, run.Reason, rec.Prior)
	}
	if _, err := l.do.Resume(t.Context(), run.ID, runner.Decision{Actor: anna}); err != nil && strings.Contains(err.Error(), "wait for that") {
		t.Error(err)
	}
}

// TestGivenUpBeforeItBegan: a replica that was killed between the intent of an apply and its supervisor, and was given up by another one,
// finds when it comes back that no engine was started: the run goes back into the queue, and nobody has to decide.
func TestGivenUpBeforeItBegan(t *testing.T) {
	t.Parallel()
	for name, left := range map[string]string{"before its order": "order.json", "before its engine": "begun"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLeftApply(t, "exit 0", false)
			l.ended()
			if left == "order.json" {
				l.must(os.RemoveAll(l.dir("apply")))
				l.must(os.Mkdir(l.dir("apply"), 0o700))
			} else {
				l.must(os.Remove(l.dir("apply", left)))
				l.must(os.Remove(l.dir("apply", "result.json")))
			}
			l.update(func(tx runner.Tx) (err error) {
				l.run.Status, l.run.Reason = runner.Interrupted, "replica x does not answer"
				l.run.Owner, err = l.do.Self()
				return errors.Join(err, tx.UpdateRun(l.run, runner.Applying))
			})
			l.must(l.started().Once(t.Context()))
			if run, rec := l.found(), l.record(); run.Status != runner.Queued || !run.AppliedAt.IsZero() || run.Reason != "waits" || rec.Sync != runner.Pending || l.locked() || l.events("run taken up again") != 1 {
				t.Errorf("%s: %s, applied at %s; %s; locked %t", run.Status, run.Reason, run.AppliedAt, rec.Sync, l.locked())
			}
			if there(l.dir("apply")) {
				t.Error("its directory is still there")
			}
		})
	}
}

// TestAnOrderThatWasNotWritten: a machine died while driftless wrote down what a supervisor was to do. Nothing was started.
func TestAnOrderThatWasNotWritten(t *testing.T) {
	t.Parallel()
	for name, order := range map[string]string{"empty": "", "cut short": `{"Run":`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLeftApply(t, "exit 1", true)
			l.ended()
			l.must(errors.Join(os.Remove(l.dir("apply", "result.json")), os.WriteFile(l.dir("apply", "order.json"), []byte(order), 0o600)))
			l.must(l.started().Once(t.Context()))
			if run := l.found(); run.Status != runner.Queued || l.locked() || there(l.dir()) || there(filepath.Join(l.do.DataDir, "rescued")) {
				t.Errorf("%s, locked %t, directory %t: %s", run.Status, l.locked(), there(l.dir()), run.Reason)
			}
		})
	}
}

// TestHalfRemoved: driftless was killed while it removed the directory of an apply whose end is on record.
func TestHalfRemoved(t *testing.T) {
	t.Parallel()
	l := newLeftApply(t, "exit 0", false)
	l.ended()
	l.must(l.started().Once(t.Context()))
	l.must(os.MkdirAll(l.dir("apply"), 0o700))
	l.must(os.WriteFile(l.dir("apply", "begun"), []byte("x"), 0o600))
	l.must(l.started().Once(t.Context()))
	if run := l.found(); run.Status != runner.Applied || there(l.dir()) || there(filepath.Join(l.do.DataDir, "rescued")) {
		t.Errorf("%s, directory %t: %s", run.Status, there(l.dir()), run.Reason)
	}
}

// TestWhatTellsNothingIsRemoved: the directory of an earlier attempt at an apply that another replica began holds plans in clear, and
// says nothing of how that ended.
func TestWhatTellsNothingIsRemoved(t *testing.T) {
	t.Parallel()
	l := newLeftApply(t, "exit 0", false)
	l.ended()
	l.must(os.RemoveAll(l.dir("apply")))
	l.becomes(runner.Interrupted)
	l.must(l.db.View(t.Context(), func(tx runner.Tx) error {
		_, what, err := runner.LeftIn(tx, l.dir())
		if what != runner.Remove {
			t.Errorf("it becomes %d", what)
		}
		return err
	}))
}

// TestTheEndIsNotOnRecordYet: no backup takes the place of the only database that would know how an apply ended, unless that one is lost.
func TestTheEndIsNotOnRecordYet(t *testing.T) {
	t.Parallel()
	l := newLeftApply(t, "exit 0", false)
	l.ended()
	l.states(string(state(3, "l", "after")))
	unrecorded := func() (runs []int64) {
		l.t.Helper()
		l.must(l.db.View(t.Context(), func(tx runner.Tx) (err error) {
			runs, err = runner.Unrecorded(tx, l.do.DataDir)
			return err
		}))
		return runs
	}
	if runs := unrecorded(); len(runs) != 1 || runs[0] != l.run.ID {
		t.Errorf("%v", runs)
	}
	place := daemon.Place{DataDir: l.do.DataDir}
	file := filepath.Join(t.TempDir(), "backup.db")
	l.must(store.Backup(t.Context(), place.Path(), file))
	restore := func() error {
		_, err := daemon.Restore(t.Context(), place, file, slog.New(slog.DiscardHandler))
		return err
	}
	if err := restore(); err == nil || !strings.Contains(err.Error(), "start driftless, which records it") {
		t.Fatal(err)
	}
	l.must(l.started().Once(t.Context()))
	if runs := unrecorded(); len(runs) != 0 {
		t.Errorf("%v", runs)
	}
}

// TestARestoreInPlaceOfALostDatabase: nothing is recorded there any more, so what an apply left is kept instead.
func TestARestoreInPlaceOfALostDatabase(t *testing.T) {
	t.Parallel()
	l := newLeftApply(t, "exit 0", false)
	l.ended()
	place := daemon.Place{DataDir: l.do.DataDir}
	file := filepath.Join(t.TempDir(), "backup.db")
	l.must(store.Backup(t.Context(), place.Path(), file))
	l.must(l.db.Close())
	l.must(os.WriteFile(place.Path(), []byte(strings.Repeat("no database", 1000)), 0o600))
	if _, err := daemon.Restore(t.Context(), place, file, slog.New(slog.DiscardHandler)); err != nil {
		t.Error(err)
	}
}

// TestAPowerCut: what an engine said last is not on the disk of a machine that lost its power, so all that it was to create is in doubt.
func TestAPowerCut(t *testing.T) {
	t.Parallel()
	for name, boot := range map[string]string{"another start of the machine": "another\n", "the same": "", "empty files": "another\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLeftApply(t, "exit 0", false)
			l.update(func(tx runner.Tx) error {
				return tx.PutBlob(l.blob("plan"), []byte(`{"changes":[{"kind":"resource","address":"a.x","action":"create"}]}`))
			})
			l.ended()
			l.must(os.Remove(l.dir("apply", "result.json")))
			if name == "empty files" {
				l.must(os.WriteFile(l.dir("apply", "result.json"), nil, 0o600))
				l.states("")
			}
			if boot != "" {
				l.must(os.WriteFile(l.dir("apply", "begun"), []byte(boot), 0o600))
			}
			l.must(l.started().Once(t.Context()))
			run, rec := l.found(), l.record()
			if strings.Contains(run.Reason, "cannot be read") || there(filepath.Join(l.do.DataDir, "rescued")) {
				t.Errorf("what is empty was taken for something: %s", run.Reason)
			}
			if cut := boot != ""; run.Status != runner.Interrupted || (len(rec.Prior.Made) == 1) != cut || (rec.Prior.Replaced != "") != cut || strings.Contains(run.Reason, "started anew") != cut {
				t.Errorf("%s: %s, %+v", run.Status, run.Reason, rec.Prior)
			}
		})
	}
}
