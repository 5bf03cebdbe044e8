package engine

import (
	"context"
	"fmt"
	"os"
	"syscall"
)

// lockFile takes the lock at path, among goroutines and processes, and waits for it no longer than ctx.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	release := func() { _ = f.Close() }
	var failed error
	done := make(chan struct{})
	go func() {
		failed = flock(int(f.Fd()))
		close(done)
	}()
	select {
	case <-done:
		if failed != nil {
			release()
			return nil, fmt.Errorf("lock %s: %w", path, failed)
		}
		return release, nil
	case <-ctx.Done():
		go func() { // the wait for a lock cannot be broken off; one that comes too late is dropped
			<-done
			release()
		}()
		return nil, fmt.Errorf("lock %s: %w", path, ctx.Err())
	}
}

func flock(fd int) error {
	for {
		if err := syscall.Flock(fd, syscall.LOCK_EX); err != syscall.EINTR {
			return err
		}
	}
}
