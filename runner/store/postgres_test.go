package store_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/runner/store/pgtest"
)

// TestNoPassword looks for the password in what is said and logged of databases that cannot be opened.
func TestNoPassword(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ url, want string }{
		"another kind":     {"mysql://u:hush-hush@127.0.0.1/x", "must be a URL postgres://"},
		"a wrong port":     {"postgres://u:hush-hush@127.0.0.1:port/x", "cannot be read"},
		"a bare percent":   {"postgres://u:hush-hush%@127.0.0.1/x", "cannot be read"},
		"a colon":          {"postgres://u:x:hush-hush@[127.0.0.1/x", "cannot be read"},
		"a wrong option":   {"postgres://u:hush-hush@127.0.0.1/x?sslmode=maybe", "cannot be read"},
		"in its options":   {"postgres://127.0.0.1:1/x?user=u&password=hush-hush&sslmode=disable", "postgres://u@127.0.0.1:1/x cannot be reached"},
		"nobody there":     {"postgres://u:hush-hush@127.0.0.1:1/x", "postgres://u@127.0.0.1:1/x cannot be reached"},
		"no such machine":  {"postgres://u:hush-hush@db.invalid/x", "cannot be reached"},
		"no such socket":   {"postgres://u:hush-hush@/x?host=/nonexistent", "postgres://u@/nonexistent/x cannot be reached"},
		"several machines": {"postgres://u:hush-hush@127.0.0.1:1,127.0.0.1:2/x", "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var logged bytes.Buffer
			_, err := store.Open(t.Context(), store.Options{URL: test.url, Keys: keys(t, t.TempDir()), Logger: slog.New(slog.NewTextHandler(&logged, nil))})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if unavailable := strings.Contains(test.want, "cannot be reached"); errors.Is(err, runner.ErrUnavailable) != unavailable {
				t.Errorf("unavailable is not %v: %v", unavailable, err)
			}
			if err != nil && strings.Contains(err.Error()+logged.String(), "hush") {
				t.Errorf("the password stands in %v, or in %s", err, &logged)
			}
		})
	}
}

// TestPasswordIsAskedFor asks for the password at each connection: it may be another one then.
func TestPasswordIsAskedFor(t *testing.T) {
	t.Parallel()
	gone := errors.New("the vault is sealed")
	_, err := store.Open(t.Context(), store.Options{
		URL: pgtest.URL(t), Keys: keys(t, t.TempDir()), Password: func(context.Context) (string, error) { return "", gone },
	})
	if !errors.Is(err, gone) || !strings.Contains(err.Error(), "database_password") {
		t.Errorf("got %v", err)
	}
}

// TestOnlyLooking: who only looks makes no schema, which would spoil a dump that is put back afterwards; and one that was put back
// over the tables of another is no restore.
func TestOnlyLooking(t *testing.T) {
	t.Parallel()
	url, dir := pgtest.URL(t), t.TempDir()
	look := store.Options{URL: url, Keys: keys(t, dir), Existing: true}
	for range 2 {
		if _, err := store.Open(t.Context(), look); err == nil || !strings.Contains(err.Error(), "nothing of driftless in it yet") {
			t.Fatalf("an empty database: %v", err)
		}
	}
	if _, err := store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "none.db"), Keys: keys(t, dir), Existing: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	made := openURL(t, dir, url)
	db := openWith(t, look)
	if err := db.Restored(t.Context(), "anna"); err != nil {
		t.Errorf("nothing is on record yet: %v", err)
	}
	for name, test := range map[string]struct {
		holds func(tx runner.Tx) error
		whole bool
	}{
		"events of the dump": {func(tx runner.Tx) error { return tx.Append(&runner.Event{Kind: "before", At: noon}) }, false},
		"its runs, and an event of a serve that was there": {func(tx runner.Tx) error {
			return errors.Join(tx.Append(&runner.Event{Kind: "now"}), tx.InsertRun(&runner.Run{Workspace: "r//a", Purpose: runner.PurposePlan, Status: runner.Queued, CreatedAt: noon}))
		}, false},
		"a record of today on a server with another time zone": {func(tx runner.Tx) error {
			return tx.Append(&runner.Event{Kind: "before", At: time.Now().Add(-13 * time.Hour)})
		}, true},
	} {
		over := openURL(t, t.TempDir(), pgtest.URL(t))
		if err := over.Update(t.Context(), test.holds); err != nil {
			t.Fatal(err)
		}
		err := over.Restored(t.Context(), "anna")
		if refused := err != nil && strings.Contains(err.Error(), "a part of it is missing"); refused == test.whole || test.whole && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := made.Update(t.Context(), func(tx runner.Tx) error { return tx.Append(&runner.Event{Kind: "later"}) }); err != nil {
		t.Error(err)
	}
}

// TestKeyOfAnotherDirectory opens a database from a second data directory: with no key, with another one, and with the right one.
func TestKeyOfAnotherDirectory(t *testing.T) {
	t.Parallel()
	url, first, second := pgtest.URL(t), t.TempDir(), t.TempDir()
	db := openURL(t, first, url)
	if err := db.Update(t.Context(), func(tx runner.Tx) error { return tx.PutBlob("a", []byte("b")) }); err != nil {
		t.Fatal(err)
	}
	for range 2 { // what was made for nothing does not stay
		_, err := store.Open(t.Context(), store.Options{URL: url, Keys: keys(t, second)})
		if err == nil || !strings.Contains(err.Error(), "copy that of another driftless") {
			t.Fatalf("with a new key: %v", err)
		}
		if left, err := filepath.Glob(filepath.Join(second, "*")); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	keys(t, second)
	other := keys(t, second)
	if _, err := store.Open(t.Context(), store.Options{URL: url, Keys: other}); err == nil {
		t.Error("it opened with another key")
	}
	if left, err := filepath.Glob(filepath.Join(second, "*")); err != nil || len(left) != 1 {
		t.Errorf("a key that was there is gone: %v, %v", left, err)
	}
	err := openURL(t, first, url).View(t.Context(), func(tx runner.Tx) error {
		_, err := tx.Blob("a")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
