package retention_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/retention"
	"github.com/driftlessops/driftless/workspaces"
)

// make makes files, last changed some time ago.
func makeOld(t *testing.T, root string, age time.Duration, names ...string) {
	t.Helper()
	at := time.Now().Add(-age)
	for _, name := range names {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
			t.Fatal(err)
		}
		for dir := path; len(dir) > len(root); dir = filepath.Dir(dir) {
			if err := os.Chtimes(dir, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestDisk leaves what is used, young, not ours, or the only copy of a state, and removes the rest.
func TestDisk(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	e.now = time.Now()
	var waiting, done, fresh runner.Run
	e.update(func(tx runner.Tx) (err error) {
		old := e.now.Add(-48 * time.Hour)
		waiting = runner.Run{Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Interrupted, CreatedAt: old}
		done = runner.Run{Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Applied, CreatedAt: old, FinishedAt: old}
		fresh = runner.Run{Workspace: "r//a", Purpose: runner.PurposeApply, Status: runner.Applied, CreatedAt: old, FinishedAt: e.now}
		for _, run := range []*runner.Run{&waiting, &done, &fresh} {
			if err := tx.InsertRun(run); err != nil {
				return err
			}
		}
		return tx.PutWorkspace(runner.Workspace{ID: "r//a", Repository: "r"})
	})
	dir, temp := t.TempDir(), t.TempDir()
	known := runner.WorkspaceKey("r//a")
	makeOld(t, dir, 40*24*time.Hour, "mirrors/r.git/HEAD", "data/"+known+"/x", "work/"+known+"/x", "work/gone-2/prod/errored.tfstate", "rescued/1-errored.tfstate",
		"runs/1/plan", "runs/3/plan", "mirrors/gone.git/HEAD", "data/gone-1/x", "work/gone-1/x", "runs/2/plan", "runs/99/plan",
		"runs/97/apply/lock", "runs/98/apply/lock", "runs/98/apply/order.json", "runs/98/apply/begun", "runs/98/apply/states/00000001", "runs/98/plan")
	lock, err := os.OpenFile(filepath.Join(dir, "runs/97/apply/lock"), os.O_RDWR, 0) // as a supervisor that is alive does
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	makeOld(t, dir, time.Hour, "mirrors/new.git/HEAD", "data/new-1/x")
	makeOld(t, temp, 40*24*time.Hour, "driftless-plan-123/x", "driftless-notes/x", "other/x")
	gone := []string{"mirrors/gone.git", "data/gone-1", "work/gone-1", "runs/2", "runs/98", "runs/99"}
	keeper, err := retention.New(retention.Options{
		Store: e.db, Keep: workspaces.DefaultRetention, Owner: "me",
		Disk: &retention.Disk{
			Dir: dir, Temp: temp, Mirrored: func(name string) bool { return name == "r.git" },
			Unused: func(time.Time) []string { return nil },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	before := list(t, dir)
	would, err := keeper.Sweep(t.Context(), true)
	if err != nil || !slices.Equal(before, list(t, dir)) {
		t.Errorf("a dry run changed something: %v", err)
	}
	removed, err := keeper.Sweep(t.Context(), false)
	if err != nil || removed != would || removed.Paths != len(gone)+1 || removed.PathBytes != int64(5*(len(gone)+5)) {
		t.Errorf("removed %+v, a dry run said %+v, %v", removed, would, err)
	}
	var want []string
	for _, path := range before {
		if !slices.ContainsFunc(gone, func(g string) bool { return path == g || strings.HasPrefix(path, g+"/") }) {
			want = append(want, path)
		}
	}
	want = append(want, "rescued/98-apply", "rescued/98-apply/begun", "rescued/98-apply/lock", "rescued/98-apply/order.json", "rescued/98-apply/states",
		"rescued/98-apply/states/00000001")
	slices.Sort(want)
	left := list(t, dir)
	slices.Sort(left)
	if !slices.Equal(left, want) {
		t.Errorf("left: %v\nwant: %v", left, want)
	}
	if left := list(t, temp); !slices.Equal(left, []string{"driftless-notes", "driftless-notes/x", "other", "other/x"}) {
		t.Errorf("temporary: %v", left)
	}
}

// TestShort asks for more room than any disk has, and for none.
func TestShort(t *testing.T) {
	t.Parallel()
	e := newEstate(t)
	for min, short := range map[int64]bool{1 << 62: true, 1: false, 0: false} {
		keep := workspaces.DefaultRetention
		keep.MinFree = min
		keeper, err := retention.New(retention.Options{Store: e.db, Keep: keep, Owner: "me", Disk: &retention.Disk{Dir: t.TempDir()}})
		if err != nil {
			t.Fatal(err)
		}
		if why := keeper.Short(); (why != "") != short || short && !strings.Contains(why, "min_free") {
			t.Errorf("min_free of %d: %q", min, why)
		}
	}
}

func list(t *testing.T, root string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if rel, _ := filepath.Rel(root, path); rel != "." {
			all = append(all, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
