package daemon

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner/server"
	"github.com/driftlessops/driftless/workspaces"
)

func options(dir string) Options {
	return Options{Config: &workspaces.Config{}, DataDir: dir, Logger: slog.New(slog.DiscardHandler)}
}

func TestOneDaemonPerDataDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := New(t.Context(), options(dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), options(dir)); !errors.Is(err, ErrBusy) {
		t.Errorf("a second daemon: %v", err)
	}
	time.AfterFunc(100*time.Millisecond, func() { // as one that was killed lets go of it a little later
		if err := first.Stop(); err != nil {
			t.Error(err)
		}
	})
	again, err := New(t.Context(), options(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Stop(); err != nil {
		t.Fatal(err)
	}
}

// TestTheDataDirectoryIsALink: what works there is told by where the kernel says that it works.
func TestTheDataDirectoryIsALink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "real"), 0o700), os.Symlink("real", link)); err != nil {
		t.Fatal(err)
	}
	want, err := filepath.EvalSymlinks(filepath.Join(dir, "real"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(t.Context(), options(link))
	if err != nil {
		t.Fatal(err)
	}
	place, err := Place{DataDir: link}.Resolved()
	if got := d.Commander().DataDir; got != want || place.DataDir != want || err != nil {
		t.Errorf("%s and %s, not %s: %v", got, place.DataDir, want, err)
	}
	if err := d.Stop(); err != nil {
		t.Error(err)
	}
}

func TestSocketAnswersItsOwnerAlsoAtALongPath(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{
		"short": t.TempDir(), "long": filepath.Join(t.TempDir(), strings.Repeat("long/", 30)),
	} {
		t.Run(name, func(t *testing.T) {
			d, err := New(t.Context(), options(dir))
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := Connect(dir); ok {
				t.Error("connected before it serves")
			}
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- d.Serve(ctx) }()
			client := connect(t, dir, done)
			info, err := os.Stat(SocketPath(dir))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("socket: %v %v", info, err)
			}
			var repos []server.RepositoryView
			if err := client.Get(ctx, "/v1/repositories", nil, &repos); err != nil || len(repos) != 0 {
				t.Errorf("%v %v", repos, err)
			}
			_, err = client.Post(ctx, "/v1/runs/1/approve", nil)
			if err == nil || !strings.Contains(err.Error(), "there is no run 1") {
				t.Errorf("approve: %v", err)
			}
			stop()
			if err := errors.Join(<-done, d.Stop()); err != nil {
				t.Error(err)
			}
			if _, ok := Connect(dir); ok {
				t.Error("connected after it stopped")
			}
		})
	}
}

// connect waits until the daemon listens.
func connect(t *testing.T, dir string, done <-chan error) *server.Client {
	for {
		if client, ok := Connect(dir); ok {
			return client
		}
		select {
		case err := <-done:
			t.Fatal("it stopped: ", err)
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		default:
		}
	}
}
