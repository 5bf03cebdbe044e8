package store

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// TestSilenceEnds: a server that says nothing is given up, unless whoever asks waits for less or ended the wait.
func TestSilenceEnds(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer func() { _ = theirs.Close() }()
	w := &wire{Conn: ours, silence: 50 * time.Millisecond}
	read := func(what string) {
		t.Helper()
		if _, err := w.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || !lost(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	read("after a silence")
	if _, err := w.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a write that nobody takes: %v", err)
	}
	w.silence = time.Hour
	if err := w.SetDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	read("after a wait was ended")
	if err := w.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = theirs.Write([]byte("x")) }()
	if _, err := w.Read(make([]byte, 1)); err != nil {
		t.Errorf("after the deadline was taken back: %v", err)
	}
}
