package store

import (
	"errors"
	"io"
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

// TestWhatIsTakenSlowlyIsNoSilence: neither for who writes nor for who waits for the answer meanwhile.
func TestWhatIsTakenSlowlyIsNoSilence(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer func() { _ = theirs.Close() }()
	w := &wire{Conn: ours, silence: 2 * time.Second}
	answer := make(chan error, 1)
	go func() {
		_, err := w.Read(make([]byte, 1))
		answer <- err
	}()
	go func() {
		for taken := make([]byte, part); ; time.Sleep(w.silence / 5) {
			if _, err := io.ReadFull(theirs, taken); err != nil {
				break
			}
		}
	}()
	if n, err := w.Write(make([]byte, 10*part)); n != 10*part || err != nil {
		t.Errorf("%d bytes: %v", n, err)
	}
	go func() { _, _ = theirs.Write([]byte("x")) }()
	if err := <-answer; err != nil {
		t.Errorf("the answer: %v", err)
	}
}
