package store_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/runner/store/pgtest"
)

// through opens a new database by way of a proxy.
func through(t *testing.T) (*store.DB, *pgtest.Proxy) {
	t.Helper()
	proxy := pgtest.NewProxy(t, pgtest.URL(t))
	return openURL(t, t.TempDir(), proxy.URL), proxy
}

// count appends an event and returns how often the function ran.
func count(t *testing.T, db *store.DB, between func()) (calls int, err error) {
	t.Helper()
	err = db.Update(t.Context(), func(tx runner.Tx) error {
		calls++
		if err := tx.Append(&runner.Event{Kind: "counted"}); err != nil {
			return err
		}
		if between != nil {
			between()
		}
		return nil
	})
	return calls, err
}

func counted(t *testing.T, db *store.DB, want int) {
	t.Helper()
	err := db.View(t.Context(), func(tx runner.Tx) error {
		all, err := tx.Events(runner.EventFilter{Kind: "counted"})
		if err == nil && len(all) != want {
			t.Errorf("%d events were kept, not %d", len(all), want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLostCommit loses the connection while a transaction is committed: it is kept once, whether the server had it or not.
func TestLostCommit(t *testing.T) {
	t.Parallel()
	db, proxy := through(t)
	for i, test := range []struct {
		name   string
		before bool
		calls  int
	}{{"the server never had it", true, 2}, {"its answer was lost", false, 1}} {
		proxy.Lose("commit\x00", test.before)
		calls, err := count(t, db, nil)
		if err != nil || calls != test.calls || proxy.Lost() != i+1 {
			t.Errorf("%s: %d calls, %v, %d connections lost", test.name, calls, err, proxy.Lost())
		}
		counted(t, db, i+1)
	}
}

// TestLostAnswerOfAGivenUpUpdate: who does not wait any more is told the truth all the same.
func TestLostAnswerOfAGivenUpUpdate(t *testing.T) {
	t.Parallel()
	db, _ := through(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Update(ctx, func(tx runner.Tx) error {
		defer cancel()
		return tx.Append(&runner.Event{Kind: "counted"})
	})
	switch {
	case err == nil:
		counted(t, db, 1)
	case errors.Is(err, context.Canceled):
		counted(t, db, 0)
	default:
		t.Error(err)
	}
}

// TestLostConnection loses the connection in the middle of a transaction.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	db, proxy := through(t)
	proxy.Lose("INSERT INTO", true)
	if calls, err := count(t, db, nil); err != nil || calls != 2 {
		t.Errorf("%d calls, %v", calls, err)
	}
	counted(t, db, 1)
	proxy.Lose("FROM", true)
	counted(t, db, 1)
	if proxy.Lost() != 2 {
		t.Errorf("%d connections were lost", proxy.Lost())
	}
}

// TestServerAway takes the server away and gives it back.
func TestServerAway(t *testing.T) {
	t.Parallel()
	db, proxy := through(t)
	if _, err := count(t, db, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		proxy.Refuse()
		_, err := count(t, db, nil)
		if !errors.Is(err, runner.ErrUnavailable) || !strings.Contains(err.Error(), "cannot be reached") {
			t.Errorf("an update while it is away: %v", err)
		}
		if err := db.View(t.Context(), func(runner.Tx) error { return nil }); !errors.Is(err, runner.ErrUnavailable) {
			t.Errorf("a view while it is away: %v", err)
		}
		proxy.Heal()
		counted(t, db, 1)
	}
	if calls, err := count(t, db, nil); err != nil || calls != 1 {
		t.Errorf("after it is back: %d calls, %v", calls, err)
	}
	counted(t, db, 2)
}

// TestPartition has one wait for a server that says nothing only for as long as it wants to, and goes on when it is back.
func TestPartition(t *testing.T) {
	t.Parallel()
	db, proxy := through(t)
	proxy.Swallow()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := db.Update(ctx, func(tx runner.Tx) error { return tx.Append(&runner.Event{Kind: "counted"}) })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	proxy.Heal()
	if calls, err := count(t, db, nil); err != nil || calls != 1 {
		t.Errorf("after it is back: %d calls, %v", calls, err)
	}
	counted(t, db, 1)
}

// TestHangingProcess stops in the middle of a transaction that writes: others go on, and nothing of it is kept until it has
// been run again.
func TestHangingProcess(t *testing.T) {
	t.Parallel()
	url, dir := pgtest.URL(t), t.TempDir()
	other := openURL(t, dir, url)
	hanging := openURL(t, dir, pgtest.With(url, "idle_in_transaction_session_timeout", "200"))
	passed := false
	calls, err := count(t, hanging, func() {
		if !passed {
			if _, err := count(t, other, nil); err != nil { // waits until the server has enough
				t.Error(err)
			}
			passed = true
		}
	})
	if err != nil || calls != 2 {
		t.Errorf("%d calls, %v", calls, err)
	}
	counted(t, other, 2)
}

// TestEndedSessions has the server end all sessions, as when it is started anew.
func TestEndedSessions(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	db := openURL(t, t.TempDir(), pgtest.With(url, "application_name", "ended"))
	ended := false
	calls, err := count(t, db, func() {
		if !ended {
			pgtest.Exec(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ended'")
			ended = true
		}
	})
	if err != nil || calls != 2 {
		t.Errorf("%d calls, %v", calls, err)
	}
	counted(t, db, 1)
}

// TestWhatIsLargeGetsThrough: a plan or a state may take longer to come and go than any other statement may take.
func TestWhatIsLargeGetsThrough(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.URL(t))
	db := openURL(t, t.TempDir(), pgtest.With(pgtest.With(proxy.URL, "statement_timeout", "1500"), "idle_in_transaction_session_timeout", "1500"))
	content := make([]byte, 5<<18)
	_, _ = rand.Read(content) // nothing makes it smaller
	proxy.Slow(1 << 20)
	state := fmt.Appendf(nil, "{%q: %q}", "x", base64.StdEncoding.EncodeToString(content))
	err := db.Update(t.Context(), func(tx runner.Tx) error {
		return errors.Join(tx.PutBlob("runs/1/plan.json", content), tx.PutState(&runner.StateVersion{Workspace: "r//a"}, state))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), func(tx runner.Tx) error {
		blob, err := tx.Blob("runs/1/plan.json")
		_, kept, failed := tx.State("r//a", 0)
		if !bytes.Equal(blob, content) || !bytes.Equal(kept, state) {
			t.Error("it came back as something else")
		}
		return errors.Join(err, failed)
	})
	if err != nil {
		t.Fatal(err)
	}
}
