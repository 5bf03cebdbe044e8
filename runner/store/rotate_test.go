package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/runner/store/pgtest"
)

// recipient is the public half of the first key of a directory's key file.
func recipient(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	identities, err := age.ParseIdentities(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return identities[0].(*age.X25519Identity).Recipient().String()
}

// fillSealed writes more than is encrypted anew at a time.
func fillSealed(t *testing.T, db *store.DB, runs int) {
	t.Helper()
	err := db.Update(t.Context(), func(tx runner.Tx) error {
		for i := range runs {
			if err := tx.PutBlob(fmt.Sprintf("runs/%d/log", i), fmt.Appendf(nil, "log %d", i)); err != nil {
				return err
			}
		}
		return tx.PutState(&runner.StateVersion{Workspace: "r//a"}, []byte("state"))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkSealed(t *testing.T, db *store.DB, runs int) {
	t.Helper()
	err := db.Update(t.Context(), func(tx runner.Tx) error {
		for i := range runs {
			if log, err := tx.Blob(fmt.Sprintf("runs/%d/log", i)); err != nil || string(log) != fmt.Sprintf("log %d", i) {
				return fmt.Errorf("log %d is %q: %w", i, log, err)
			}
		}
		again := runner.StateVersion{Workspace: "r//a"}
		if err := tx.PutState(&again, []byte("state")); err != nil || again.Version != 1 {
			t.Errorf("the same state is version %d, %v: its digest changed", again.Version, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func reseal(t *testing.T, db *store.DB) (batches int) {
	t.Helper()
	for {
		left, err := db.Reseal(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if batches++; left == 0 {
			return batches
		}
	}
}

// TestRotate rotates the key while another process, which read the key file before, goes on, and goes on itself after a
// crash in the middle. Then the old key can be thrown away, and no digest has changed.
func TestRotate(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]func(dir string) store.Options{
		"SQLite":     func(dir string) store.Options { return store.Options{Path: filepath.Join(dir, "driftless.db")} },
		"PostgreSQL": func(string) store.Options { return store.Options{URL: pgtest.URL(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			rotate(t, dir, options(dir))
		})
	}
}

func rotate(t *testing.T, dir string, options store.Options) {
	openKeyed := func(k *store.Keys) *store.DB {
		options.Keys = k
		return openWith(t, options)
	}
	open := func() *store.DB { return openKeyed(keys(t, dir)) }
	const runs = 250
	other := open()
	old := recipient(t, dir)
	fillSealed(t, other, runs)
	held := keys(t, dir)
	openKeyed(held)
	mac := held.HMAC()

	first := open()
	to, err := first.Rotate(t.Context(), "anna")
	if err != nil || to == old || recipient(t, dir) != to {
		t.Fatalf("rotated from %s to %s, the file has %s: %v", old, to, recipient(t, dir), err)
	}
	if left, err := first.Reseal(t.Context()); err != nil || left == 0 {
		t.Fatalf("%d left, %v: there is no middle to be killed in", left, err)
	}
	fillSealed(t, other, 3) // by a process with the old file in memory
	checkSealed(t, other, runs)

	second := open()
	if gone, err := second.Retire(t.Context(), "anna"); err == nil || !strings.Contains(err.Error(), "driftless keys rotate") {
		t.Errorf("retired %v in the middle: %v", gone, err)
	}
	if again, err := second.Rotate(t.Context(), "anna"); err != nil || again != to {
		t.Errorf("a rotation that was cut short becomes another one, to %s: %v", again, err)
	}
	reseal(t, second)
	gone, err := second.Retire(t.Context(), "anna")
	if err != nil || len(gone) != 1 || gone[0] != old {
		t.Fatalf("retired %v: %v", gone, err)
	}
	info, err := os.Stat(filepath.Join(dir, "secret.key"))
	data, failed := os.ReadFile(filepath.Join(dir, "secret.key"))
	if err != nil || failed != nil || info.Mode().Perm() != 0o600 || bytes.Contains(data, []byte(old)) || bytes.Count(data, []byte("AGE-SECRET-KEY-1")) != 1 {
		t.Errorf("the key file: %v, %v, %s", info, err, data)
	}
	fresh := keys(t, dir)
	checkSealed(t, openKeyed(fresh), runs)
	if !bytes.Equal(mac, fresh.HMAC()) {
		t.Error("digests of sensitive values changed")
	}
	checkSealed(t, other, runs)
	if third, err := second.Rotate(t.Context(), "anna"); err != nil || third == to || third == old {
		t.Errorf("the next rotation goes from %s to %s: %v", to, third, err)
	}
}

// TestRotateWithPreparedKey rotates to a key that was put in front of the file before, as with several replicas; and one
// that was used before never comes back, wherever it stands.
func TestRotateWithPreparedKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, dir)
	old := recipient(t, dir)
	fillSealed(t, db, 3)
	prepared, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "secret.key")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(prepared.String() + "\n" + string(file))
	if to, err := db.Rotate(t.Context(), "anna"); err != nil || to != prepared.Recipient().String() {
		t.Fatalf("rotated to %s: %v", to, err)
	}
	reseal(t, db)
	write(string(file) + prepared.String() + "\n")
	if to, err := db.Rotate(t.Context(), "anna"); err != nil || to == old || to == prepared.Recipient().String() {
		t.Errorf("rotated to %s: %v", to, err)
	}
	write(string(file))
	_, err = store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: keys(t, dir)})
	if err == nil || !strings.Contains(err.Error(), "with all its keys") {
		t.Errorf("opened without the keys: %v", err)
	}
}
