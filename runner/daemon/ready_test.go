package daemon

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestReadiness follows a daemon from before its work to after it, and loses its database.
func TestReadiness(t *testing.T) {
	t.Parallel()
	d := listening(t, "127.0.0.1:0")
	address, stopListening, err := d.listen()
	if err != nil {
		t.Fatal(err)
	}
	defer stopListening()
	res, err := http.Get("http://" + address.String() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	if _ = res.Body.Close(); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("before it works: %s", res.Status)
	}
	unready := func(want ...string) {
		t.Helper()
		got := d.unready(t.Context())
		if !slices.EqualFunc(got, want, strings.Contains) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	unready("not taken up yet")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Runner.Run(ctx) }()
	for len(d.Runner.Unready(t.Context())) > 0 {
		select {
		case err := <-done:
			t.Fatal("it ended: ", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	d.damaged = func() bool { return true }
	unready("database is damaged")
	d.damaged = func() bool { return false }
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := d.Store.Close(); err != nil {
		t.Fatal(err)
	}
	unready("database does not answer", "stopping")
}
