package storetest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

func blobs(t *testing.T, s runner.Store) {
	large := make([]byte, 3<<20)
	if _, err := rand.Read(large); err != nil {
		t.Fatal(err)
	}
	contents := map[string][]byte{
		"runs/1/plan.json": []byte(`{"a":1}`), "runs/1/log": {}, "runs/12/plan.json": large, "runs/2/x": {0, 0xff}, "runs/1": []byte("exact"),
	}
	for key, data := range contents {
		update(t, s, func(tx runner.Tx) error { return errors.Join(tx.PutBlob(key, []byte("old")), tx.PutBlob(key, data)) })
	}
	for key, want := range contents {
		got := read(t, s, func(tx runner.Tx) ([]byte, error) { return tx.Blob(key) })
		if !bytes.Equal(got, want) || got == nil {
			t.Errorf("%s: %d bytes came back as %d", key, len(want), len(got))
		}
	}
	update(t, s, func(tx runner.Tx) error { return tx.DeleteBlobs("runs/1/") })
	for key := range contents {
		gone := key == "runs/1/plan.json" || key == "runs/1/log"
		view(t, s, func(tx runner.Tx) error {
			if _, err := tx.Blob(key); errors.Is(err, runner.ErrNotFound) != gone {
				t.Errorf("%s after the deletion: %v", key, err)
			}
			return nil
		})
	}
	if err := s.Update(t.Context(), func(tx runner.Tx) error { return tx.DeleteBlobs("") }); err == nil {
		t.Error("all blobs could be deleted by accident")
	}
	update(t, s, func(tx runner.Tx) error { return tx.DeleteBlobs("none/") })
}

func states(t *testing.T, s runner.Store) {
	const a = workspaces.ID("r//a")
	view(t, s, func(tx runner.Tx) error {
		if _, _, err := tx.State(a, 0); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("a missing state: %v", err)
		}
		if all, err := tx.States(a); err != nil || len(all) != 0 {
			t.Errorf("missing states: %v, %v", all, err)
		}
		return nil
	})
	put := func(serial int64, content string) runner.StateVersion {
		t.Helper()
		v := runner.StateVersion{Workspace: a, Serial: serial, Lineage: "l", RunID: serial + 10, CreatedAt: noon.UTC()}
		update(t, s, func(tx runner.Tx) error { return tx.PutState(&v, []byte(content)) })
		return v
	}
	first, again, second, third := put(1, "one"), put(1, "one"), put(2, "two"), put(3, "one")
	for i, v := range []runner.StateVersion{first, again, second, third} {
		same(t, "version", v.Version, []int64{1, 1, 2, 3}[i])
		same(t, "size", v.Size, 3)
	}
	same(t, "states", read(t, s, func(tx runner.Tx) ([]runner.StateVersion, error) { return tx.States(a) }),
		[]runner.StateVersion{third, second, first})
	for version, want := range map[int64]string{0: "one", 1: "one", 2: "two", 3: "one"} {
		view(t, s, func(tx runner.Tx) error {
			v, content, err := tx.State(a, version)
			if err != nil || string(content) != want || version > 0 && v.Version != version {
				t.Errorf("version %d: %+v %q %v", version, v, content, err)
			}
			return nil
		})
	}
	view(t, s, func(tx runner.Tx) error {
		if _, _, err := tx.State(a, 4); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("a missing version: %v", err)
		}
		return nil
	})
}

func stateLocks(t *testing.T, s runner.Store) {
	lock := runner.StateLock{Workspace: "r//a", ID: "one", Info: json.RawMessage(`{ "ID": "one" }`), RunID: 7, CreatedAt: noon.UTC()}
	refused(t, s, runner.ErrNotFound, func(tx runner.Tx) error { return tx.UnlockState(lock.Workspace) })
	update(t, s, func(tx runner.Tx) error { return tx.LockState(lock) })
	update(t, s, func(tx runner.Tx) error { return tx.LockState(lock) }) // asked twice
	for _, other := range []runner.StateLock{{Workspace: "r//a", ID: "two", RunID: 7}, {Workspace: "r//a", ID: "one", RunID: 8}} {
		update(t, s, func(tx runner.Tx) error {
			if err := tx.LockState(other); !errors.Is(err, runner.ErrConflict) {
				t.Errorf("lock %+v: %v", other, err)
			}
			return nil
		})
	}
	update(t, s, func(tx runner.Tx) error { return tx.LockState(runner.StateLock{Workspace: "r//b", ID: "one"}) })
	same(t, "lock", read(t, s, func(tx runner.Tx) (runner.StateLock, error) { return tx.StateLock("r//a") }), lock)
	same(t, "locks", read(t, s, runner.Tx.StateLocks), []runner.StateLock{lock, read(t, s, func(tx runner.Tx) (runner.StateLock, error) { return tx.StateLock("r//b") })})
	update(t, s, func(tx runner.Tx) error { return tx.UnlockState("r//a") })
	view(t, s, func(tx runner.Tx) error {
		if _, err := tx.StateLock("r//a"); !errors.Is(err, runner.ErrNotFound) {
			t.Errorf("after unlocking: %v", err)
		}
		return nil
	})
	update(t, s, func(tx runner.Tx) error { return tx.LockState(runner.StateLock{Workspace: "r//a", ID: "two"}) })
}
