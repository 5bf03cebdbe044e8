package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// tailInterval is how often a growing file is looked at.
const tailInterval = 50 * time.Millisecond

// tail passes on what a process writes into a file. A pipe would end the engine when this process dies: its next word
// would find no reader. A file lets it finish what it does.
type tail struct {
	file *os.File // for the process to write to
	stop chan struct{}
	done chan error
}

// startTail makes the file and begins to read it into w.
func startTail(dir, name string, w io.Writer) (*tail, error) {
	path := filepath.Join(dir, name)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	reader, err := os.Open(path)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	t := &tail{file: file, stop: make(chan struct{}), done: make(chan error, 1)}
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
	return errors.Join(<-t.done, t.file.Close())
}
