package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// lock is a reader-writer lock between goroutines, and between processes when it has a path. It is not reentrant, not even
// for reading.
type lock struct {
	path string
	mu   sync.RWMutex
}

// held is a lock that is held.
type held struct {
	file *os.File // nil without a path
	free func()
}

// release lets the lock go.
func (h *held) release() {
	if h.file != nil {
		_ = syscall.Flock(int(h.file.Fd()), syscall.LOCK_UN) // explicitly: a git(1) that lives on may share the file
		_ = h.file.Close()
	}
	h.free()
}

func (l *lock) shared(ctx context.Context) (*held, error) {
	l.mu.RLock()
	return l.flock(ctx, syscall.LOCK_SH, l.mu.RUnlock)
}

func (l *lock) exclusive(ctx context.Context) (*held, error) {
	l.mu.Lock()
	return l.flock(ctx, syscall.LOCK_EX, l.mu.Unlock)
}

func (l *lock) flock(ctx context.Context, how int, free func()) (*held, error) {
	if l.path == "" {
		return &held{free: free}, nil
	}
	file, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		free()
		return nil, fmt.Errorf("lock the mirror: %w", err)
	}
	h := &held{file: file, free: free}
	if err := waitFlock(ctx, file, how); err != nil {
		if ctx.Err() == nil {
			_ = file.Close()
		}
		free()
		return nil, fmt.Errorf("lock %s: %w", l.path, err)
	}
	return h, nil
}

// waitFlock waits in the kernel; when ctx ends first, the wait goes on behind our back and closes the file at its end.
func waitFlock(ctx context.Context, file *os.File, how int) error {
	fd := int(file.Fd())
	if err := flockRetry(fd, how|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return err
	}
	var err error
	done := make(chan struct{})
	go func() { err = flockRetry(fd, how); close(done) }()
	select {
	case <-done:
		return err
	case <-ctx.Done():
		go func() { <-done; _ = file.Close() }() // had or not: closing lets it go
		return ctx.Err()
	}
}

func flockRetry(fd, how int) error {
	for {
		if err := syscall.Flock(fd, how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
