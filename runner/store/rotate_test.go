package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

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
		did, err := db.Reseal(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if batches++; did.Done == 0 {
			return batches
		}
	}
}

// TestRotate rotates the key while another process, which read the key file before, goes on, and goes on itself after a
// crash in the middle. Then the old key can be thrown away, and no digest has changed.
func TestRotate(t *testing.T) {
	t.Parallel()
	onBoth(t, rotate)
}

// onBoth runs a test on both databases, with a directory for the key file.
func onBoth(t *testing.T, test func(t *testing.T, dir string, options store.Options)) {
	t.Helper()
	for name, options := range map[string]func(t *testing.T, dir string) store.Options{
		"SQLite": func(_ *testing.T, dir string) store.Options {
			return store.Options{Path: filepath.Join(dir, "driftless.db")}
		},
		"PostgreSQL": func(t *testing.T, _ string) store.Options { return store.Options{URL: pgtest.URL(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			test(t, dir, options(t, dir))
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
	did, err := first.Rotate(t.Context(), "anna", "")
	to := did.Recipient
	if err != nil || to == old || recipient(t, dir) != to || did.Left != runs+1 {
		t.Fatalf("rotated from %s to %+v, the file has %s: %v", old, did, recipient(t, dir), err)
	}
	if did, err := first.Reseal(t.Context()); err != nil || did.Done == 0 || did.Done > runs/2 {
		t.Fatalf("%+v, %v: there is no middle to be killed in", did, err)
	}
	fillSealed(t, other, 3) // by a process with the old file in memory
	checkSealed(t, other, runs)

	second := open()
	if gone, err := second.Retire(t.Context(), "anna", ""); err == nil || !strings.Contains(err.Error(), "driftless keys rotate") {
		t.Errorf("retired %v in the middle: %v", gone, err)
	}
	if again, err := second.Rotate(t.Context(), "anna", ""); err != nil || again.Recipient != to || again.Left >= runs {
		t.Errorf("a rotation that was cut short becomes another one: %+v, %v", again, err)
	}
	reseal(t, second)
	gone, err := second.Retire(t.Context(), "anna", "")
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
	if third, err := second.Rotate(t.Context(), "anna", ""); err != nil || third.Recipient == to || third.Recipient == old {
		t.Errorf("the next rotation goes from %s to %+v: %v", to, third, err)
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
	if did, err := db.Rotate(t.Context(), "anna", ""); err != nil || did.Recipient != prepared.Recipient().String() {
		t.Fatalf("rotated to %+v: %v", did, err)
	}
	reseal(t, db)
	write(string(file) + prepared.String() + "\n")
	if did, err := db.Rotate(t.Context(), "anna", ""); err != nil || did.Recipient == old || did.Recipient == prepared.Recipient().String() {
		t.Errorf("rotated to %+v: %v", did, err)
	}
	write(string(file))
	_, err = store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: keys(t, dir)})
	if err == nil || !strings.Contains(err.Error(), "with all its keys") {
		t.Errorf("opened without the keys: %v", err)
	}
}

// damage changes what is in a database behind driftless's back.
func damage(t *testing.T, options store.Options, statements ...string) {
	t.Helper()
	if options.URL == "" {
		rawFile(t, options.Path, statements...)
		return
	}
	pgtest.Exec(t, options.URL, statements...)
}

// TestRotateAroundDamage rotates, retires and rotates again although some contents cannot be read: they are named, and stay.
func TestRotateAroundDamage(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, dir string, options store.Options) {
		const runs = 150
		options.Keys = keys(t, dir)
		db := openWith(t, options)
		fillSealed(t, db, runs)
		damage(t, options, "UPDATE blobs SET content = substr(content, 1, length(content) - 1) WHERE key IN ('runs/0/log', 'runs/1/log')",
			"UPDATE states SET content = substr(content, 2)")
		first := recipient(t, dir)
		rotated, err := db.Rotate(t.Context(), "anna", "")
		if err != nil {
			t.Fatal(err)
		}
		var damaged []string
		done := 0
		for {
			did, err := db.Reseal(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if damaged, done = append(damaged, did.Damaged...), done+did.Done; did.Done == 0 {
				break
			}
		}
		slices.Sort(damaged)
		if want := []string{"runs/0/log", "runs/1/log", "version 1 of the state of r//a"}; !slices.Equal(damaged, want) || done != runs+1 || done != rotated.Left {
			t.Errorf("of %d contents %d were looked at, and not readable are %q", rotated.Left, done, damaged)
		}
		all, err := db.Keys(t.Context())
		if i := slices.IndexFunc(all, func(k runner.Key) bool { return k.Damaged }); err != nil || i < 0 || all[i].Recipient != first || all[i].Artifacts != 2 || all[i].States != 1 {
			t.Errorf("%+v %v", all, err)
		}
		if gone, err := db.Retire(t.Context(), "anna", ""); err != nil || !slices.Equal(gone, []string{first}) {
			t.Errorf("retired %v: %v", gone, err)
		}
		err = db.View(t.Context(), func(tx runner.Tx) error {
			events, err := tx.Events(runner.EventFilter{Limit: 2})
			if events[1].Kind != "keys are retired" || events[0].Kind != "keys retired" {
				t.Errorf("the record of it: %+v", events)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		options.Keys = keys(t, dir)
		if again, err := openWith(t, options).Rotate(t.Context(), "anna", ""); err != nil || again.Recipient == rotated.Recipient || again.Left != runs-2 {
			t.Errorf("the next rotation: %+v %v", again, err)
		}
	})
}

// TestRotateWithoutItsKey rotates and retires while the key is missing from the file of what an earlier driftless encrypted, which did
// not say for whom: with the key back it is read, and encrypted anew.
func TestRotateWithoutItsKey(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, dir string, options store.Options) {
		const runs = 3
		options.Keys = keys(t, dir)
		db := openWith(t, options)
		fillSealed(t, db, runs)
		damage(t, options, "UPDATE blobs SET sealed_for = ''", "UPDATE states SET sealed_for = ''")
		path := filepath.Join(dir, "secret.key")
		lost, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		prepared, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		put(t, path, append([]byte(prepared.String()+"\n"), lost...))
		if _, err := db.Rotate(t.Context(), "anna", ""); err != nil { // nothing is encrypted anew yet
			t.Fatal(err)
		}
		put(t, path, []byte(prepared.String()+"\n"))
		options.Keys = keys(t, dir)
		db = openWith(t, options)
		for i := range 2 {
			rotated, err := db.Rotate(t.Context(), "anna", "")
			if err != nil {
				t.Fatal(err)
			}
			missing := rotated.Missing
			for did := (runner.Resealed{Done: 1}); did.Done > 0; missing += did.Missing {
				if did, err = db.Reseal(t.Context()); err != nil || len(did.Damaged) > 0 {
					t.Fatalf("%+v %v", did, err)
				}
			}
			if missing != runs+1 {
				t.Errorf("rotation %d: of %d the key is missing", i, missing)
			}
			all, err := db.Keys(t.Context())
			if n := slices.IndexFunc(all, func(k runner.Key) bool { return k.Unknown }); err != nil || n < 0 || all[n].Recipient != "" || all[n].Artifacts != runs || all[n].States != 1 {
				t.Errorf("%+v %v", all, err)
			}
		}
		if gone, err := db.Retire(t.Context(), "anna", ""); err != nil || len(gone) != 1 || gone[0] != prepared.Recipient().String() {
			t.Errorf("retired %v: %v", gone, err)
		}

		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		put(t, path, append(file, lost...))
		checkSealed(t, db, runs)
		_, err = db.Retire(t.Context(), "anna", "")
		if err == nil || !strings.Contains(err.Error(), "3 artifacts and 1 states are still encrypted") {
			t.Errorf("retired the key that is back: %v", err)
		}
		if _, err := db.Rotate(t.Context(), "anna", ""); err != nil {
			t.Fatal(err)
		}
		reseal(t, db)
		if gone, err := db.Retire(t.Context(), "anna", ""); err != nil || len(gone) != 2 {
			t.Errorf("retired %v: %v", gone, err)
		}
		checkSealed(t, db, runs)
	})
}

// TestRotateWithReplicas changes nothing before every other replica that is alive has the key.
func TestRotateWithReplicas(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, dir string, options store.Options) {
		options.Keys = keys(t, dir)
		db := openWith(t, options)
		old := recipient(t, dir)
		replica := func(id string, lives time.Duration, keys ...string) {
			t.Helper()
			err := db.Update(t.Context(), func(tx runner.Tx) error {
				at, err := tx.Clock()
				return errors.Join(err, tx.PutReplica(runner.Replica{ID: id, Host: "host of " + id, LeaseUntil: at.Add(lives), Keys: keys}))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		replica("me", time.Hour, old)
		replica("dead", -time.Hour, old)
		replica("other", time.Hour, old)
		refused := func(does string, err error) {
			t.Helper()
			if user := runner.UserError(""); !errors.As(err, &user) || !strings.Contains(err.Error(), "other on host of other, which") {
				t.Errorf("%s: %v", does, err)
			}
		}
		_, err := db.Rotate(t.Context(), "anna", "me")
		refused("rotated", err)
		made := recipient(t, dir)
		if all, err := db.Keys(t.Context()); err != nil || made == old || !slices.ContainsFunc(all, func(k runner.Key) bool { return k.Current && k.Recipient == old }) {
			t.Errorf("after a refusal: %+v %v", all, err)
		}
		replica("other", time.Hour, old, made)
		if did, err := db.Rotate(t.Context(), "anna", "me"); err != nil || did.Recipient != made {
			t.Errorf("rotated to %+v, not to %s that all have: %v", did, made, err)
		}
		reseal(t, db)
		replica("other", time.Hour, old)
		_, err = db.Retire(t.Context(), "anna", "me")
		refused("retired", err)
		if !slices.Contains(db.Recipients(), old) {
			t.Error("the earlier key is gone from the file")
		}
	})
}

// TestKeyFileStays rotates with a key file that is a link, of another owner.
func TestKeyFileStays(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "key")
	link := filepath.Join(dir, "secret.key")
	keys(t, dir)
	if err := errors.Join(os.Rename(link, elsewhere), os.Symlink(elsewhere, link)); err != nil {
		t.Fatal(err)
	}
	owner := os.Getuid()
	if owner == 0 {
		owner = 12345
		if err := os.Chown(elsewhere, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	did, err := open(t, dir).Rotate(t.Context(), "anna", "")
	if err != nil || recipient(t, dir) != did.Recipient {
		t.Fatalf("%+v %v", did, err)
	}
	at, err := os.Lstat(link)
	if err != nil || at.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", at, err)
	}
	info, err := os.Stat(elsewhere)
	if err != nil || info.Mode().Perm() != 0o600 || int(info.Sys().(*syscall.Stat_t).Uid) != owner {
		t.Errorf("the file is %+v, %v", info, err)
	}
}
