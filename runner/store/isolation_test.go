package store

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store/pgtest"
)

func openPostgresTest(t *testing.T, dir, url string) *DB {
	t.Helper()
	keys, err := LoadKeys(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), Options{URL: url, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func appendOne(ctx context.Context, db *DB, also func(*tx) error) error {
	return db.Update(ctx, func(in runner.Tx) error {
		if also != nil {
			if err := also(in.(*tx)); err != nil {
				return err
			}
		}
		return in.Append(&runner.Event{Kind: "counted"})
	})
}

// TestUpdatesSeeWhatOthersWrote: also on a server whose transactions see nothing that was written after they began.
func TestUpdatesSeeWhatOthersWrote(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"repeatable%20read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			db := openPostgresTest(t, t.TempDir(), pgtest.URL(t)+"&default_transaction_isolation="+level)
			var group sync.WaitGroup
			for range 4 {
				group.Go(func() {
					for range 10 {
						if err := appendOne(t.Context(), db, seesAll); err != nil {
							t.Error(err)
						}
					}
				})
			}
			group.Wait()
		})
	}
}

// seesAll fails in a transaction that would not see what was written while it waited for its turn.
func seesAll(tx *tx) error {
	var level string
	if err := tx.bun.QueryRowContext(tx.ctx, "SHOW transaction_isolation").Scan(&level); err != nil {
		return err
	}
	if level != "read committed" {
		return errors.New("it is " + level)
	}
	return nil
}

// TestAServerThatOnlyReads is left for one that writes: nothing of that is a fault of whoever asked.
func TestAServerThatOnlyReads(t *testing.T) {
	t.Parallel()
	db := openPostgresTest(t, t.TempDir(), pgtest.URL(t))
	for range 2 {
		if _, err := db.writer.ExecContext(t.Context(), "SET default_transaction_read_only = on"); err != nil {
			t.Fatal(err)
		}
		if err := appendOne(t.Context(), db, nil); err != nil {
			t.Error(err)
		}
	}
	err := appendOne(t.Context(), db, func(tx *tx) error {
		_, err := tx.bun.ExecContext(tx.ctx, "SET TRANSACTION READ ONLY")
		return err
	})
	if !errors.Is(err, runner.ErrUnavailable) {
		t.Errorf("it only reads: %v", err)
	}
}

// TestADatabaseWithoutTime: what cannot be done in time is to be tried again later.
func TestADatabaseWithoutTime(t *testing.T) {
	t.Parallel()
	url, dir := pgtest.URL(t), t.TempDir()
	db := openPostgresTest(t, dir, url)
	hasty := openPostgresTest(t, dir, pgtest.With(pgtest.With(pgtest.With(url, "lock_timeout", "20"), "statement_timeout", "2000"), "idle_in_transaction_session_timeout", "60000"))
	err := appendOne(t.Context(), hasty, func(tx *tx) error {
		_, err := tx.bun.ExecContext(tx.ctx, "SELECT pg_sleep(60)")
		return err
	})
	if !errors.Is(err, runner.ErrUnavailable) || !strings.Contains(err.Error(), "longer than statement_timeout lets it") {
		t.Errorf("a statement that takes too long: %v", err)
	}
	hanging := openPostgresTest(t, dir, pgtest.With(url, "idle_in_transaction_session_timeout", "300"))
	err = appendOne(t.Context(), hanging, func(tx *tx) error {
		time.Sleep(500 * time.Millisecond)
		_, err := tx.Clock()
		return err
	})
	if !errors.Is(err, runner.ErrUnavailable) || !strings.Contains(err.Error(), "longer than idle_in_transaction_session_timeout lets it") {
		t.Errorf("a process that hangs: %v", err)
	}
	err = appendOne(t.Context(), db, func(tx *tx) error {
		var limit string
		if err := tx.bun.QueryRowContext(tx.ctx, "SHOW statement_timeout").Scan(&limit); err != nil || limit != "7s" {
			t.Errorf("with the turn to write a statement may take %q, %v: others wait for it", limit, err)
		}
		begin := time.Now()
		if err := appendOne(t.Context(), hasty, nil); !errors.Is(err, runner.ErrUnavailable) {
			t.Errorf("a turn that does not come within %s: %v", time.Since(begin), err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
