package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// tailInterval is how often a growing file is looked at.
const tailInterval = 50 * time.Millisecond

// tail passes on what a process writes into a file.
type tail struct {
	stop chan struct{}
	done chan error
}

// startTail begins to read a file into w.
func startTail(path string, w io.Writer) (*tail, error) {
	reader, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	t := &tail{stop: make(chan struct{}), done: make(chan error, 1)}
	go func() {
		t.done <- errors.Join(follow(reader, w, t.stop), reader.Close())
	}()
	return t, nil
}

// follow copies what is there and what comes, until stop is closed and all of it was read.
func follow(r io.Reader, w io.Writer, stop <-chan struct{}) error {
	for {
		ended := false
		select {
		case <-stop:
			ended = true
		case <-time.After(tailInterval):
		}
		if _, err := io.Copy(w, r); err != nil {
			return fmt.Errorf("read the engine's output: %w", err)
		}
		if ended {
			return nil
		}
	}
}

// Close reads the rest, after the process ended.
func (t *tail) Close() error {
	close(t.stop)
	return <-t.done
}
