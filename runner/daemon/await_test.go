package daemon

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store/pgtest"
	"github.com/driftlessops/driftless/workspaces"
)

// TestADaemonWaitsForItsDatabase starts one before its database: it says that it is there and not ready, and begins when it can.
func TestADaemonWaitsForItsDatabase(t *testing.T) {
	t.Parallel()
	wire := pgtest.NewProxy(t, pgtest.URL(t))
	wire.Refuse()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := taken.Addr().String()
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	opts := options(t.TempDir())
	opts.Config = &workspaces.Config{Database: wire.URL, HTTP: &workspaces.HTTP{Listen: address}}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		d, err := New(ctx, opts)
		if err == nil {
			err = errors.Join(d.Serve(ctx), d.Stop())
		}
		done <- err
	}()
	until := func(path, want string) {
		t.Helper()
		got := ""
		for begin := time.Now(); !strings.Contains(got, want); time.Sleep(10 * time.Millisecond) {
			if time.Since(begin) > 2*time.Minute {
				t.Fatalf("%s: %s", path, got)
			}
			if res, err := http.Get("http://" + address + path); err == nil {
				text, _ := io.ReadAll(res.Body)
				_ = res.Body.Close()
				got = res.Status + " " + string(text)
			}
		}
	}
	until("/healthz", "200 OK")
	until("/readyz", "503 Service Unavailable not ready: the database is not open yet")
	wire.Heal()
	until("/readyz", "200 OK ready")
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestADaemonDoesNotWaitInVain: a pass waits for a bounded time, and nobody for what does not mend itself.
func TestADaemonDoesNotWaitInVain(t *testing.T) {
	t.Parallel()
	base := pgtest.URL(t)
	wire := pgtest.NewProxy(t, base)
	wire.Refuse()
	pass := options(t.TempDir())
	pass.Config, pass.Patience = &workspaces.Config{Database: wire.URL}, time.Millisecond
	if _, err := New(t.Context(), pass); !errors.Is(err, runner.ErrUnavailable) {
		t.Errorf("a pass: %v", err)
	}
	noSuch, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	noSuch.Path = "/no-such-database"
	lost := options(t.TempDir())
	lost.Config = &workspaces.Config{Database: noSuch.String()}
	if _, err := New(t.Context(), lost); err == nil || errors.Is(err, runner.ErrUnavailable) || !strings.Contains(err.Error(), "no-such-database") {
		t.Errorf("a database that does not exist: %v", err)
	}
	waiting, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	pass.Patience = 0
	if _, err := New(waiting, pass); err == nil {
		t.Error("it is told to stop, and goes on without a database")
	}
}
